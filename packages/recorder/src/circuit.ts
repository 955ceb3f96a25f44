import { backoffDelay } from "./backoff.ts";
import type { Clock } from "./clock.ts";

/** After this many failures in a row the server is taken to be away. */
export const FAILURES_UNTIL_OPEN = 5;

/**
 * Whether the server is worth a request. Closed, it is. Open, it has failed several times in a row: nothing is sent until
 * a wait is over. Half open, that wait is over: one request finds out whether the server is back.
 */
export type CircuitState = "closed" | "open" | "half-open";

/** Remembers how the last requests went, whatever they carried, so that a server that is away is left alone. */
export class Circuit {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #nextTryAt = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get state(): CircuitState {
    if (this.#failures < FAILURES_UNTIL_OPEN) return "closed";
    return this.waitMs > 0 ? "open" : "half-open";
  }

  /** How long no request is to be made, in milliseconds; after a single failure there is a wait as well. */
  get waitMs(): number {
    return Math.max(0, this.#nextTryAt - this.#clock.now());
  }

  succeeded(): void {
    this.#failures = 0;
    this.#nextTryAt = 0;
  }

  /** @param retryAfterMs how long the server itself asked to be left alone */
  failed(retryAfterMs?: number): void {
    this.#failures += 1;
    this.#nextTryAt = this.#clock.now() + backoffDelay(this.#failures, this.#random(), retryAfterMs);
  }
}
