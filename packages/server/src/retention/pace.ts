import type { Clock } from "../clock.ts";

/** How a drain shares the database with the foreground. */
export interface Pace {
  /** The most records that one batch deletes, 1 to 1000. */
  readonly batchSize: number;
  /** The share of the time in which a drain works, in percent; the rest it pauses. */
  readonly dutyPercent: number;
  /** How long one policy may drain in one tick, in milliseconds. */
  readonly budgetMs: number;
}

/** Pauses after a batch, in proportion to what the batch took, so that a slow database is given more rest. */
export async function pauseAfterBatch(pace: Pace, clock: Clock, batchMs: number, signal: AbortSignal): Promise<void> {
  const pauseMs = (batchMs * (100 - pace.dutyPercent)) / pace.dutyPercent;
  if (pauseMs > 0) await clock.sleep(pauseMs, signal);
}
