import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { hasCode } from "../coded-error.ts";
import type { Database } from "./database.ts";
import { adoptTraceRuns } from "./adopt-trace-runs.ts";
import { Rejections, type IngestCaller, type PreparedBatch, type RejectedItem } from "./ingest-batch.ts";
import { ingestChats } from "./ingest-chats.ts";
import { ingestPayloads } from "./ingest-payloads.ts";
import { ingestRuns, summarizeEndedRuns, touchRuns } from "./ingest-runs.ts";
import { ingestSteps, type NumberedStep } from "./ingest-steps.ts";
import type { PayloadPartitions } from "./payload-partitions.ts";
import { lockTraces, settleTraces } from "./settle-traces.ts";

export interface DebugIngestStore {
  /**
   * Stores a batch in one transaction and answers the items that it refused. Storing it again changes nothing but the
   * clocks.
   *
   * @throws CodedError `trace_moved` where the batch was made before another told where a trace belongs
   */
  recordDebugBatch(caller: IngestCaller, batch: PreparedBatch): Promise<RejectedItem[]>;
}

/** How often a batch that lost a race is tried again. */
const ATTEMPTS = 4;

/**
 * What a lost race looks like: a chat that somebody else has just created, a deadlock, a lock that did not come, or a
 * partition that was dropped between the look and the insert.
 */
const LOST_RACES = ["23505", "40P01", "40001", "55P03", "23514"];

export function debugIngestStore(database: Database, partitions: PayloadPartitions, clock: Clock): DebugIngestStore {
  return {
    async recordDebugBatch(caller, batch) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const now = clock.now().toISOString();
          await partitions.ensure(await payloadMoments(database, batch));
          return await recordOnce(database, caller, batch, now);
        } catch (error) {
          if (attempt === ATTEMPTS || !hasCode(error, ...LOST_RACES)) throw error;
          partitions.forget();
        }
      }
    },
  };
}

async function recordOnce(
  database: Database,
  caller: IngestCaller,
  batch: PreparedBatch,
  now: string,
): Promise<RejectedItem[]> {
  return database.transaction().execute(async (transaction) => {
    await sql`SELECT set_config('lock_timeout', '10s', true)`.execute(transaction);
    const rejections = new Rejections(batch.rejected ?? []);
    const { traces = [] } = batch;
    const lockedTraces = await lockTraces(transaction, caller, traces);
    const chats = await ingestChats(transaction, { caller, batch, now, rejections });
    const { runs, deleted } = await ingestRuns(transaction, { batch, rejections, chats });
    await adoptTraceRuns(transaction, { caller, traces, runs });
    const steps = await ingestSteps(transaction, { batch, rejections, runs, deletedRuns: deleted, chats });
    await touchRuns(transaction, touchesOf(steps));
    await ingestPayloads(transaction, steps, runs);
    const settled = await settleTraces(transaction, { traces, locked: lockedTraces, runs, steps });
    await summarizeEndedRuns(
      transaction,
      [...settled.values()].filter((run) => run.finished_at !== null),
    );
    return rejections.list();
  });
}

/** Where the payloads of a batch will go: new runs say so by their start, and stored ones have it fixed. */
async function payloadMoments(database: Database, batch: PreparedBatch): Promise<Set<string>> {
  const withPayload = batch.steps.filter((step) => step.payload !== undefined);
  const ids = new Set(withPayload.map((step) => step.run_id));
  if (ids.size === 0) return new Set();
  const { rows } = await sql<{ id: string; payload_at: string }>`
    SELECT id, coalesce(payload_at, started_at)::text AS payload_at
    FROM chat_debug_runs
    WHERE id = ANY (${[...ids]}::uuid[])
  `.execute(database);
  const stored = new Set(rows.map((row) => row.id));
  const created = batch.runs.filter((run) => ids.has(run.id) && !stored.has(run.id));
  return new Set([...rows.map((row) => row.payload_at), ...created.map((run) => run.started_at ?? run.updated_at)]);
}

/** One touch for each run: the newest clock of its steps, and the label that its first step tells. */
function touchesOf(steps: readonly NumberedStep[]): Parameters<typeof touchRuns>[1] {
  const touches = new Map<
    string,
    { id: string; chat_id: string; updated_at: string; first_message: string | undefined }
  >();
  for (const step of steps) {
    const touch = touches.get(step.run_id);
    const label = step.step_number === 1 ? step.firstMessage : undefined;
    touches.set(step.run_id, {
      id: step.run_id,
      chat_id: step.chat_id,
      updated_at: touch !== undefined && touch.updated_at > step.updated_at ? touch.updated_at : step.updated_at,
      first_message: label ?? touch?.first_message,
    });
  }
  return [...touches.values()];
}
