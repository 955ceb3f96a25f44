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
  /** By what the root itself has been told of its family; null for a child. */
  readonly last_activity_at: Date | null;
  /** The last write to the newest debug run; null where there is none. */
  readonly last_debug_at: Date | null;
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
  ) IS NOT NULL AS has_unread,
  CASE WHEN chat.root_chat_id IS NULL THEN coalesce(chat.last_activity_at, chat.created_at) END AS last_activity_at,
  -- The run that started last, which an index finds. A maximum over all runs of a long chat would read them all.
  (
    SELECT run.updated_at
    FROM chat_debug_runs AS run
    WHERE run.chat_id = chat.id
    ORDER BY run.started_at DESC, run.id DESC
    LIMIT 1
  ) AS last_debug_at
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
