import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { chatTransaction, lockChat } from "./chat-locks.ts";
import { chatColumns, withChildren, type ChatFamily, type ChatRow } from "./chat-rows.ts";
import { newId, type Database, type OpenTransaction } from "./database.ts";
import type { ChatReading } from "./debug-runs.ts";
import { listLinkedFiles, type FileDescription } from "./files.ts";
import { jsonText } from "./json-text.ts";
import { readSnapshot } from "./read-snapshot.ts";

export interface NewChatRow {
  readonly ownerId: string;
  /** `New Chat` where it is left out. */
  readonly title?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly parentChatId?: string | undefined;
}

export interface ChatWithFiles extends ChatFamily {
  readonly files: readonly FileDescription[];
}

export interface ChatsStore {
  /**
   * Creates a chat, or a child of one.
   *
   * @returns undefined where the owner has no such parent
   * @throws CodedError `child_chat` where the parent is a child itself, `chat_archived` where it is archived
   */
  createChat(chat: NewChatRow): Promise<ChatFamily | undefined>;
  /** A chat with its children and the files that it links; undefined where the reader has no such chat. */
  readChat(reading: ChatReading): Promise<ChatWithFiles | undefined>;
  /** Whether the reader has this chat, and whether it takes messages: for a look before a body is read. */
  findChat(reading: ChatReading): Promise<{ readonly archived: boolean } | undefined>;
}

export function chatsStore(database: Database, clock: Clock): ChatsStore {
  return {
    createChat(chat) {
      return chatTransaction(database, async (transaction) => {
        if (chat.parentChatId !== undefined) {
          const parent = await lockChat(transaction, { chatId: chat.parentChatId, ownerId: chat.ownerId });
          if (parent === undefined) return undefined;
          if (parent.chat.root_chat_id !== null)
            throw new CodedError("child_chat", "A child chat cannot have children.");
          if (parent.chat.archived) throw new CodedError("chat_archived", "An archived chat cannot have new children.");
        }
        return { ...(await insertChat(transaction, chat, clock.now())), children: [] };
      });
    },

    readChat({ chatId, readerId }) {
      return readSnapshot(database, async (transaction) => {
        const { rows } = await sql<ChatRow>`
          SELECT ${chatColumns}
          FROM chats AS chat
          WHERE chat.id = ${chatId} AND chat.owner_id = ${readerId} AND chat.purging_at IS NULL
        `.execute(transaction);
        const [family] = await withChildren(transaction, rows);
        return family && { ...family, files: await listLinkedFiles(transaction, chatId) };
      });
    },

    async findChat({ chatId, readerId }) {
      const { rows } = await sql<{ archived: boolean }>`
        SELECT chat.archived OR coalesce(root.archived, false) AS archived
        FROM chats AS chat
        LEFT JOIN chats AS root ON root.id = chat.root_chat_id
        WHERE chat.id = ${chatId} AND chat.owner_id = ${readerId} AND chat.purging_at IS NULL
      `.execute(database);
      return rows[0];
    },
  };
}

async function insertChat(transaction: OpenTransaction, chat: NewChatRow, now: Date): Promise<ChatRow> {
  const { ownerId, title = "New Chat", labels = {}, parentChatId = null } = chat;
  const { rows } = await sql<ChatRow>`
    INSERT INTO chats AS chat (
      id, owner_id, organization_id, parent_chat_id, root_chat_id, title, labels, last_activity_at, created_at, updated_at
    )
    VALUES (
      ${newId()}, ${ownerId}, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1),
      ${parentChatId}, ${parentChatId}, ${title}, ${jsonText(labels)}, ${now}, ${now}, ${now}
    )
    RETURNING ${chatColumns}
  `.execute(transaction);
  const [row] = rows;
  if (row === undefined) throw new CodedError("internal", "The database did not answer with the chat that it stored.");
  return row;
}
