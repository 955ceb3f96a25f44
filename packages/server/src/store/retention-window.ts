import { isRetentionDays, type RetentionSetting } from "@shelflife/api-contract";

import { CodedError } from "../coded-error.ts";

/** A retention window in force, in days; 0 keeps for ever. */
export interface RetentionWindow {
  readonly days: number;
  readonly source: "default" | "stored";
}

/**
 * Reads the stored text of a window; undefined where nothing is stored.
 *
 * @throws CodedError `setting_unreadable` where it is not an integer in range. There is no silent default: a negative window
 * would put the cutoff into the future, and a wrong one would delete what should be kept.
 */
export function parseRetentionWindow(setting: RetentionSetting, text: string | undefined): RetentionWindow {
  if (text === undefined) return { days: setting.defaultDays, source: "default" };
  const days = /^[+-]?\d+$/.test(text) ? Number(text) + 0 : Number.NaN;
  if (isRetentionDays(days)) return { days, source: "stored" };
  throw new CodedError(
    "setting_unreadable",
    `The stored value of ${setting.key} is not an integer from 0 to 3650; set it again to repair it.`,
  );
}
