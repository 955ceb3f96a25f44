import { RETENTION_DAYS_MAX, RETENTION_SETTINGS, type RetentionSettingName } from "@shelflife/api-contract";

/** The windows that have a form of their own on this page, in its order. */
export const WINDOW_NAMES = ["auto-archive-days", "retention-days", "debug-retention-days"] as const;

export type WindowName = (typeof WINDOW_NAMES)[number];

/** Everything that the form of one window says. */
export interface WindowTexts {
  readonly heading: string;
  readonly switchLabel: string;
  readonly fieldLabel: string;
  /** What stands in the field when the window is switched on. */
  readonly suggestedDays: number;
  /** How sentences about it call it: "Failed to save conversation retention setting." */
  readonly calledAs: string;
  /** "Retention period must be at least 1 day." */
  readonly tooShort: string;
  /** What happens with a window of so many days, in one sentence. */
  readonly effect: (days: number) => string;
  /** What happens with it switched off. */
  readonly offEffect: string;
}

export const WINDOW_TEXTS: Record<WindowName, WindowTexts> = {
  "auto-archive-days": {
    heading: "Auto-archive inactive conversations",
    switchLabel: "Enable auto-archive",
    fieldLabel: "Auto-archive period in days",
    suggestedDays: 90,
    calledAs: "auto-archive setting",
    tooShort: "Auto-archive period must be at least 1 day.",
    effect: (days) =>
      `A conversation in which nothing has happened for ${inDays(days)} is archived by itself, with its sub-conversations. Pinned and running ones stay.`,
    offEffect: "No conversation is archived by itself.",
  },
  "retention-days": {
    heading: "Conversation retention period",
    switchLabel: "Enable conversation retention",
    fieldLabel: "Conversation retention period in days",
    suggestedDays: 30,
    calledAs: "conversation retention setting",
    tooShort: "Retention period must be at least 1 day.",
    effect: (days) =>
      `A conversation is deleted ${inDays(days)} after it was archived, with its messages and debug data. So is a file that no conversation uses, ${inDays(days)} after it was uploaded.`,
    offEffect: "Archived conversations and unused files are kept for ever.",
  },
  "debug-retention-days": {
    heading: "Chat debug data retention",
    switchLabel: "Enable chat debug data retention",
    fieldLabel: "Chat debug data retention period in days",
    suggestedDays: 30,
    calledAs: "chat debug retention setting",
    tooShort: "Debug retention period must be at least 1 day.",
    effect: (days) =>
      `Debug data is deleted ${inDays(days)} after its run was last written to. The conversation stays.`,
    offEffect: "Debug data is kept for ever, unless its conversation is deleted.",
  },
};

/** The window in force where nothing is stored. */
export function defaultDaysOf(name: RetentionSettingName): number {
  return RETENTION_SETTINGS[name].defaultDays;
}

export function inDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

/** What is wrong with what was typed; undefined where it is a window. */
export function findDaysProblem(text: string, { tooShort }: Pick<WindowTexts, "tooShort">): string | undefined {
  const typed = text.trim();
  if (typed === "") return "A number of days is required.";
  const days = Number(typed);
  if (!Number.isInteger(days) || !/^[+-]?\d+$/.test(typed)) return "Must be a whole number.";
  if (days < 1) return tooShort;
  if (days > RETENTION_DAYS_MAX) return `Must not exceed ${RETENTION_DAYS_MAX} days (~10 years).`;
  return undefined;
}
