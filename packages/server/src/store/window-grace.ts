import { isMoreAggressive } from "@shelflife/api-contract";

/** Which window of a setting the purge goes by, and since when a shorter one waits. */
export interface WindowState {
  /** The window that the purge goes by, in days; 0 keeps for ever. */
  readonly effectiveDays: number;
  /** The window that is set. */
  readonly setDays: number;
  /** When the window was last shortened, or first applied. */
  readonly shortenedAt: Date;
}

/**
 * What becomes of a setting's state when this window is found in force. A window that deletes sooner than the one before
 * waits for the grace period, and starts it anew each time it is shortened further; one that keeps longer applies at once.
 *
 * @param state undefined where no purge has seen the setting yet: until its first window has waited, all is kept
 * @param graceMs milliseconds; 0 lets every window apply at once
 */
export function settleWindow(
  state: WindowState | undefined,
  { days, now, graceMs }: { days: number; now: Date; graceMs: number },
): WindowState {
  const before = state ?? { effectiveDays: 0, setDays: 0, shortenedAt: now };
  const shortenedAt = isMoreAggressive(days, before.setDays) ? now : before.shortenedAt;
  // Without a grace period nothing waits, whichever replica's clock is ahead of the one that wrote down the change.
  const due = graceMs === 0 || now.getTime() >= shortenedAt.getTime() + graceMs;
  const waits = isMoreAggressive(days, before.effectiveDays) && !due;
  return { effectiveDays: waits ? before.effectiveDays : days, setDays: days, shortenedAt };
}
