import type { ChatItem } from "@shelflife/api-contract";
import { sql } from "kysely";

import { ChatDecision, type NewChat, type StoredChat } from "./chat-decision.ts";
import type { OpenTransaction } from "./database.ts";
import type { IngestCaller, PreparedBatch, PreparedChat, Rejections } from "./ingest-batch.ts";
import { jsonText } from "./json-text.ts";
import { isBusy, promoteQueuedMessages } from "./queued-messages.ts";

/**
 * Creates and updates the chats of a batch, and says which of the chats that it names the caller may record into.
 * Every chat concerned, roots included, stays locked to the end of the transaction, so that a deletion waits.
 */
export async function ingestChats(
  transaction: OpenTransaction,
  input: { caller: IngestCaller; batch: PreparedBatch; now: string; rejections: Rejections },
): Promise<Pick<ChatDecision, "writable" | "refusals">> {
  const { caller, batch, now, rejections } = input;
  const concerned = new Set([
    ...batch.chats.flatMap((chat) => [chat.id, chat.parent_chat_id ?? chat.id]),
    ...batch.runs.map((run) => run.chat_id),
    ...batch.steps.map((step) => step.chat_id),
  ]);
  const stored = await lockChats(transaction, [...concerned]);
  const deleted = await findTombstones(
    transaction,
    "chat",
    [...concerned].filter((id) => !stored.has(id)),
  );
  const owners = await resolveOwners(transaction, batch.chats);

  const decision = new ChatDecision({ caller, stored, deleted, owners, now, rejections });
  const isChild = (chat: ChatItem): number => Number(chat.parent_chat_id !== undefined);
  for (const chat of batch.chats.toSorted((a, b) => isChild(a) - isChild(b))) decision.decideItem(chat);
  for (const run of batch.runs) decision.decideImplied(run.chat_id, { create: true });
  for (const step of batch.steps) decision.decideImplied(step.chat_id, { create: false });

  await insertChats(transaction, decision.created);
  const written = batch.chats.filter((chat) => decision.writable.has(chat.id));
  await updateChats(transaction, written);
  const changed = written.flatMap(({ id, status }) => (status === undefined || isBusy({ status }) ? [] : [id]));
  if (changed.length > 0) await promoteQueuedMessages(transaction, changed);
  return decision;
}

/** Locks chats and their roots in the order of their ids, so that two batches never wait for each other in a circle. */
async function lockChats(transaction: OpenTransaction, ids: readonly string[]): Promise<Map<string, StoredChat>> {
  if (ids.length === 0) return new Map();
  // The root of a chat never changes, so that it can be read before anything is locked.
  const { rows } = await sql<StoredChat>`
    SELECT
      id,
      owner_id AS "ownerId",
      recorder_id AS "recorderId",
      parent_chat_id AS "parentChatId",
      root_chat_id AS "rootChatId",
      purging_at IS NOT NULL AS purging
    FROM chats
    WHERE id IN (
      SELECT unnest(${ids}::uuid[])
      UNION
      SELECT root_chat_id FROM chats WHERE id = ANY (${ids}::uuid[]) AND root_chat_id IS NOT NULL
    )
    ORDER BY id
    FOR NO KEY UPDATE
  `.execute(transaction);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Which of these ids were deleted on purpose a short while ago. */
export async function findTombstones(
  transaction: OpenTransaction,
  kind: "chat" | "run",
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM tombstones WHERE kind = ${kind} AND id = ANY (${ids}::uuid[])
  `.execute(transaction);
  return new Set(rows.map((row) => row.id));
}

/** The people that chat items name by e-mail address or id. */
async function resolveOwners(transaction: OpenTransaction, chats: readonly ChatItem[]): Promise<Map<string, string>> {
  const names = [...new Set(chats.flatMap((chat) => chat.owner?.toLowerCase() ?? []))];
  if (names.length === 0) return new Map();
  const { rows } = await sql<{ name: string; id: string }>`
    SELECT named.name, person.id
    FROM unnest(${names}::text[]) AS named (name)
    JOIN users AS person ON person.email = named.name OR person.id::text = named.name
  `.execute(transaction);
  return new Map(rows.map((row) => [row.name, row.id]));
}

async function insertChats(transaction: OpenTransaction, chats: readonly NewChat[]): Promise<void> {
  if (chats.length === 0) return;
  // Without ON CONFLICT: if somebody else has just created one of them, the whole batch is tried again and finds it.
  await sql`
    INSERT INTO chats (id, owner_id, organization_id, recorder_id, parent_chat_id, root_chat_id, last_activity_at, created_at, updated_at)
    SELECT
      item.id, item.owner_id, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1), item.recorder_id,
      item.parent_chat_id, item.root_chat_id, item.created_at, item.created_at, item.created_at
    FROM jsonb_to_recordset(${jsonText(chats)}::jsonb) AS item (
      id uuid, owner_id uuid, recorder_id uuid, parent_chat_id uuid, root_chat_id uuid, created_at timestamptz
    )
    ORDER BY item.id
  `.execute(transaction);
}

async function updateChats(transaction: OpenTransaction, chats: readonly PreparedChat[]): Promise<void> {
  if (chats.length === 0) return;
  const items = chats.map(({ id, title, status, labels, updated_at }) => ({
    id,
    title,
    status,
    labels,
    updated_at,
  }));
  await sql`
    UPDATE chats AS chat
    SET
      title = coalesce(item.title, chat.title),
      status = coalesce(item.status, chat.status),
      labels = coalesce(item.labels, chat.labels),
      updated_at = greatest(chat.updated_at, item.updated_at)
    FROM jsonb_to_recordset(${jsonText(items)}::jsonb) AS item (
      id uuid, title text, status text, labels jsonb, updated_at timestamptz
    )
    WHERE chat.id = item.id
  `.execute(transaction);
}
