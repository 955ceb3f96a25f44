import { z } from "zod";

import { RUN_KINDS, RUN_STATUSES, STEP_OPERATIONS } from "./debug-runs.ts";
import { CHAT_LABEL_CHARACTERS, CHAT_LABELS, CHAT_TITLE_CHARACTERS } from "./limits.ts";

export const CHAT_STATUSES = [
  "waiting",
  "pending",
  "running",
  "paused",
  "completed",
  "error",
  "requires_action",
] as const;

export type ChatStatus = (typeof CHAT_STATUSES)[number];

/** Ids that a client brings may be any UUID, in either case. */
const id = z.guid().toLowerCase();

/** PostgreSQL and the partition names know no year before this one, and no recorder was running then. */
const EARLIEST = "1970-01-01T00:00:00.000Z";

/** Any offset is accepted; what is kept is UTC in milliseconds. */
const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .refine((text) => text >= EARLIEST && text.length === EARLIEST.length, {
    error: "must lie between the years 1970 and 9999",
  });

const messageId = z.int().min(0);
const jsonObject = z.record(z.string(), z.unknown());

const label = z.string().max(CHAT_LABEL_CHARACTERS);
const labels = z
  .record(label, label)
  .refine((entries) => Object.keys(entries).length <= CHAT_LABELS, { error: `must not be more than ${CHAT_LABELS}` });

/** A chat that is recorded; one that does not exist is created. */
export const chatItemSchema = z.object({
  id,
  title: z.string().trim().min(1).max(CHAT_TITLE_CHARACTERS).optional(),
  status: z.enum(CHAT_STATUSES).optional(),
  parent_chat_id: id.optional(),
  labels: labels.optional(),
  owner: z
    .string()
    .min(1)
    .optional()
    .describe("E-mail address or id of the person whose chat this is; only with a key of the scope `ingest`."),
  created_at: time.optional(),
  updated_at: time.optional(),
});

/** A debug run. What is left out keeps the value it has. */
export const runItemSchema = z.object({
  id,
  chat_id: id,
  kind: z.enum(RUN_KINDS).optional(),
  status: z.enum(RUN_STATUSES).optional(),
  provider: z.string().max(200).optional(),
  model: z.string().max(200).optional(),
  model_config_id: id.optional(),
  trigger_message_id: messageId.optional(),
  history_tip_message_id: messageId.optional(),
  started_at: time.optional(),
  updated_at: time.optional().describe("Only for an import of older data; never taken from the future."),
  finished_at: time.optional(),
});

/** One model call of a run. What is left out keeps the value it has. */
export const stepItemSchema = z.object({
  id,
  run_id: id,
  chat_id: id,
  step_number: z.int().min(1).max(1_000_000).optional().describe("From 1; left out, the next free one is taken."),
  operation: z.enum(STEP_OPERATIONS).optional(),
  status: z.enum(RUN_STATUSES).optional(),
  history_tip_message_id: messageId.optional(),
  assistant_message_id: messageId.optional(),
  normalized_request: jsonObject.optional(),
  normalized_response: jsonObject.optional(),
  usage: jsonObject.optional(),
  attempts: z.array(jsonObject).optional(),
  error: jsonObject.optional(),
  metadata: jsonObject.optional(),
  started_at: time.optional(),
  updated_at: time.optional(),
  finished_at: time.optional(),
});

/** The envelope. Items are checked one by one, so that a bad one never loses its neighbours. */
export const debugBatchSchema = z.object({
  chats: z.array(z.unknown()).optional(),
  runs: z.array(z.unknown()).optional(),
  steps: z.array(z.unknown()).optional(),
});

export const ITEM_KINDS = ["chat", "run", "step"] as const;

export const REJECTION_CODES = [
  "invalid",
  "debug_logging_off",
  "run_not_found",
  "run_finished",
  "gone",
  "not_owner",
] as const;

export const rejectionSchema = z.object({
  kind: z.enum(ITEM_KINDS),
  id: z.string().describe("As it was sent; empty where the item had none."),
  code: z.enum(REJECTION_CODES),
  message: z.string(),
});

export const debugBatchResultSchema = z.object({
  accepted: z.int(),
  rejected: z.array(rejectionSchema),
});

export type ChatItem = z.output<typeof chatItemSchema>;
export type RunItem = z.output<typeof runItemSchema>;
export type StepItem = z.output<typeof stepItemSchema>;
export type ItemKind = (typeof ITEM_KINDS)[number];
export type RejectionCode = (typeof REJECTION_CODES)[number];
export type Rejection = z.infer<typeof rejectionSchema>;
export type DebugBatchResult = z.infer<typeof debugBatchResultSchema>;

/** What a client sends. */
export interface DebugBatch {
  chats?: z.input<typeof chatItemSchema>[];
  runs?: z.input<typeof runItemSchema>[];
  steps?: z.input<typeof stepItemSchema>[];
}
