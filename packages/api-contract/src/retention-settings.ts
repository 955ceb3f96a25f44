import { z } from "zod";

import { RETENTION_DAYS_MAX, RETENTION_DAYS_MIN } from "./limits.ts";

/**
 * A retention window that an administrator sets. Everything that differs between two of them is data in this list, so
 * that routes, the command line, the client and the documentation need no code of their own for a further one.
 */
export interface RetentionSetting {
  /** Its name in URLs (`/config/<name>`) and on the command line. */
  readonly name: RetentionSettingName;
  /** The only field of its JSON body. */
  readonly field: string;
  /** Its key in the table `site_configs`. */
  readonly key: string;
  /** The window in force where nothing is stored, in days. */
  readonly defaultDays: number;
  /** How error sentences call it. */
  readonly label: string;
}

export const RETENTION_SETTING_NAMES = ["debug-retention-days"] as const;

export type RetentionSettingName = (typeof RETENTION_SETTING_NAMES)[number];

export const RETENTION_SETTINGS = {
  "debug-retention-days": {
    name: "debug-retention-days",
    field: "debug_retention_days",
    key: "agents_chat_debug_retention_days",
    defaultDays: 30,
    label: "chat debug retention days",
  },
} as const satisfies Record<RetentionSettingName, RetentionSetting>;

/** The sentence for a window out of range: "Chat debug retention days must be between 0 and 3650." */
export function rangeMessage(setting: RetentionSetting): string {
  const label = setting.label.charAt(0).toUpperCase() + setting.label.slice(1);
  return `${label} must be between ${RETENTION_DAYS_MIN} and ${RETENTION_DAYS_MAX}.`;
}

/** Whether a number may be a retention window: an integer in the closed range. */
export function isRetentionDays(days: number): boolean {
  return Number.isInteger(days) && days >= RETENTION_DAYS_MIN && days <= RETENTION_DAYS_MAX;
}

export const debugRetentionSchema = z.object({
  debug_retention_days: z
    .int()
    .min(RETENTION_DAYS_MIN)
    .max(RETENTION_DAYS_MAX)
    .describe("Days that chat debug data is kept after a run's last write; 0 keeps it for ever."),
});

export type DebugRetention = z.infer<typeof debugRetentionSchema>;
