import type { ChatStatus } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Database } from "./database.ts";

/** A chat as its owner sees it. */
export interface ChatRow {
  readonly id: string;
  readonly organization_id: string;
  readonly owner_id: string;
  readonly parent_chat_id: string | null;
  readonly root_chat_id: string | null;
  readonly title: string;
  readonly status: ChatStatus;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived: boolean;
  readonly archived_at: Date | null;
  readonly pin_order: number;
  readonly labels: Record<string, string>;
  /** Whether the model has said something since its owner last looked. */
  readonly has_unread: boolean;
}

/** A chat with its children; those of a child are none. */
export interface ChatFamily extends ChatRow {
  readonly children: readonly ChatRow[];
}

/** The columns of a `ChatRow`, from a table that is called `chat`. */
export const chatColumns = sql`
  chat.id, chat.organization_id, chat.owner_id, chat.parent_chat_id, chat.root_chat_id, chat.title, chat.status,
  chat.created_at, chat.updated_at, chat.archived, chat.archived_at, chat.pin_order, chat.labels,
  -- An EXISTS would let the planner read all messages of all chats, where it takes one of this chat to be among the first.
  (
    SELECT message.id
    FROM chat_messages AS message
    WHERE message.chat_id = chat.id
      AND message.id > coalesce(chat.last_read_message_id, 0)
      AND message.role = 'assistant'
      AND message.visibility <> 'model'
      AND NOT message.deleted
    ORDER BY message.id DESC
    LIMIT 1
  ) IS NOT NULL AS has_unread
`;

/** The same chats, in the same order, with their children from the oldest to the newest. */
export async function withChildren(database: Database, chats: readonly ChatRow[]): Promise<ChatFamily[]> {
  if (chats.length === 0) return [];
  const { rows } = await sql<ChatRow>`
    SELECT ${chatColumns}
    FROM chats AS chat
    WHERE chat.root_chat_id = ANY (${chats.map(({ id }) => id)}::uuid[]) AND chat.purging_at IS NULL
    ORDER BY chat.created_at, chat.id
  `.execute(database);
  const ofRoot = Map.groupBy(rows, (child) => child.root_chat_id);
  return chats.map((chat) => ({ ...chat, children: ofRoot.get(chat.id) ?? [] }));
}
