import type { RunStatus, usageSchema } from "@shelflife/api-contract";
import { sql, type RawBuilder } from "kysely";

import type { ChatDecision, WritableChat } from "./chat-decision.ts";
import type { OpenTransaction } from "./database.ts";
import type { PreparedBatch, PreparedRun, Rejections } from "./ingest-batch.ts";
import { findTombstones } from "./ingest-chats.ts";
import { jsonText } from "./json-text.ts";

/** A run as it stands in the middle of storing a batch: locked, and with the batch's run items applied. */
export interface LockedRun {
  readonly id: string;
  readonly chat_id: string;
  readonly status: RunStatus;
  readonly finished_at: Date | null;
  /** The place of its payloads, as SQL text with its microseconds. */
  readonly payload_at: string;
}

/** The strength of a status: a weaker signal that comes later never replaces a stronger one. */
export function statusRank(column: string): RawBuilder<number> {
  return sql`array_position(ARRAY['in_progress', 'interrupted', 'error', 'completed'], ${sql.ref(column)})`;
}

/**
 * Creates and updates the runs of a batch and locks them, together with the runs that only its steps name. A run that is
 * not in the answer does not exist, or not for this caller.
 */
export async function ingestRuns(
  transaction: OpenTransaction,
  input: { batch: PreparedBatch; rejections: Rejections; chats: Pick<ChatDecision, "writable" | "refusals"> },
): Promise<{ runs: Map<string, LockedRun>; deleted: ReadonlySet<string> }> {
  const { batch, rejections, chats } = input;
  const ids = [...new Set([...batch.runs.map((run) => run.id), ...batch.steps.map((step) => step.run_id)])];
  const chatOf = await lockRuns(transaction, ids);
  const deleted = await findTombstones(
    transaction,
    "run",
    ids.filter((id) => !chatOf.has(id)),
  );

  const accepted: PreparedRun[] = [];
  for (const run of batch.runs) {
    const refusal = chats.refusals.get(run.chat_id);
    if (refusal !== undefined) {
      rejections.add("run", run.id, refusal.code, refusal.message);
    } else if (deleted.has(run.id)) {
      rejections.add("run", run.id, "gone", "This run has been deleted.");
    } else if ((chatOf.get(run.id) ?? run.chat_id) !== run.chat_id) {
      rejections.add("run", run.id, "not_owner", "This run belongs to another chat.");
    } else {
      accepted.push(run);
    }
  }
  await upsertRuns(transaction, accepted, chats.writable);
  await raiseLastActivity(transaction, accepted);
  const runs = await readLocked(transaction, ids);
  return {
    runs: new Map(runs.filter((run) => chats.writable.has(run.chat_id)).map((run) => [run.id, run])),
    deleted,
  };
}

async function lockRuns(transaction: OpenTransaction, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; chat_id: string }>`
    SELECT id, chat_id FROM chat_debug_runs WHERE id = ANY (${ids}::uuid[]) ORDER BY id FOR UPDATE
  `.execute(transaction);
  return new Map(rows.map((row) => [row.id, row.chat_id]));
}

async function readLocked(transaction: OpenTransaction, ids: readonly string[]): Promise<LockedRun[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<LockedRun>`
    SELECT id, chat_id, status, finished_at, coalesce(payload_at, started_at)::text AS payload_at
    FROM chat_debug_runs
    WHERE id = ANY (${ids}::uuid[])
  `.execute(transaction);
  return rows;
}

async function upsertRuns(
  transaction: OpenTransaction,
  runs: readonly PreparedRun[],
  chats: ReadonlyMap<string, WritableChat>,
): Promise<void> {
  if (runs.length === 0) return;
  const items = runs.map((run) => ({
    ...run,
    root_chat_id: chats.get(run.chat_id)?.rootChatId,
    parent_chat_id: chats.get(run.chat_id)?.parentChatId,
  }));
  // The chat, the kind and the start are fixed by the first write: payloads are found by the start.
  await sql`
    INSERT INTO chat_debug_runs AS run (
      id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id,
      kind, status, provider, model, started_at, updated_at, finished_at
    )
    SELECT
      id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id,
      coalesce(kind, 'chat_turn'), coalesce(status, 'in_progress'), provider, model,
      coalesce(started_at, updated_at), updated_at,
      CASE WHEN coalesce(status, 'in_progress') <> 'in_progress' THEN coalesce(finished_at, updated_at) END
    FROM jsonb_to_recordset(${jsonText(items)}::jsonb) AS item (
      id uuid, chat_id uuid, root_chat_id uuid, parent_chat_id uuid, model_config_id uuid,
      trigger_message_id bigint, history_tip_message_id bigint, kind text, status text, provider text, model text,
      started_at timestamptz, updated_at timestamptz, finished_at timestamptz
    )
    ORDER BY id
    ON CONFLICT (id, chat_id) DO UPDATE SET
      model_config_id = coalesce(excluded.model_config_id, run.model_config_id),
      trigger_message_id = coalesce(excluded.trigger_message_id, run.trigger_message_id),
      history_tip_message_id = coalesce(excluded.history_tip_message_id, run.history_tip_message_id),
      provider = coalesce(excluded.provider, run.provider),
      model = coalesce(excluded.model, run.model),
      status = CASE WHEN ${statusRank("excluded.status")} > ${statusRank("run.status")} THEN excluded.status ELSE run.status END,
      updated_at = greatest(run.updated_at, excluded.updated_at),
      finished_at = coalesce(run.finished_at, excluded.finished_at)
  `.execute(transaction);
}

/** The start of a run is activity of its family, whose root carries the newest. The root is locked already. */
async function raiseLastActivity(transaction: OpenTransaction, runs: readonly PreparedRun[]): Promise<void> {
  if (runs.length === 0) return;
  await sql`
    UPDATE chats AS chat
    SET last_activity_at = family.newest
    FROM (
      SELECT coalesce(root_chat_id, chat_id) AS id, max(started_at) AS newest
      FROM chat_debug_runs
      WHERE id = ANY (${runs.map((run) => run.id)}::uuid[])
      GROUP BY 1
    ) AS family
    WHERE chat.id = family.id AND (chat.last_activity_at IS NULL OR chat.last_activity_at < family.newest)
  `.execute(transaction);
}

/** A step's write moves the clock of its run, and the run's first step tells its label. */
export async function touchRuns(
  transaction: OpenTransaction,
  touched: readonly { id: string; chat_id: string; updated_at: string; first_message: string | undefined }[],
): Promise<void> {
  if (touched.length === 0) return;
  await sql`
    UPDATE chat_debug_runs AS run
    SET
      updated_at = greatest(run.updated_at, item.updated_at),
      summary = run.summary || CASE
        WHEN item.first_message IS NULL THEN '{}'::jsonb
        ELSE jsonb_build_object('first_message', item.first_message)
      END
    FROM jsonb_to_recordset(${jsonText(touched)}::jsonb) AS item (
      id uuid, chat_id uuid, updated_at timestamptz, first_message text
    )
    WHERE run.id = item.id AND run.chat_id = item.chat_id
  `.execute(transaction);
}

/**
 * A total over the steps of a run. A stored count that is damaged counts for nothing instead of failing the whole batch,
 * and no total exceeds what a JSON number can hold.
 */
function totalOf(field: keyof typeof usageSchema.shape): RawBuilder<number> {
  const count = sql`step.usage ->> ${sql.lit(field)}`;
  const total = sql`coalesce(sum(CASE WHEN ${count} ~ '^[0-9]{1,16}$' THEN (${count})::bigint END), 0)`;
  return sql`least(${total}, ${sql.lit(Number.MAX_SAFE_INTEGER)})`;
}

/** Recomputes the summaries of those of these runs that have ended, from the small rows of their steps. */
export async function summarizeEndedRuns(
  transaction: OpenTransaction,
  runs: readonly Pick<LockedRun, "id" | "chat_id">[],
): Promise<void> {
  if (runs.length === 0) return;
  await sql`
    UPDATE chat_debug_runs AS run
    -- A total that has become zero is left out, so that the old one must go.
    SET summary = (run.summary - ARRAY['total_reasoning_tokens', 'total_cache_creation_tokens', 'total_cache_read_tokens'])
      || figures.summary
    FROM (
      SELECT
        ended.id,
        ended.chat_id,
        jsonb_strip_nulls(jsonb_build_object(
          'step_count', count(step.id),
          'total_input_tokens', ${totalOf("input_tokens")},
          'total_output_tokens', ${totalOf("output_tokens")},
          'total_reasoning_tokens', nullif(${totalOf("reasoning_tokens")}, 0),
          'total_cache_creation_tokens', nullif(${totalOf("cache_creation_tokens")}, 0),
          'total_cache_read_tokens', nullif(${totalOf("cache_read_tokens")}, 0),
          'has_error', coalesce(bool_or(step.status = 'error' OR step.error IS NOT NULL), false) OR ended.status = 'error'
        )) AS summary
      FROM chat_debug_runs AS ended
      LEFT JOIN chat_debug_steps AS step ON step.run_id = ended.id AND step.chat_id = ended.chat_id
      WHERE ended.id = ANY (${runs.map((run) => run.id)}::uuid[])
        AND ended.chat_id = ANY (${[...new Set(runs.map((run) => run.chat_id))]}::uuid[])
        AND ended.finished_at IS NOT NULL
      GROUP BY ended.id, ended.chat_id
    ) AS figures
    WHERE run.id = figures.id AND run.chat_id = figures.chat_id
  `.execute(transaction);
}
