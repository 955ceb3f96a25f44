import { STALE_AFTER_MS } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { LedgerPageStore } from "../store/ledger-page.ts";
import type { StaleRunsStore } from "../store/stale-runs.ts";

/** From the end of one pass to the start of the next. */
export const FINALISER_INTERVAL_MS = 60_000;

/** Rows that one transaction closes at the most. */
const BATCH = 200;

/**
 * No window is shorter than a day, so that a purge deletes nothing that is younger than this, whichever replica's clock it
 * goes by. What is older waits until no purge is running: a purge passes over rows that somebody has locked.
 */
const OUT_OF_REACH_MS = 23 * 60 * 60_000;

export interface FinaliserDependencies {
  readonly store: StaleRunsStore & Pick<LedgerPageStore, "isPurgeRunning">;
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
  /** Lets no further batch start, and waits for the one that is under way. */
  stop(): Promise<void>;
}

/**
 * Ends, once, what nobody has touched for five minutes: runs and steps as interrupted, and then their chats. Where a purge
 * is running, or `old` is false, only what a purge has no interest in.
 */
export async function finaliseStale(
  { store, clock }: FinaliserDependencies,
  { signal, old }: { signal: AbortSignal; old: boolean },
): Promise<Finalised> {
  const now = clock.now().getTime();
  const touchedBefore = new Date(now - STALE_AFTER_MS);
  const ended = { runs: 0, steps: 0, chats: 0 };
  const close = async (touchedSince: Date, mayGoOn: () => Promise<boolean>): Promise<void> => {
    const request = { touchedBefore, touchedSince, limit: BATCH, signal };
    await repeat(mayGoOn, async () => {
      const { runs, steps } = await store.closeStaleRuns(request);
      ended.runs += runs;
      ended.steps += steps;
      return runs;
    });
    await repeat(mayGoOn, async () => {
      const steps = await store.closeStaleSteps(request);
      ended.steps += steps;
      return steps;
    });
  };
  const isRunning = async (): Promise<boolean> => !signal.aborted;
  await close(new Date(now - OUT_OF_REACH_MS), isRunning);
  if (old) await close(new Date(0), async () => !signal.aborted && !(await store.isPurgeRunning()));
  await repeat(isRunning, async () => {
    const chats = await store.endDeadChats({ touchedBefore, limit: BATCH, signal });
    ended.chats += chats;
    return chats;
  });
  return ended;
}

/**
 * Runs a pass now, and then one a minute after each has ended, whichever of them fails. The first leaves to the others
 * what the purge of the same start may be after.
 */
export function startStaleFinaliser(dependencies: FinaliserDependencies): StaleFinaliser {
  const { clock, log } = dependencies;
  const stopping = new AbortController();
  const pass = async ({ old }: { old: boolean }): Promise<void> => {
    try {
      const ended = await finaliseStale(dependencies, { signal: stopping.signal, old });
      if (ended.runs + ended.steps + ended.chats > 0) log.info(ended, "what was left unfinished has been closed");
    } catch (error) {
      if (!stopping.signal.aborted) {
        log.error({ code: codeOf(error), err: error }, "what was left unfinished could not be closed");
      }
    }
  };
  const loop = async (): Promise<void> => {
    await pass({ old: false });
    for (;;) {
      await clock.sleep(FINALISER_INTERVAL_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await pass({ old: true });
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Repeats a batch until one comes back short. */
async function repeat(mayGoOn: () => Promise<boolean>, batch: () => Promise<number>): Promise<void> {
  while ((await mayGoOn()) && (await batch()) >= BATCH);
}
