/** Where the recorder gets its time from, so that tests can move it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some moment in the past; only ever forward. */
  monotonic(): number;
  /**
   * Calls back once after a delay in milliseconds; the answer cancels it. Keeps the process alive only where it is told
   * to.
   */
  setTimer(callback: () => void, delayMs: number, options?: { keepsAlive: boolean }): () => void;
  /** Calls back soon, after the work at hand, so that what can wait costs the application's own path nothing. */
  defer(callback: () => void): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs, options) {
    const timer = setTimeout(callback, delayMs);
    if (!options?.keepsAlive) timer.unref();
    return () => clearTimeout(timer);
  },
  defer(callback) {
    setImmediate(callback);
  },
};
