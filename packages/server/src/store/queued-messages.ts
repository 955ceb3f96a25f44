import { sql } from "kysely";

import type { Database, OpenTransaction } from "./database.ts";
import type { StoredContent } from "./tables.ts";

/** A user message that came while its chat was busy, and waits for it. */
export interface QueuedMessageRow {
  readonly id: number;
  readonly chat_id: string;
  readonly content: StoredContent;
  readonly created_at: Date;
}

/** While a chat is at one of these, its user's messages wait. */
const BUSY = ["running", "pending"];

export function isBusy({ status }: { readonly status: string }): boolean {
  return BUSY.includes(status);
}

export async function listQueuedMessages(database: Database, chatId: string): Promise<QueuedMessageRow[]> {
  const { rows } = await sql<QueuedMessageRow>`
    SELECT id, chat_id, content, created_at FROM chat_queued_messages WHERE chat_id = ${chatId} ORDER BY id
  `.execute(database);
  return rows;
}

export async function enqueueMessage(
  transaction: OpenTransaction,
  message: { readonly chatId: string; readonly content: string; readonly now: Date },
): Promise<QueuedMessageRow> {
  const { chatId, content, now } = message;
  return transaction
    .insertInto("chat_queued_messages")
    .values({ chat_id: chatId, content, created_at: now })
    .returning(["id", "chat_id", "content", "created_at"])
    .executeTakeFirstOrThrow();
}

/**
 * Makes the waiting messages of those of these chats that are no longer busy into messages, in the order in which they
 * came. The chats are locked.
 */
export async function promoteQueuedMessages(transaction: OpenTransaction, chatIds: readonly string[]): Promise<void> {
  await sql`
    WITH promoted AS (
      DELETE FROM chat_queued_messages AS queued
      USING chats AS chat
      WHERE queued.chat_id = ANY (${chatIds}::uuid[])
        AND chat.id = queued.chat_id
        AND chat.status <> ALL (${BUSY}::text[])
      RETURNING queued.id, queued.chat_id, queued.content, queued.created_at, chat.owner_id
    )
    INSERT INTO chat_messages (chat_id, role, content, created_by, created_at)
    SELECT chat_id, 'user', content, owner_id, created_at FROM promoted ORDER BY id
  `.execute(transaction);
}
