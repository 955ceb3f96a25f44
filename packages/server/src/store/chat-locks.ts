import type { ChatStatus } from "@shelflife/api-contract";
import { sql } from "kysely";

import { hasCode } from "../coded-error.ts";
import type { Database, OpenTransaction } from "./database.ts";

/** Which chat is written to, and on whose behalf: a chat of another person does not exist for the writer. */
export interface ChatWriting {
  readonly chatId: string;
  readonly ownerId: string;
}

/** A chat whose row is locked to the end of the transaction. */
export interface LockedChat {
  readonly id: string;
  readonly root_chat_id: string | null;
  readonly organization_id: string;
  readonly status: ChatStatus;
  readonly archived: boolean;
  readonly pin_order: number;
}

/** A chat and the root of its family, which is the chat itself where it is no child. */
export interface LockedInFamily {
  readonly chat: LockedChat;
  readonly root: LockedChat;
}

const LOCK_TIMEOUT = "10s";
const ATTEMPTS = 4;

/** What a lost race looks like: a deadlock, and a snapshot that another transaction outran. */
const LOST_RACES = ["40P01", "40001"];

/** A transaction that locks chats, tried again where it loses a race. What it does must bear being done again. */
export async function chatTransaction<T>(
  database: Database,
  work: (transaction: OpenTransaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction().execute(async (transaction) => {
        await sql`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`.execute(transaction);
        return work(transaction);
      });
    } catch (error) {
      if (attempt === ATTEMPTS || !hasCode(error, ...LOST_RACES)) throw error;
    }
  }
}

const lockedColumns = sql`id, root_chat_id, organization_id, status, archived, pin_order`;

/**
 * Locks a chat with its root, in the order of their ids as everybody does who locks several. Whoever holds the root holds
 * the family: nobody archives, deletes or adds to it meanwhile.
 */
export async function lockChat(
  transaction: OpenTransaction,
  { chatId, ownerId }: ChatWriting,
): Promise<LockedInFamily | undefined> {
  const { rows } = await sql<LockedChat>`
    SELECT ${lockedColumns}
    FROM chats
    WHERE id IN (${chatId}, (SELECT root_chat_id FROM chats WHERE id = ${chatId}))
      AND owner_id = ${ownerId}
      AND purging_at IS NULL
    ORDER BY id
    FOR NO KEY UPDATE
  `.execute(transaction);
  const chat = rows.find(({ id }) => id === chatId);
  const root = rows.find(({ id }) => id === (chat?.root_chat_id ?? chatId));
  return chat && root && { chat, root };
}

/**
 * Locks the children of a root that is locked already, so that none can be added any more.
 *
 * @returns the whole family
 */
export async function lockFamily(
  transaction: OpenTransaction,
  { chatId: rootId, ownerId }: ChatWriting,
): Promise<readonly LockedChat[]> {
  const { rows } = await sql<LockedChat>`
    SELECT ${lockedColumns}
    FROM chats
    WHERE (id = ${rootId} OR root_chat_id = ${rootId}) AND owner_id = ${ownerId} AND purging_at IS NULL
    ORDER BY id
    FOR NO KEY UPDATE
  `.execute(transaction);
  return rows;
}
