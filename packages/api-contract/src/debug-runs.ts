import { z } from "zod";

export const RUN_KINDS = ["chat_turn", "title_generation", "quickgen", "compaction"] as const;
export const STEP_OPERATIONS = ["stream", "generate"] as const;

/** From the weakest to the strongest: a later, weaker signal never replaces a stronger one. */
export const RUN_STATUSES = ["in_progress", "interrupted", "error", "completed"] as const;

export type RunKind = (typeof RUN_KINDS)[number];
export type RunStatus = (typeof RUN_STATUSES)[number];
export type StepOperation = (typeof STEP_OPERATIONS)[number];

const time = z.iso.datetime().describe("RFC 3339, UTC.");
const id = z.guid();

/** Figures of a run, recomputed from its steps when it ends. */
export const runSummaryFiguresSchema = z.looseObject({
  first_message: z.string().optional(),
  step_count: z.int().optional(),
  total_input_tokens: z.int().optional(),
  total_output_tokens: z.int().optional(),
  total_reasoning_tokens: z.int().optional(),
  total_cache_creation_tokens: z.int().optional(),
  total_cache_read_tokens: z.int().optional(),
  has_error: z.boolean().optional(),
});

/** A debug run as the list of a chat's runs shows it. */
export const debugRunSummarySchema = z.object({
  id,
  chat_id: id,
  kind: z.enum(RUN_KINDS),
  status: z.enum(RUN_STATUSES),
  provider: z.string().optional(),
  model: z.string().optional(),
  summary: runSummaryFiguresSchema,
  started_at: time,
  updated_at: time.describe("The retention clock: set by every write to the run or its steps."),
  finished_at: time.optional(),
});

export const usageSchema = z.looseObject({
  input_tokens: z.int().optional(),
  output_tokens: z.int().optional(),
  total_tokens: z.int().optional(),
  reasoning_tokens: z.int().optional(),
  cache_creation_tokens: z.int().optional(),
  cache_read_tokens: z.int().optional(),
});

/** One model call of a run. Payloads are as recorded; one that is stored damaged is wrapped, see `malformedPayloadSchema`. */
export const debugStepSchema = z.object({
  id,
  run_id: id,
  chat_id: id,
  step_number: z.int(),
  operation: z.enum(STEP_OPERATIONS),
  status: z.enum(RUN_STATUSES),
  history_tip_message_id: z.int().optional(),
  assistant_message_id: z.int().optional(),
  normalized_request: z.record(z.string(), z.unknown()),
  normalized_response: z.record(z.string(), z.unknown()).optional(),
  usage: usageSchema.optional(),
  attempts: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]),
  error: z.record(z.string(), z.unknown()).optional(),
  metadata: z.record(z.string(), z.unknown()),
  started_at: time,
  updated_at: time,
  finished_at: time.optional(),
});

/** A debug run with its steps, ordered by `step_number`. */
export const debugRunSchema = debugRunSummarySchema.extend({
  root_chat_id: id.optional(),
  parent_chat_id: id.optional(),
  model_config_id: id.optional(),
  trigger_message_id: z.int().optional(),
  history_tip_message_id: z.int().optional(),
  steps: z.array(debugStepSchema),
});

/** A step without its payloads, and how many bytes they take where they are stored. */
export const debugStepSkeletonSchema = debugStepSchema
  .omit({ normalized_request: true, normalized_response: true, attempts: true })
  .extend({ payload_bytes: z.int().describe("As they are stored: compressed, and without what earlier steps hold.") });

/** A debug run with its steps, without their payloads. */
export const debugRunSkeletonSchema = debugRunSchema.extend({ steps: z.array(debugStepSkeletonSchema) });

/** What stands where a stored payload has the wrong shape. */
export const malformedPayloadSchema = z.object({
  error: z.literal("malformed debug payload"),
  parse_error: z.string(),
  raw: z.string(),
});

export type RunSummaryFigures = z.infer<typeof runSummaryFiguresSchema>;
export type DebugRunSummary = z.infer<typeof debugRunSummarySchema>;
export type DebugRun = z.infer<typeof debugRunSchema>;
export type DebugStep = z.infer<typeof debugStepSchema>;
export type DebugStepSkeleton = z.infer<typeof debugStepSkeletonSchema>;
export type DebugRunSkeleton = z.infer<typeof debugRunSkeletonSchema>;
export type Usage = z.infer<typeof usageSchema>;
export type MalformedPayload = z.infer<typeof malformedPayloadSchema>;
