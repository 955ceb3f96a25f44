import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { hasCode } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { countBatchInLedger } from "./purge-ledger.ts";
import { deletePayloadsOfRuns, payloadBytes, placedRun, type PlacedRun } from "./run-payloads.ts";
import { leaveTombstones } from "./tombstones.ts";

interface Batch {
  /** At most so many rows of a kind. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Where the purge deletes: its row in the ledger. */
  readonly ledgerId?: string | undefined;
}

export interface ChatBatch extends Batch {
  readonly chatId: string;
}

export interface DeadPayloadBatch extends Batch {
  readonly chatIds: readonly string[];
  /** The names of partitions; they are locked to the end of the batch, so let them be few. */
  readonly partitions: readonly string[];
}

/**
 * Deleting chats. A chat may hold a hundred thousand runs, so it is first marked, which makes it read as gone and refuses
 * every further write; then its runs, payloads and messages are deleted in bounded batches; then its row goes. Whoever was
 * interrupted begins again from the first step. Of a chat that is not marked nothing is deleted that lives.
 */
export interface ChatDeletionStore {
  /**
   * Marks a chat and, where it is a root, its whole family.
   *
   * @returns the chats that are to be emptied and dropped, children before their root; none where there is no such chat
   */
  markChatDeleted(chatId: string, origin: AuditOrigin): Promise<string[]>;
  /** Deletes at most so many runs with their steps and payloads; answers how many there were. */
  deleteChatRunBatch(batch: ChatBatch): Promise<number>;
  /**
   * Deletes at most so many messages, queued messages and links to files each.
   *
   * @returns how many there were of whichever there were the most
   */
  deleteChatContentBatch(batch: ChatBatch): Promise<number>;
  /**
   * Deletes at most so many payload rows from each of these partitions: those whose runs had been deleted before.
   *
   * @returns how many there were in the partition that held the most
   */
  deleteDeadPayloadBatch(batch: DeadPayloadBatch): Promise<number>;
  /** Drops the row of a chat that has been emptied; false where it still holds runs, was never marked, or is gone. */
  dropDeletedChat(chat: { readonly chatId: string; readonly ledgerId?: string | undefined }): Promise<boolean>;
}

export function chatDeletionStore(database: Database, clock: Clock): ChatDeletionStore {
  return {
    async markChatDeleted(chatId, origin) {
      return database.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ id: string; marked: boolean }>`
          SELECT id, purging_at IS NOT NULL AS marked FROM chats
          WHERE id = ${chatId} OR root_chat_id = ${chatId}
          ORDER BY id
          FOR UPDATE
        `.execute(transaction);
        const ids = rows.map(({ id }) => id);
        if (!ids.includes(chatId)) return [];
        const now = clock.now();
        await markLockedChats(transaction, ids, now);
        if (rows.some(({ id, marked }) => id === chatId && !marked)) {
          await writeAudit(transaction, origin, {
            time: now,
            resourceType: "chat",
            resourceId: chatId,
            resourceTarget: "",
            action: "delete",
            diff: {},
          });
        }
        return ids.toSorted((a, b) => Number(a === chatId) - Number(b === chatId));
      });
    },

    deleteChatRunBatch({ chatId, limit, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        if (!(await lockMarkedChat(transaction, chatId))) return 0;
        const { rows: runs } = await sql<PlacedRun>`
          SELECT ${placedRun}
          FROM chat_debug_runs
          WHERE chat_id = ${chatId}
          ORDER BY started_at DESC, id DESC
          LIMIT ${limit}
          FOR UPDATE
        `.execute(transaction);
        await sql`
          DELETE FROM chat_debug_runs WHERE chat_id = ${chatId} AND id = ANY (${runs.map(({ id }) => id)}::uuid[])
        `.execute(transaction);
        const bytes = await deletePayloadsOfRuns(transaction, runs);
        await countBytes(transaction, ledgerId, runs.length, bytes);
        return runs.length;
      });
    },

    deleteChatContentBatch({ chatId, limit, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        if (!(await lockMarkedChat(transaction, chatId))) return 0;
        let most = 0;
        for (const [table, size] of CONTENT) {
          const { rows } = await sql<{ rows: number; bytes: number }>`
            WITH gone AS (
              DELETE FROM ${sql.table(table)} AS content
              WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${sql.table(table)} WHERE chat_id = ${chatId} LIMIT ${limit}))
              RETURNING ${size} AS bytes
            )
            SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
          `.execute(transaction);
          const gone = rows[0] ?? { rows: 0, bytes: 0 };
          await countBytes(transaction, ledgerId, gone.rows, gone.bytes);
          most = Math.max(most, gone.rows);
        }
        return most;
      });
    },

    async deleteDeadPayloadBatch(batch) {
      try {
        return await deleteDeadPayloads(database, batch);
      } catch (error) {
        if (!hasCode(error, UNDEFINED_TABLE)) throw error;
        // A partition was dropped meanwhile, and with it whatever was to be deleted from it: the others are asked again.
        let most = 0;
        for (const partition of batch.partitions) {
          most = Math.max(most, await deleteFromPartition(database, batch, partition));
        }
        return most;
      }
    },

    async dropDeletedChat({ chatId, ledgerId }) {
      return database.transaction().execute(async (transaction) => {
        const result = await sql`
          DELETE FROM chats
          WHERE id = ${chatId}
            AND purging_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_debug_runs.chat_id = chats.id)
        `.execute(transaction);
        const dropped = (result.numAffectedRows ?? 0n) > 0n;
        if (dropped && ledgerId !== undefined)
          await countBatchInLedger(transaction, ledgerId, { deleted: 1, bytes: 0 });
        return dropped;
      });
    },
  };
}

/** What a chat holds besides runs, and the stored bytes of one row of it. */
const CONTENT = [
  ["chat_messages", sql`pg_column_size(content.content)`],
  ["chat_queued_messages", sql`pg_column_size(content.content)`],
  ["chat_file_links", sql`0`],
] as const;

/** Marks chats whose rows are locked, those that are marked already excepted. */
export async function markLockedChats(transaction: OpenTransaction, ids: readonly string[], now: Date): Promise<void> {
  await sql`UPDATE chats SET purging_at = ${now} WHERE id = ANY (${ids}::uuid[]) AND purging_at IS NULL`.execute(
    transaction,
  );
  await leaveTombstones(transaction, { kind: "chat", ids, now });
}

async function lockMarkedChat(transaction: OpenTransaction, chatId: string): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM chats WHERE id = ${chatId} AND purging_at IS NOT NULL FOR UPDATE
  `.execute(transaction);
  return rows.length > 0;
}

const UNDEFINED_TABLE = "42P01";

async function deleteFromPartition(database: Database, batch: DeadPayloadBatch, partition: string): Promise<number> {
  try {
    return await deleteDeadPayloads(database, { ...batch, partitions: [partition] });
  } catch (error) {
    if (hasCode(error, UNDEFINED_TABLE)) return 0;
    throw error;
  }
}

function deleteDeadPayloads(
  database: Database,
  { chatIds, partitions, limit, ledgerId, signal }: DeadPayloadBatch,
): Promise<number> {
  return cancellableTransaction(database, signal, async (transaction) => {
    let most = 0;
    for (const partition of partitions) {
      const table = sql.table(partition);
      const { rows } = await sql<{ rows: number; bytes: number }>`
        WITH gone AS (
          DELETE FROM ${table} AS dead
          WHERE ctid = ANY (ARRAY(
            SELECT payload.ctid FROM ${table} AS payload
            WHERE payload.chat_id = ANY (${chatIds}::uuid[])
              AND NOT EXISTS (
                SELECT FROM chat_debug_runs AS run WHERE run.id = payload.run_id AND run.chat_id = payload.chat_id
              )
            LIMIT ${limit}
          ))
          RETURNING ${payloadBytes("dead")} AS bytes
        )
        SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
      `.execute(transaction);
      const gone = rows[0] ?? { rows: 0, bytes: 0 };
      await countBytes(transaction, ledgerId, gone.rows, gone.bytes);
      most = Math.max(most, gone.rows);
    }
    return most;
  });
}

/** Counts in the ledger what went with a chat that has not gone yet. */
async function countBytes(
  transaction: OpenTransaction,
  ledgerId: string | undefined,
  rows: number,
  bytes: number,
): Promise<void> {
  if (ledgerId !== undefined && rows > 0) await countBatchInLedger(transaction, ledgerId, { deleted: 0, bytes });
}
