import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import type { IngestCaller } from "./ingest-batch.ts";
import type { LockedRun } from "./ingest-runs.ts";
import type { PreparedTrace } from "./trace-batch.ts";
import { traceRunId } from "./trace-ids.ts";

interface OwnRun {
  readonly id: string;
  readonly chat_id: string;
  /** As SQL text, with its microseconds: payloads are found by equality with it. */
  readonly payload_at: string;
  readonly owner_id: string;
}

/**
 * Takes what was recorded in a trace's own chat, before a span told which chat it belongs to, over to that chat. The run
 * there is new in this transaction, so that nothing of it can be in the way.
 *
 * @param input.runs the runs of the batch; they are told where their payloads are from now on
 */
export async function adoptTraceRuns(
  transaction: OpenTransaction,
  input: { caller: IngestCaller; traces: readonly PreparedTrace[]; runs: Map<string, LockedRun> },
): Promise<void> {
  const { caller, traces, runs } = input;
  const moved = traces.filter(({ homeChatId, ownChatId }) => homeChatId !== ownChatId);
  const ownRuns = await lockOwnRuns(transaction, caller, moved);
  for (const { traceId, homeChatId, ownChatId } of moved) {
    const own = ownRuns.get(traceRunId(traceId, ownChatId));
    const home = runs.get(traceRunId(traceId, homeChatId));
    if (own === undefined || home === undefined || !(await mayTakeOver(transaction, { own, home, caller }))) continue;
    runs.set(home.id, { ...home, payload_at: await takeOver(transaction, own, home) });
    await deleteOwnRun(transaction, own);
  }
}

/**
 * Deletes what was recorded in the own chats of traces, before a span told that they belong to a chat which takes no
 * records.
 */
export async function deleteOwnRuns(
  transaction: OpenTransaction,
  { caller, traces }: { caller: IngestCaller; traces: readonly OwnChat[] },
): Promise<void> {
  const ownRuns = await lockOwnRuns(transaction, caller, traces);
  for (const own of ownRuns.values()) {
    // What spans name somebody as the owner of is theirs, whatever the rest of the trace says.
    if (own.owner_id === caller.userId) await deleteOwnRun(transaction, own);
  }
}

type OwnChat = Pick<PreparedTrace, "traceId" | "ownChatId">;

async function lockOwnRuns(
  transaction: OpenTransaction,
  caller: IngestCaller,
  traces: readonly OwnChat[],
): Promise<Map<string, OwnRun>> {
  if (traces.length === 0) return new Map();
  const chatIds = traces.map(({ ownChatId }) => ownChatId);
  const runIds = traces.map(({ traceId, ownChatId }) => traceRunId(traceId, ownChatId));
  const { rows } = await sql<OwnRun>`
    SELECT run.id, run.chat_id, coalesce(run.payload_at, run.started_at)::text AS payload_at, chat.owner_id
    FROM unnest(${chatIds}::uuid[], ${runIds}::uuid[]) AS own (chat_id, run_id)
    JOIN chats AS chat ON chat.id = own.chat_id
    JOIN chat_debug_runs AS run ON run.id = own.run_id AND run.chat_id = own.chat_id
    WHERE ${caller.userId} IN (chat.owner_id, chat.recorder_id) AND chat.purging_at IS NULL
    ORDER BY chat.id
    FOR UPDATE
  `.execute(transaction);
  return new Map(rows.map((row) => [row.id, row]));
}

/** What somebody else is the owner of stays theirs. A run that has steps of its own has their payloads, too. */
async function mayTakeOver(
  transaction: OpenTransaction,
  { own, home, caller }: { own: OwnRun; home: LockedRun; caller: IngestCaller },
): Promise<boolean> {
  const { rows } = await sql<{ owner_id: string; has_steps: boolean }>`
    SELECT
      owner_id,
      EXISTS (SELECT FROM chat_debug_steps WHERE chat_id = ${home.chat_id} AND run_id = ${home.id}) AS has_steps
    FROM chats
    WHERE id = ${home.chat_id}
  `.execute(transaction);
  const chat = rows[0];
  return chat !== undefined && !chat.has_steps && [chat.owner_id, caller.userId].includes(own.owner_id);
}

/** Copies the steps and payloads of one run into another; answers where the payloads of that run are from now on. */
async function takeOver(transaction: OpenTransaction, own: OwnRun, home: LockedRun): Promise<string> {
  // A chat's id is never changed in place: on a distributed database it says on which machine a row is.
  await sql`
    INSERT INTO chat_debug_steps (
      id, run_id, chat_id, step_number, operation, status, history_tip_message_id, assistant_message_id,
      usage, error, metadata, started_at, updated_at, finished_at, payload_bytes
    )
    SELECT
      id, ${home.id}, ${home.chat_id}, step_number, operation, status, history_tip_message_id, assistant_message_id,
      usage, error, metadata, started_at, updated_at, finished_at, payload_bytes
    FROM chat_debug_steps
    WHERE chat_id = ${own.chat_id} AND run_id = ${own.id}
  `.execute(transaction);
  const copied = await sql`
    INSERT INTO chat_debug_payloads (
      chat_id, run_id, step_id, recorded_at, request, response, attempts, chunks, chunk_index
    )
    SELECT ${home.chat_id}, ${home.id}, step_id, recorded_at, request, response, attempts, chunks, chunk_index
    FROM chat_debug_payloads
    WHERE chat_id = ${own.chat_id} AND run_id = ${own.id} AND recorded_at = ${own.payload_at}::timestamptz
  `.execute(transaction);
  // Without payloads there may be no partition for that moment any more.
  if ((copied.numAffectedRows ?? 0n) === 0n) return home.payload_at;
  await sql`
    UPDATE chat_debug_runs SET payload_at = ${own.payload_at}::timestamptz
    WHERE id = ${home.id} AND chat_id = ${home.chat_id}
  `.execute(transaction);
  return own.payload_at;
}

async function deleteOwnRun(transaction: OpenTransaction, own: OwnRun): Promise<void> {
  await sql`
    DELETE FROM chat_debug_payloads
    WHERE chat_id = ${own.chat_id} AND run_id = ${own.id} AND recorded_at = ${own.payload_at}::timestamptz
  `.execute(transaction);
  await sql`DELETE FROM chat_debug_runs WHERE id = ${own.id} AND chat_id = ${own.chat_id}`.execute(transaction);
  await deleteEmptyOwnChats(transaction, [own.chat_id]);
}

/** Such a chat was made for a trace; what people have put into it since stays. */
export async function deleteEmptyOwnChats(transaction: OpenTransaction, chatIds: readonly string[]): Promise<void> {
  if (chatIds.length === 0) return;
  await sql`
    DELETE FROM chats AS chat
    WHERE id = ANY (${chatIds}::uuid[])
      AND NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_id = chat.id)
      AND NOT EXISTS (SELECT FROM chat_messages WHERE chat_id = chat.id)
      AND NOT EXISTS (SELECT FROM chat_queued_messages WHERE chat_id = chat.id)
      AND NOT EXISTS (SELECT FROM chat_file_links WHERE chat_id = chat.id)
      AND NOT EXISTS (SELECT FROM chats AS child WHERE child.root_chat_id = chat.id)
  `.execute(transaction);
}
