import { z } from "zod";

import { RETENTION_SETTING_NAMES } from "./retention-settings.ts";

const time = z.iso.datetime().describe("RFC 3339, UTC.");
const settingName = z.enum(RETENTION_SETTING_NAMES);

/** What a policy does to what is expired. */
export const POLICY_ACTIONS = ["delete", "archive"] as const;

export const LEDGER_OUTCOMES = ["running", "success", "failure", "disabled", "aborted"] as const;

/** A number that was counted up to a limit: beyond it, `at_least` is true and there may be more. */
export const boundedCountSchema = z.object({ count: z.int(), at_least: z.boolean() });

const expiredSchema = z.object({
  days: z.int(),
  cutoff: time.nullable().describe("Null where the window is 0: nothing is expired."),
  records: boundedCountSchema,
  bytes: z.int().nullable().describe("An estimate of what is stored of them; null where it cannot be told cheaply."),
});

/** What a purge with another window would do to one kind of data, by the purge's own predicate. */
export const policyPreviewSchema = z.object({
  policy: z.string(),
  record_type: z.string(),
  action: z.enum(POLICY_ACTIONS),
  proposed: expiredSchema.extend({
    oldest: time.nullable().describe("The clock of the record that has been expired for the longest."),
    newest: time.nullable().describe("The clock of the record that has just expired."),
    sample: z
      .array(z.object({ id: z.string(), clock: time }))
      .describe("The ten oldest, by id and time only: nothing that was recorded."),
  }),
  current: expiredSchema.nullable().describe("The same by the window in force; null where that cannot be read."),
  difference: z
    .object({ records: z.int(), bytes: z.int().nullable() })
    .nullable()
    .describe("Proposed less current; records counted up to the limit."),
});

export const retentionPreviewSchema = z.object({
  setting: settingName,
  days: z.int(),
  current_days: z.int().nullable(),
  policies: z.array(policyPreviewSchema),
});

/** What one policy did in one tick. */
export const ledgerEntrySchema = z.object({
  id: z.guid(),
  tick_id: z.guid(),
  policy: z.string(),
  record_type: z.string(),
  outcome: z.enum(LEDGER_OUTCOMES),
  window_days: z.int().nullable(),
  cutoff: time.nullable(),
  expired: z.int().describe("What its predicate matched when it began."),
  deleted: z.int().describe("What it deleted, or archived; only what was committed."),
  bytes: z.int(),
  batches: z.int(),
  remaining: z.int(),
  started_at: time,
  finished_at: time.nullable(),
  duration_ms: z.int().nullable(),
  error: z.string().nullable(),
  replica: z.string(),
});

/** A page of the ledger, newest first. */
export const ledgerPageSchema = z.object({ entries: z.array(ledgerEntrySchema), next_before: z.string().nullable() });

/** A window that was shortened, or applied for the first time, and waits. */
export const graceSchema = z.object({
  waiting_days: z.int().describe("The window that waits to come into force."),
  effective_days: z.int().describe("The window that the purge goes by meanwhile; 0 keeps for ever."),
  since: time,
  due_at: time,
});

export const policyStatusSchema = z.object({
  policy: z.string(),
  record_type: z.string(),
  action: z.enum(POLICY_ACTIONS),
  clock: z.string(),
  setting: settingName,
  window: z.object({
    days: z.int().nullable().describe("Null where the stored value cannot be read."),
    source: z.enum(["default", "stored", "unreadable"]),
  }),
  grace: graceSchema.nullable(),
  oldest_overdue_seconds: z.number().nullable().describe("How long the oldest expired record is overdue."),
  backlog: z.int().nullable().describe("About how many records are expired."),
  last_success_at: time.nullable(),
  last: ledgerEntrySchema.nullable().describe("What the policy did last, or is doing now."),
});

export const retentionStatusSchema = z.object({
  enabled: z.boolean().describe("False where the operator has switched the purge off."),
  running: z.boolean().describe("Whether a purger is at work on any replica."),
  last_tick: z
    .object({
      tick_id: z.guid(),
      started_at: time,
      finished_at: time.nullable(),
      outcome: z.enum(["running", "success", "failure", "aborted"]),
      replica: z.string(),
    })
    .nullable(),
  next_tick_at: time.nullable().describe("When this replica tries next; null while its tick runs, or without a loop."),
  grace_seconds: z.int(),
  policies: z.array(policyStatusSchema),
});

export const graceWaiverSchema = z.strictObject({ setting: settingName });

/** Whether a tick was started by this request, or one was running already. */
export const retentionRunSchema = z.object({ started: z.boolean() });

/** Figures for the pictures: stored payload bytes by age, and records purged by day. */
export const retentionHistorySchema = z.object({
  stored_bytes: z.array(z.object({ day: z.iso.date(), bytes: z.int() })),
  purged: z.array(z.object({ day: z.iso.date(), record_type: z.string(), records: z.int(), bytes: z.int() })),
});

export type PolicyAction = (typeof POLICY_ACTIONS)[number];
export type LedgerOutcome = (typeof LEDGER_OUTCOMES)[number];
export type BoundedCount = z.infer<typeof boundedCountSchema>;
export type PolicyPreview = z.infer<typeof policyPreviewSchema>;
export type RetentionPreview = z.infer<typeof retentionPreviewSchema>;
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
export type LedgerPage = z.infer<typeof ledgerPageSchema>;
export type Grace = z.infer<typeof graceSchema>;
export type PolicyStatus = z.infer<typeof policyStatusSchema>;
export type RetentionStatus = z.infer<typeof retentionStatusSchema>;
export type RetentionRun = z.infer<typeof retentionRunSchema>;
export type RetentionHistory = z.infer<typeof retentionHistorySchema>;
