import { STALE_AFTER_MS } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { StaleRunsStore } from "../store/stale-runs.ts";

/** From the end of one pass to the start of the next. */
export const FINALISER_INTERVAL_MS = 60_000;

/** Rows that one transaction closes at the most. */
const BATCH = 200;

export interface FinaliserDependencies {
  readonly store: StaleRunsStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one pass has ended. */
export interface Finalised {
  readonly runs: number;
  readonly steps: number;
  readonly chats: number;
}

export interface StaleFinaliser {
  /** Resolves when the first pass has ended, however it ended. */
  readonly firstPass: Promise<void>;
  /** Lets no further batch start, and waits for the one that is under way. */
  stop(): Promise<void>;
}

/** Ends, once, what nobody has touched for five minutes: runs and steps as interrupted, and then their chats. */
export async function finaliseStale({ store, clock }: FinaliserDependencies, signal: AbortSignal): Promise<Finalised> {
  const touchedBefore = new Date(clock.now().getTime() - STALE_AFTER_MS);
  const request = { touchedBefore, limit: BATCH, signal };
  const ended = { runs: 0, steps: 0, chats: 0 };
  await repeat(signal, async () => {
    const { runs, steps } = await store.closeStaleRuns(request);
    ended.runs += runs;
    ended.steps += steps;
    return runs;
  });
  await repeat(signal, async () => {
    const steps = await store.closeStaleSteps(request);
    ended.steps += steps;
    return steps;
  });
  await repeat(signal, async () => {
    const chats = await store.endDeadChats(request);
    ended.chats += chats;
    return chats;
  });
  return ended;
}

/** Runs a pass now, and then one a minute after each has ended, whichever of them fails. */
export function startStaleFinaliser(dependencies: FinaliserDependencies): StaleFinaliser {
  const { clock, log } = dependencies;
  const stopping = new AbortController();
  const pass = async (): Promise<void> => {
    try {
      const ended = await finaliseStale(dependencies, stopping.signal);
      if (ended.runs + ended.steps + ended.chats > 0) log.info(ended, "what was left unfinished has been closed");
    } catch (error) {
      if (!stopping.signal.aborted) {
        log.error({ code: codeOf(error), err: error }, "what was left unfinished could not be closed");
      }
    }
  };
  const firstPass = pass();
  const loop = async (): Promise<void> => {
    await firstPass;
    for (;;) {
      await clock.sleep(FINALISER_INTERVAL_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await pass();
    }
  };
  const ended = loop();
  return {
    firstPass,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Repeats a batch until one comes back short. */
async function repeat(signal: AbortSignal, batch: () => Promise<number>): Promise<void> {
  while (!signal.aborted && (await batch()) >= BATCH);
}
