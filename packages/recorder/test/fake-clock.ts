import type { Clock } from "../src/clock.ts";

interface Timer {
  at: number;
  callback: () => void;
  keepsAlive: boolean;
}

/** Time that moves when a test says so. What is deferred runs when the test lets it, or with the next advance. */
export class FakeClock implements Clock {
  #now = Date.parse("2026-01-02T03:04:05.000Z");
  readonly #timers = new Set<Timer>();
  readonly #deferred: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number, { keepsAlive } = { keepsAlive: false }): () => void {
    const timer = { at: this.#now + delayMs, callback, keepsAlive };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Whether any of the timers would keep the process alive. */
  get keepsAlive(): boolean {
    return [...this.#timers].some((timer) => timer.keepsAlive);
  }

  /** How long until the next timer, in milliseconds; undefined where there is none. */
  get untilNextTimer(): number | undefined {
    const next = this.#next();
    return next && next.at - this.#now;
  }

  runDeferred(): void {
    for (const callback of this.#deferred.splice(0)) callback();
  }

  /** Moves on, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    this.runDeferred();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.callback();
      this.runDeferred();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Time goes by of which no timer hears, as while a process is frozen. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  #next(): Timer | undefined {
    return [...this.#timers].toSorted((one, other) => one.at - other.at)[0];
  }
}

/** Lets every promise that can settle without time or network do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
