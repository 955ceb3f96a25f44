import type { ForeignChat } from "@shelflife/api-contract";
import { sql, type RawBuilder } from "kysely";

import { chatColumns, withChildren, type ChatFamily, type ChatRow } from "./chat-rows.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";
import { readSnapshot } from "./read-snapshot.ts";

export interface ChatPage {
  /** Archived chats, or else those that are not. */
  readonly archived: boolean;
  readonly limit: number;
  /** The last chat of the page before. */
  readonly afterId?: string | undefined;
}

export interface OwnChatPage extends ChatPage {
  readonly readerId: string;
  /** Only chats whose title holds this, in any case. */
  readonly title?: string | undefined;
  /** Only chats that have all of these labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What others may know of a person's chat: nothing that its owner wrote. */
export type ForeignChatRow = Record<"created_at" | "updated_at", Date> &
  Pick<ForeignChat, "id" | "owner_id" | "status" | "archived"> & {
    readonly parent_chat_id: string | null;
    readonly root_chat_id: string | null;
    readonly archived_at: Date | null;
  };

export interface ChatListStore {
  /**
   * A page of the reader's roots with their children: the pinned ones first by their place, then the others, the newest
   * first.
   *
   * @returns undefined where the reader has no root of the id that the page is to follow
   */
  listChats(page: OwnChatPage): Promise<ChatFamily[] | undefined>;
  /** A page of a person's chats, roots and children alike, the newest first; undefined as above. */
  listForeignChats(page: ChatPage & { readonly ownerId: string }): Promise<ForeignChatRow[] | undefined>;
}

/** Where a page begins. The time travels as SQL text, since a Date would lose its microseconds. */
interface Cursor {
  readonly id: string;
  readonly pin_order: number;
  readonly updated_at: string;
}

export function chatListStore(database: Database): ChatListStore {
  return {
    listChats(page) {
      return readSnapshot(database, async (transaction) => {
        const owned = sql`chat.owner_id = ${page.readerId} AND chat.root_chat_id IS NULL`;
        const cursor = await readCursor(transaction, owned, page.afterId);
        if (cursor === undefined) return undefined;
        const matching = sql`${owned} AND ${inPage(page)} ${ofTitle(page.title)} ${ofLabels(page.labels)}`;
        // Two statements, each in the order of an index, rather than one that would have to sort everything.
        const pinned = cursor?.pin_order === 0 ? [] : await listPinned(transaction, matching, cursor, page.limit);
        const rest = page.limit - pinned.length;
        const after = cursor?.pin_order === 0 ? cursor : null;
        const others = rest === 0 ? [] : await listUnpinned(transaction, matching, after, rest);
        return withChildren(transaction, [...pinned, ...others]);
      });
    },

    listForeignChats(page) {
      return readSnapshot(database, async (transaction) => {
        const owned = sql`chat.owner_id = ${page.ownerId}`;
        const cursor = await readCursor(transaction, owned, page.afterId);
        if (cursor === undefined) return undefined;
        const { rows } = await sql<ForeignChatRow>`
          SELECT
            chat.id, chat.owner_id, chat.parent_chat_id, chat.root_chat_id, chat.status,
            chat.created_at, chat.updated_at, chat.archived, chat.archived_at
          FROM chats AS chat
          WHERE ${owned} AND ${inPage(page)} ${olderThan(cursor)}
          ORDER BY chat.updated_at DESC, chat.id DESC
          LIMIT ${page.limit}
        `.execute(transaction);
        return rows;
      });
    },
  };
}

function inPage({ archived }: ChatPage): RawBuilder<unknown> {
  return sql`chat.archived = ${archived} AND chat.purging_at IS NULL`;
}

function ofTitle(title: string | undefined): RawBuilder<unknown> {
  return title === undefined ? sql`` : sql`AND strpos(lower(chat.title), lower(${title})) > 0`;
}

function ofLabels(labels: OwnChatPage["labels"]): RawBuilder<unknown> {
  return labels === undefined ? sql`` : sql`AND chat.labels @> ${jsonText(labels)}::jsonb`;
}

function olderThan(cursor: Cursor | null): RawBuilder<unknown> {
  if (cursor === null) return sql``;
  return sql`AND (chat.updated_at, chat.id) < (${cursor.updated_at}::timestamptz, ${cursor.id}::uuid)`;
}

/** Null at the beginning, undefined where there is no such chat. */
async function readCursor(
  transaction: OpenTransaction,
  owned: RawBuilder<unknown>,
  afterId: string | undefined,
): Promise<Cursor | null | undefined> {
  if (afterId === undefined) return null;
  const { rows } = await sql<Cursor>`
    SELECT chat.id, chat.pin_order, chat.updated_at::text AS updated_at
    FROM chats AS chat
    WHERE chat.id = ${afterId} AND ${owned} AND chat.purging_at IS NULL
  `.execute(transaction);
  return rows[0];
}

async function listPinned(
  transaction: OpenTransaction,
  matching: RawBuilder<unknown>,
  cursor: Cursor | null,
  limit: number,
): Promise<ChatRow[]> {
  const later =
    cursor === null
      ? sql``
      : sql`AND (chat.pin_order > ${cursor.pin_order} OR (chat.pin_order = ${cursor.pin_order} ${olderThan(cursor)}))`;
  const { rows } = await sql<ChatRow>`
    SELECT ${chatColumns}
    FROM chats AS chat
    WHERE ${matching} AND chat.pin_order > 0 ${later}
    ORDER BY chat.pin_order, chat.updated_at DESC, chat.id DESC
    LIMIT ${limit}
  `.execute(transaction);
  return rows;
}

async function listUnpinned(
  transaction: OpenTransaction,
  matching: RawBuilder<unknown>,
  cursor: Cursor | null,
  limit: number,
): Promise<ChatRow[]> {
  const { rows } = await sql<ChatRow>`
    SELECT ${chatColumns}
    FROM chats AS chat
    WHERE ${matching} AND chat.pin_order = 0 ${olderThan(cursor)}
    ORDER BY chat.updated_at DESC, chat.id DESC
    LIMIT ${limit}
  `.execute(transaction);
  return rows;
}
