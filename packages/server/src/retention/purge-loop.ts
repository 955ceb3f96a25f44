import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { TickReport } from "./purge-tick.ts";

/** From the end of one tick to the start of the next. */
export const PURGE_INTERVAL_MS = 10 * 60_000;

export interface PurgeLoop {
  /** When the next tick begins; null while one is running. */
  nextTickAt(): Date | null;
  /** Lets the next tick begin now, without waiting for its time. False where one is running already. */
  runNow(): boolean;
  /** Cancels the statement that is running, lets no further batch start, and waits for the tick to end. */
  stop(): Promise<void>;
}

/**
 * Runs a tick now, and then one ten minutes after each has ended. A tick whose time budget ended it is followed by the
 * next at once, so that a backlog drains as fast as its pace allows. Ticks never overlap.
 */
export function startPurgeLoop(input: {
  runTick: (signal: AbortSignal) => Promise<TickReport>;
  clock: Clock;
  log: Log;
}): PurgeLoop {
  const { runTick, clock, log } = input;
  const stopping = new AbortController();
  let nextTickAt: Date | null = null;
  let waking = new AbortController();

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      nextTickAt = null;
      const report = await runTick(stopping.signal);
      if (stopping.signal.aborted) return;
      logTick(log, report);
      const pauseMs = report.policies.some((policy) => policy.budgetEnded) ? 0 : PURGE_INTERVAL_MS;
      if (pauseMs === 0) continue;
      waking = new AbortController();
      nextTickAt = new Date(clock.now().getTime() + pauseMs);
      await clock.sleep(pauseMs, AbortSignal.any([stopping.signal, waking.signal]));
    }
  };
  const ended = loop().catch((error: unknown) => {
    log.fatal({ err: error }, "the purge loop has ended; restart the server");
  });

  return {
    nextTickAt: () => nextTickAt,
    runNow() {
      if (nextTickAt === null || stopping.signal.aborted) return false;
      nextTickAt = null;
      waking.abort();
      return true;
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

function logTick(log: Log, report: TickReport): void {
  if (report.outcome === "skipped") return;
  const policies = Object.fromEntries(report.policies.map(({ policy, deleted, left }) => [policy, { deleted, left }]));
  const record = { outcome: report.outcome, policies, ...(report.error === undefined ? {} : { error: report.error }) };
  if (report.outcome === "failure") log.error(record, "purge iteration failed");
  else log.info(record, "purge iteration done");
}
