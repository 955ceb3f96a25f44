import type { ChatItem } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";
import type { IngestCaller, PreparedBatch, Rejections } from "./ingest-batch.ts";

/** A chat that the caller may record into. */
export interface WritableChat {
  readonly id: string;
  readonly parentChatId: string | null;
  readonly rootChatId: string | null;
}

interface StoredChat extends WritableChat {
  readonly ownerId: string;
  readonly recorderId: string | null;
  readonly purging: boolean;
}

interface NewChat {
  readonly id: string;
  readonly owner_id: string;
  readonly recorder_id: string | null;
  readonly parent_chat_id: string | null;
  readonly root_chat_id: string | null;
  readonly created_at: string;
}

/**
 * Creates and updates the chats of a batch, and says which of the chats that it names the caller may record into.
 * Every chat concerned, roots included, stays locked to the end of the transaction, so that a deletion waits.
 */
export async function ingestChats(
  transaction: OpenTransaction,
  {
    caller,
    batch,
    now,
    rejections,
  }: { caller: IngestCaller; batch: PreparedBatch; now: string; rejections: Rejections },
): Promise<Map<string, WritableChat>> {
  const named = new Set([...batch.chats, ...batch.runs.map((run) => ({ id: run.chat_id }))].map((chat) => chat.id));
  const parents = batch.chats.flatMap((chat) => chat.parent_chat_id ?? []);
  const stepChats = batch.steps.map((step) => step.chat_id);
  const stored = await lockChats(transaction, [...new Set([...named, ...parents, ...stepChats])]);
  const missing = [...named].filter((id) => !stored.has(id));
  const deleted = await findTombstones(transaction, "chat", missing);
  const owners = await resolveOwners(transaction, batch.chats);

  const decision = new ChatDecision(caller, stored, deleted, owners, now, rejections);
  // Parents come first, so that a family that arrives in one batch is created whole.
  for (const item of batch.chats.toSorted(
    (a, b) => Number(a.parent_chat_id !== undefined) - Number(b.parent_chat_id !== undefined),
  )) {
    decision.decideItem(item);
  }
  for (const run of batch.runs) decision.decideImplied(run.chat_id);
  for (const id of stepChats) decision.decideImplied(id, { create: false });

  await insertChats(transaction, decision.created);
  await updateChats(
    transaction,
    batch.chats.filter((chat) => decision.writable.has(chat.id)),
    now,
  );
  return decision.writable;
}

class ChatDecision {
  readonly writable = new Map<string, WritableChat>();
  readonly created: NewChat[] = [];
  readonly #caller: IngestCaller;
  readonly #stored: ReadonlyMap<string, StoredChat>;
  readonly #deleted: ReadonlySet<string>;
  readonly #owners: ReadonlyMap<string, string>;
  readonly #now: string;
  readonly #rejections: Rejections;

  constructor(
    caller: IngestCaller,
    stored: ReadonlyMap<string, StoredChat>,
    deleted: ReadonlySet<string>,
    owners: ReadonlyMap<string, string>,
    now: string,
    rejections: Rejections,
  ) {
    this.#caller = caller;
    this.#stored = stored;
    this.#deleted = deleted;
    this.#owners = owners;
    this.#now = now;
    this.#rejections = rejections;
  }

  decideItem(item: ChatItem): void {
    const { id, parent_chat_id: parentId } = item;
    const owner = item.owner === undefined ? undefined : this.#owners.get(item.owner.toLowerCase());
    if (item.owner !== undefined && owner === undefined) {
      return this.#reject(id, "invalid", "owner: there is no such person.");
    }
    if (owner !== undefined && owner !== this.#caller.userId && this.#caller.scope !== "ingest") {
      return this.#reject(id, "not_owner", "Only a key of the scope ingest may record for another person.");
    }
    if (this.#deleted.has(id)) return this.#reject(id, "gone", "This chat has been deleted.");

    const stored = this.#stored.get(id);
    if (stored !== undefined) {
      if (stored.purging) return this.#reject(id, "gone", "This chat is being deleted.");
      if (!this.#mayWrite(stored) || (owner !== undefined && owner !== stored.ownerId)) {
        return this.#reject(id, "not_owner", "This chat belongs to another person.");
      }
      if (parentId !== undefined && parentId !== stored.parentChatId) {
        return this.#reject(id, "invalid", "parent_chat_id: the parent of a chat cannot change.");
      }
      this.writable.set(id, stored);
      return;
    }

    if (parentId !== undefined) {
      const parent = this.writable.get(parentId) ?? this.#stored.get(parentId);
      if (
        parent === undefined ||
        ("purging" in parent && (!this.#mayWrite(parent as StoredChat) || (parent as StoredChat).purging))
      ) {
        return this.#reject(id, "invalid", "parent_chat_id: there is no such chat.");
      }
      if (parent.rootChatId !== null) {
        return this.#reject(id, "invalid", "parent_chat_id: a child chat cannot have children.");
      }
    }
    this.#create(id, {
      ownerId: owner ?? this.#caller.userId,
      parentId: parentId ?? null,
      createdAt: item.created_at ?? item.updated_at,
    });
  }

  /** A chat that a run or a step names without a chat item of its own; one that does not exist is created for the caller. */
  decideImplied(id: string, { create } = { create: true }): void {
    if (this.writable.has(id) || this.#rejections.find("chat", id) !== undefined) return;
    const stored = this.#stored.get(id);
    if (stored !== undefined) {
      if (!stored.purging && this.#mayWrite(stored)) this.writable.set(id, stored);
      return;
    }
    if (create && !this.#deleted.has(id))
      this.#create(id, { ownerId: this.#caller.userId, parentId: null, createdAt: undefined });
  }

  #create(id: string, chat: { ownerId: string; parentId: string | null; createdAt: string | undefined }): void {
    const { ownerId, parentId } = chat;
    this.created.push({
      id,
      owner_id: ownerId,
      recorder_id: ownerId === this.#caller.userId ? null : this.#caller.userId,
      parent_chat_id: parentId,
      root_chat_id: parentId,
      created_at: chat.createdAt ?? this.#now,
    });
    this.writable.set(id, { id, parentChatId: parentId, rootChatId: parentId });
  }

  #mayWrite(chat: StoredChat): boolean {
    const { userId, scope } = this.#caller;
    return chat.ownerId === userId || (scope === "ingest" && chat.recorderId === userId);
  }

  #reject(id: string, code: "invalid" | "not_owner" | "gone", message: string): void {
    this.#rejections.add("chat", id, code, message);
  }
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
  const rows = await transaction
    .selectFrom("tombstones")
    .select("id")
    .where("kind", "=", kind)
    .where("id", "in", ids)
    .execute();
  return new Set(rows.map((row) => row.id));
}

/** The people that chat items name, by the text that named them in lower case. */
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

async function updateChats(transaction: OpenTransaction, chats: readonly ChatItem[], now: string): Promise<void> {
  if (chats.length === 0) return;
  const items = chats.map(({ id, title, status, labels, updated_at }) => ({
    id,
    title,
    status,
    labels,
    updated_at: updated_at ?? now,
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
