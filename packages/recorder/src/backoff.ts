const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 60_000;

/** The longest that a server's own wish to wait is obeyed, so that one odd answer cannot silence the recorder. */
const LONGEST_ASKED_DELAY_MS = 300_000;

/**
 * How long to wait before the next try, in milliseconds: doubling from half a second to a minute, each time somewhere
 * in the upper half of that, so that many recorders do not come back at the same instant.
 *
 * @param failures how many tries have failed so far, from 1
 * @param random from 0 (included) to 1 (excluded)
 */
export function backoffDelay(failures: number, random: number, retryAfterMs = 0): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return Math.max(full / 2 + (full / 2) * random, Math.min(retryAfterMs, LONGEST_ASKED_DELAY_MS));
}
