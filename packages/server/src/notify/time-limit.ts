import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";

/** The longest that one delivery may take, in milliseconds. */
export const DELIVERY_LIMIT_MS = 10_000;

/**
 * Runs a delivery that is given up after ten seconds, or when the signal aborts, also where it does not heed its signal.
 *
 * @throws CodedError `delivery_failed` where it took too long
 */
export async function withinTimeLimit(
  clock: Clock,
  signal: AbortSignal,
  deliver: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const expired = new AbortController();
  const expire = async (): Promise<void> => {
    await clock.sleep(DELIVERY_LIMIT_MS, ended.signal);
    if (ended.signal.aborted) return;
    expired.abort(new CodedError("delivery_failed", `The delivery was given up after ${DELIVERY_LIMIT_MS / 1000} s.`));
  };
  void expire();
  const stopping = AbortSignal.any([signal, expired.signal]);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(stopping.reason);
  if (stopping.aborted) stop();
  stopping.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([deliver(stopping), stopped]);
  } finally {
    stopping.removeEventListener("abort", stop);
    ended.abort();
  }
}
