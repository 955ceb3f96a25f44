import type { Clock } from "../clock.ts";

/** How a drain shares the database with the foreground. */
export interface Pace {
  /** The most records that one batch deletes, 1 to 1000. */
  readonly batchSize: number;
  /** How long one batch should take, in milliseconds: batches are sized by what they cost. */
  readonly batchTargetMs: number;
  /** The share of the time in which a drain works, in percent; the rest it pauses. */
  readonly dutyPercent: number;
  /** How long one policy may drain in one tick, in milliseconds. */
  readonly budgetMs: number;
  /** Whether requests are answered slowly at the moment; the drain then pauses four times as long. */
  readonly isForegroundSlow: () => boolean;
}

/** By how much longer a drain pauses while the foreground is slow. */
const SLOW_FOREGROUND_FACTOR = 4;

/** Sizes the batches of one drain and the pauses between them. */
export class BatchPacer {
  limit: number;
  readonly #pace: Pace;
  readonly #clock: Clock;
  readonly #started: number;
  #lastMs = 0;

  constructor(pace: Pace, clock: Clock) {
    this.limit = pace.batchSize;
    this.#pace = pace;
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  get budgetEnded(): boolean {
    return this.#clock.monotonic() - this.#started >= this.#pace.budgetMs;
  }

  /** Runs a batch and remembers what it took. */
  async time<T>(batch: () => Promise<T>): Promise<T> {
    const started = this.#clock.monotonic();
    try {
      return await batch();
    } finally {
      this.#lastMs = this.#clock.monotonic() - started;
    }
  }

  /** After a batch that failed: the next one is half as large. */
  halve(): void {
    this.limit = Math.max(1, Math.floor(this.limit / 2));
  }

  /** After a batch that succeeded: the next one is as large as its target time allows, at most twice this one. */
  grow(): void {
    const affordable =
      this.#lastMs === 0 ? Infinity : Math.floor((this.limit * this.#pace.batchTargetMs) / this.#lastMs);
    this.limit = Math.max(1, Math.min(this.limit * 2, affordable, this.#pace.batchSize));
  }

  /** Pauses in proportion to what the batch took, so that a slow database is given more rest. */
  async pause(signal: AbortSignal): Promise<void> {
    const { dutyPercent, isForegroundSlow } = this.#pace;
    const share = (this.#lastMs * (100 - dutyPercent)) / dutyPercent;
    const pauseMs = isForegroundSlow() ? share * SLOW_FOREGROUND_FACTOR : share;
    if (pauseMs > 0) await this.#clock.sleep(pauseMs, signal);
  }
}
