import { z } from "zod";

import { debugRunSchema } from "./debug-runs.ts";
import { DEBUG_RUNS_LISTED } from "./limits.ts";

/** The version of the exported documents. */
export const DEBUG_EXPORT_VERSION = 1;

const id = z.guid();
const version = z.literal(DEBUG_EXPORT_VERSION);
const exported_at = z.iso.datetime().describe("RFC 3339, UTC.");

/** One run with all its steps and payloads, as a document to keep or to send. */
export const debugRunExportSchema = z.object({
  version,
  scope: z.literal("run"),
  exported_at,
  chat_id: id,
  run_id: id,
  run: debugRunSchema,
});

/** The newest runs of a chat with all their steps and payloads, as a document to keep or to send. */
export const debugChatExportSchema = z.object({
  version,
  scope: z.literal("chat"),
  exported_at,
  chat_id: id,
  run_count: z.int().describe("How many runs the document holds."),
  requested_run_count: z.int().describe("How many it should hold: those that the list of runs named."),
  limited_to_most_recent: z.literal(DEBUG_RUNS_LISTED),
  failed_runs: z
    .array(z.object({ id, error: z.string() }))
    .optional()
    .describe("Runs that could not be read, or were purged while the export ran."),
  runs: z.array(debugRunSchema),
});

export type DebugRunExport = z.infer<typeof debugRunExportSchema>;
export type DebugChatExport = z.infer<typeof debugChatExportSchema>;
