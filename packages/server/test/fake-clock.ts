import { setImmediate as nextMacrotask } from "node:timers/promises";
import type { Clock } from "../src/clock.ts";

interface Sleeper {
  /** On the monotonic clock. */
  wakesAt: number;
  wake(): void;
}

/**
 * A clock that stands still until a test moves it.
 *
 * Sleepers are woken in the order of their deadlines, and each one reads its own deadline as the time when it wakes.
 * Between two of them a macrotask passes, so that a loop which sleeps again is woken again within the same `advance`.
 */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #sleepers: Sleeper[] = [];
  #arrivals: { count: number; resolve(): void }[] = [];
  readonly #autoAdvance: boolean;

  /**
   * With `autoAdvance` no test has to move the clock: a sleep moves it by itself, one macrotask later. Do not use it for
   * code that lets a sleep race against real input or output, since the sleep would always win.
   */
  constructor(now: Date | string = "2026-03-01T12:00:00.000Z", { autoAdvance = false } = {}) {
    this.#wall = new Date(now).getTime();
    this.#autoAdvance = autoAdvance;
  }

  now(): Date {
    return new Date(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many are asleep. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper: Sleeper = {
      wakesAt: this.#monotonic + Math.max(ms, 0),
      wake: () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener("abort", sleeper.wake);
        resolve();
      },
    };
    signal?.addEventListener("abort", sleeper.wake);
    this.#sleepers.push(sleeper);
    this.#announceArrival();
    if (this.#autoAdvance) {
      // Each sleep wakes the earliest sleeper, which need not be its own: two sleeps still end in the order of their
      // deadlines.
      setImmediate(() => this.#wakeEarliest(Infinity));
    }
    return promise;
  }

  /** Sets the wall clock, forwards or back. As on a real machine nobody wakes and no duration changes. */
  set(now: Date | string): void {
    this.#wall = new Date(now).getTime();
  }

  /** Lets time pass, and wakes everyone whose time has come. */
  async advance(ms: number): Promise<void> {
    const target = this.#monotonic + ms;
    await nextMacrotask();
    while (this.#wakeEarliest(target)) await nextMacrotask();
    this.#moveTo(target);
  }

  /** Resolves as soon as at least `count` are asleep: the signal that the code under test has nothing left to do. */
  waitForSleepers(count = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrivals.push({ count, resolve });
    this.#announceArrival();
    return promise;
  }

  #wakeEarliest(latest: number): boolean {
    const [earliest] = this.#sleepers.toSorted((a, b) => a.wakesAt - b.wakesAt);
    if (earliest === undefined || earliest.wakesAt > latest) return false;
    this.#moveTo(earliest.wakesAt);
    earliest.wake();
    return true;
  }

  #moveTo(monotonic: number): void {
    if (monotonic <= this.#monotonic) return;
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #announceArrival(): void {
    const reached = this.#arrivals.filter(({ count }) => this.#sleepers.length >= count);
    this.#arrivals = this.#arrivals.filter((arrival) => !reached.includes(arrival));
    for (const { resolve } of reached) resolve();
  }
}
