import { QUEUED_MESSAGES, type MessageRole } from "@shelflife/api-contract";
import { sql, type RawBuilder } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { chatTransaction, lockChat, type ChatWriting, type LockedInFamily } from "./chat-locks.ts";
import type { Database, OpenTransaction } from "./database.ts";
import type { ChatReading } from "./debug-runs.ts";
import { linkFiles } from "./files.ts";
import { jsonText } from "./json-text.ts";
import {
  enqueueMessage,
  isBusy,
  listQueuedMessages,
  promoteQueuedMessages,
  type QueuedMessageRow,
} from "./queued-messages.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { StoredContent } from "./tables.ts";

export interface MessageRow {
  readonly id: number;
  readonly chat_id: string;
  readonly created_at: Date;
  readonly role: MessageRole;
  readonly content: StoredContent;
}

export interface MessageContent {
  readonly content: StoredContent;
  /** The files that the content names. */
  readonly fileIds: readonly string[];
}

export interface MessagePageRequest extends ChatReading {
  readonly beforeId?: number | undefined;
  readonly afterId?: number | undefined;
  readonly limit: number;
}

export interface MessagePageRows {
  /** The oldest first. */
  readonly messages: readonly MessageRow[];
  readonly queued: readonly QueuedMessageRow[];
  readonly hasMore: boolean;
}

export interface MessagesStore {
  /**
   * A page of a chat's messages: those right after `afterId` where that stands alone, else the newest, before `beforeId`
   * where it is given. Reading marks as read, but for reading back.
   *
   * @returns undefined where the reader has no such chat
   */
  listMessages(page: MessagePageRequest): Promise<MessagePageRows | undefined>;
  /**
   * Adds a message, or queues it where it is the user's and the chat is busy, and links the files that it names.
   *
   * @returns undefined where the owner has no such chat
   * @throws CodedError `chat_archived`, `queue_full`
   * @throws UnreadableFileError
   */
  addMessage(
    message: ChatWriting & MessageContent & { readonly role: MessageRole },
  ): Promise<{ readonly message: MessageRow; readonly queued: boolean } | undefined>;
}

export const messageColumns = sql`id, chat_id, created_at, role, content`;

export function messagesStore(database: Database, clock: Clock): MessagesStore {
  return {
    async listMessages(page) {
      const found = await readSnapshot(database, (transaction) => readPage(transaction, page));
      if (found === undefined || found.queued.length === 0 || isBusy(found.chat))
        return markRead(database, page, found);
      // Whoever ended the chat's work did not go through the batch API, so that the messages still wait.
      await chatTransaction(database, async (transaction) => {
        await lockChat(transaction, { chatId: page.chatId, ownerId: page.readerId });
        await promoteQueuedMessages(transaction, [page.chatId]);
      });
      return markRead(database, page, await readSnapshot(database, (transaction) => readPage(transaction, page)));
    },

    addMessage({ chatId, ownerId, role, content, fileIds }) {
      return chatTransaction(database, async (transaction) => {
        const locked = await lockForMessages(transaction, { chatId, ownerId });
        if (locked === undefined) return undefined;
        const now = clock.now();
        await linkFiles(transaction, { chatId, senderId: ownerId, fileIds });
        await raiseActivity(transaction, locked, now);
        const text = jsonText(content);
        if (role === "user" && isBusy(locked.chat)) {
          await refuseFullQueue(transaction, chatId);
          const message = await enqueueMessage(transaction, { chatId, content: text, now });
          return { message: { ...message, role }, queued: true };
        }
        await promoteQueuedMessages(transaction, [chatId]);
        const message = await transaction
          .insertInto("chat_messages")
          .values({ chat_id: chatId, role, content: text, created_by: ownerId, created_at: now })
          .returning(["id", "chat_id", "created_at", "role", "content"])
          .executeTakeFirstOrThrow();
        return { message, queued: false };
      });
    },
  };
}

/** Locks a chat that is about to take a message. @throws CodedError `chat_archived` */
export async function lockForMessages(
  transaction: OpenTransaction,
  writing: ChatWriting,
): Promise<LockedInFamily | undefined> {
  const locked = await lockChat(transaction, writing);
  if (locked?.chat.archived === true || locked?.root.archived === true) {
    throw new CodedError("chat_archived", "Cannot send messages to an archived chat.");
  }
  return locked;
}

/** A message is activity of its family, whose root carries the newest. */
export async function raiseActivity(
  transaction: OpenTransaction,
  { chat, root }: LockedInFamily,
  now: Date,
): Promise<void> {
  await sql`
    UPDATE chats
    SET
      updated_at = CASE WHEN id = ${chat.id} THEN greatest(updated_at, ${now}) ELSE updated_at END,
      last_activity_at = CASE WHEN id = ${root.id} THEN greatest(last_activity_at, ${now}) ELSE last_activity_at END
    WHERE id IN (${chat.id}, ${root.id})
  `.execute(transaction);
}

async function refuseFullQueue(transaction: OpenTransaction, chatId: string): Promise<void> {
  const { rows } = await sql<{ waiting: number }>`
    SELECT count(*) AS waiting FROM chat_queued_messages WHERE chat_id = ${chatId}
  `.execute(transaction);
  if ((rows[0]?.waiting ?? 0) < QUEUED_MESSAGES) return;
  throw new CodedError("queue_full", `Message queue is full: ${QUEUED_MESSAGES} messages wait for this chat already.`);
}

interface ReadPage extends MessagePageRows {
  readonly chat: { readonly status: string; readonly last_read_message_id: number | null };
}

async function readPage(transaction: OpenTransaction, page: MessagePageRequest): Promise<ReadPage | undefined> {
  const { chatId, readerId, beforeId, afterId, limit } = page;
  const chat = await transaction
    .selectFrom("chats")
    .select(["status", "last_read_message_id"])
    .where("id", "=", chatId)
    .where("owner_id", "=", readerId)
    .where("purging_at", "is", null)
    .executeTakeFirst();
  if (chat === undefined) return undefined;
  const before = beforeId === undefined ? sql`` : sql`AND id < ${beforeId}`;
  const after = afterId === undefined ? sql`` : sql`AND id > ${afterId}`;
  const isForward = afterId !== undefined && beforeId === undefined;
  const direction: RawBuilder<unknown> = isForward ? sql`ASC` : sql`DESC`;
  // One more than was asked for, to see whether there is more.
  const { rows } = await sql<MessageRow>`
    SELECT ${messageColumns}
    FROM chat_messages
    WHERE chat_id = ${chatId} AND NOT deleted AND visibility <> 'model' ${before} ${after}
    ORDER BY id ${direction}
    LIMIT ${limit + 1}
  `.execute(transaction);
  const messages = rows.slice(0, limit);
  return {
    chat,
    messages: isForward ? messages : messages.toReversed(),
    queued: await listQueuedMessages(transaction, chatId),
    hasMore: rows.length > limit,
  };
}

/** Whoever goes forward has read up to where they are. Where somebody is writing to the chat, the next look marks it. */
async function markRead(
  database: Database,
  { chatId, beforeId }: MessagePageRequest,
  page: ReadPage | undefined,
): Promise<ReadPage | undefined> {
  const newest = page?.messages.at(-1)?.id ?? 0;
  if (page === undefined || beforeId !== undefined || newest <= (page.chat.last_read_message_id ?? 0)) return page;
  await sql`
    UPDATE chats
    SET last_read_message_id = ${newest}
    WHERE id = (SELECT id FROM chats WHERE id = ${chatId} FOR NO KEY UPDATE SKIP LOCKED)
      AND coalesce(last_read_message_id, 0) < ${newest}
  `.execute(database);
  return page;
}
