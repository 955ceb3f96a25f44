import type { Clock } from "../clock.ts";

/** How much the newest request weighs in the average. */
const WEIGHT = 0.1;

/** An average of requests longer ago than this says nothing about now, in milliseconds. */
const FORGOTTEN_AFTER_MS = 10_000;

/** How long this server's requests take at the moment, so that background work can stand back while they are slow. */
export class ForegroundLoad {
  readonly #clock: Clock;
  readonly #slowMs: number;
  #averageMs = 0;
  #observedAt = -Infinity;

  constructor(clock: Clock, slowMs: number) {
    this.#clock = clock;
    this.#slowMs = slowMs;
  }

  /** Takes the duration of a request that has just been answered, in milliseconds. */
  observe(ms: number): void {
    const stale = this.#clock.monotonic() - this.#observedAt > FORGOTTEN_AFTER_MS;
    this.#averageMs = stale ? ms : this.#averageMs + WEIGHT * (ms - this.#averageMs);
    this.#observedAt = this.#clock.monotonic();
  }

  isSlow(): boolean {
    return this.#averageMs > this.#slowMs && this.#clock.monotonic() - this.#observedAt <= FORGOTTEN_AFTER_MS;
  }
}
