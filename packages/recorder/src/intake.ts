import type { Clock } from "./clock.ts";

/** How many pieces of work may wait for the event loop to come round; far more than a turn of it produces. */
const MAX_WAITING = 10_000;

/** How long the event loop is held at once, in milliseconds, or for as long as one piece of work takes. */
const TURN_MS = 1;

/** The part of what waits that each turn does at the least, however long that takes. */
const LEAST_PART = 0.01;

/**
 * Puts work off to after the application's own, in order. The recorder copies what it needs at once and leaves
 * normalising, redacting and measuring to here.
 */
export class Intake {
  readonly #clock: Clock;
  readonly #onLost: (error: unknown) => void;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;

  /** @param onLost is told of each piece of work that threw or found no room. */
  constructor(clock: Clock, onLost: (error: unknown) => void) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  accept(work: () => void): void {
    if (this.#waiting.length >= MAX_WAITING) return this.#onLost(new Error("too much at once"));
    this.#waiting.push(work);
    this.#schedule();
  }

  /** Does now what was put off, and what that puts off in turn. */
  drain(): void {
    while (this.#waiting.length > 0) this.#doNext();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#clock.defer(() => {
      this.#scheduled = false;
      this.#doSome();
      this.#schedule();
    });
  }

  /**
   * Many model calls may come to an end in one turn of the event loop. What the recorder makes of them is spread over the
   * turns that follow, so that the application's own work comes in between; but in time, since what waits here is bounded
   * by no number of bytes.
   */
  #doSome(): void {
    const { length } = this.#waiting;
    const least = Math.ceil(length * LEAST_PART);
    const until = this.#clock.monotonic() + TURN_MS;
    for (let done = 0; done < length && (done < least || this.#clock.monotonic() < until); done += 1) this.#doNext();
  }

  #doNext(): void {
    const work = this.#waiting.shift();
    try {
      work?.();
    } catch (error) {
      this.#onLost(error);
    }
  }
}
