const MS_PER_DAY = 86_400_000;

/**
 * The moment before which a record is expired: exact 24-hour days before the start of the tick. A record whose clock is
 * exactly at the cutoff stays.
 *
 * @returns null where the window is 0, which keeps for ever
 */
export function cutoffOf(tickStart: Date, windowDays: number): Date | null {
  return windowDays === 0 ? null : new Date(tickStart.getTime() - windowDays * MS_PER_DAY);
}
