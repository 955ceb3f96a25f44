import type { Clock } from "./clock.ts";

/** How many pieces of work may wait for the event loop to come round; far more than a turn of it produces. */
const MAX_WAITING = 10_000;

/**
 * Puts work off to after the application's own, in order. The recorder copies what it needs at once and leaves
 * normalising, redacting and measuring to here.
 */
export class Intake {
  readonly #clock: Clock;
  readonly #onLost: (error: unknown) => void;
  #waiting: (() => void)[] = [];

  /** @param onLost is told of each piece of work that threw or found no room. */
  constructor(clock: Clock, onLost: (error: unknown) => void) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  accept(work: () => void): void {
    if (this.#waiting.length >= MAX_WAITING) return this.#onLost(new Error("too much at once"));
    this.#waiting.push(work);
    if (this.#waiting.length === 1) this.#clock.defer(() => this.#doOnce());
  }

  /** Does now what was put off, and what that puts off in turn. */
  drain(): void {
    while (this.#waiting.length > 0) this.#doOnce();
  }

  #doOnce(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) {
      try {
        work();
      } catch (error) {
        this.#onLost(error);
      }
    }
  }
}
