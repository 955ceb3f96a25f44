import { setTimeout as sleepFor } from "node:timers/promises";

/**
 * The only source of time in the server: nothing else calls `Date.now`, `setTimeout` or `setInterval`, so that a test
 * can put any moment in force and no test has to wait.
 */
export interface Clock {
  /** The wall clock. */
  now(): Date;
  /** Milliseconds since an arbitrary moment, for durations: it never jumps when the wall clock is set. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
    } catch {
      // An aborted sleep ends early, which is what the caller asked for.
    }
  },
};
