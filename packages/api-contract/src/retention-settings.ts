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
  /** How error sentences call it: "Failed to get <label>." */
  readonly label: string;
  /** How the sentence about its range begins: "<rangeLabel> must be between 0 and 3650." */
  readonly rangeLabel: string;
  /** What it does, in one sentence for the documentation. */
  readonly description: string;
}

export const RETENTION_SETTING_NAMES = [
  "retention-days",
  "debug-retention-days",
  "auto-archive-days",
  "audit-retention-days",
  "ledger-retention-days",
] as const;

export type RetentionSettingName = (typeof RETENTION_SETTING_NAMES)[number];

export const RETENTION_SETTINGS = {
  "retention-days": {
    name: "retention-days",
    field: "retention_days",
    key: "agents_chat_retention_days",
    defaultDays: 30,
    label: "chat retention days",
    rangeLabel: "Retention days",
    description:
      "Days that an archived chat is kept after it was archived, and a file that no chat links; 0 keeps them for ever.",
  },
  "debug-retention-days": {
    name: "debug-retention-days",
    field: "debug_retention_days",
    key: "agents_chat_debug_retention_days",
    defaultDays: 30,
    label: "chat debug retention days",
    rangeLabel: "Chat debug retention days",
    description: "Days that chat debug data is kept after a run's last write; 0 keeps it for ever.",
  },
  "auto-archive-days": {
    name: "auto-archive-days",
    field: "auto_archive_days",
    key: "agents_chat_auto_archive_days",
    defaultDays: 0,
    label: "chat auto-archive days",
    rangeLabel: "Auto-archive days",
    description: "Days without activity after which a chat is archived by itself; 0 archives none.",
  },
  "audit-retention-days": {
    name: "audit-retention-days",
    field: "audit_retention_days",
    key: "audit_log_retention_days",
    defaultDays: 365,
    label: "audit log retention days",
    rangeLabel: "Audit log retention days",
    description: "Days that an entry of the audit log is kept; 0 keeps it for ever.",
  },
  "ledger-retention-days": {
    name: "ledger-retention-days",
    field: "ledger_retention_days",
    key: "purge_ledger_retention_days",
    defaultDays: 400,
    label: "purge ledger retention days",
    rangeLabel: "Purge ledger retention days",
    description: "Days that the purge ledger keeps the proof of what was purged; 0 keeps it for ever.",
  },
} as const satisfies Record<RetentionSettingName, RetentionSetting>;

/** The sentence for a window out of range: "Chat debug retention days must be between 0 and 3650." */
export function rangeMessage(setting: RetentionSetting): string {
  return `${setting.rangeLabel} must be between ${RETENTION_DAYS_MIN} and ${RETENTION_DAYS_MAX}.`;
}

/** Whether a number may be a retention window: an integer in the closed range. */
export function isRetentionDays(days: number): boolean {
  return Number.isInteger(days) && days >= RETENTION_DAYS_MIN && days <= RETENTION_DAYS_MAX;
}

/** Whether a text names a retention window. */
export function isRetentionSettingName(name: string): name is RetentionSettingName {
  return Object.hasOwn(RETENTION_SETTINGS, name);
}

/** Whether one window deletes sooner than another: it is shorter, or it ends keeping for ever. */
export function isMoreAggressive(days: number, thanDays: number): boolean {
  return days !== 0 && (thanDays === 0 || days < thanDays);
}

/** The body of a setting's routes: its one field. */
export function retentionSettingSchema(setting: RetentionSetting): z.ZodObject<Record<string, z.ZodInt>> {
  const days = z.int().min(RETENTION_DAYS_MIN).max(RETENTION_DAYS_MAX).describe(setting.description);
  return z.object({ [setting.field]: days });
}
