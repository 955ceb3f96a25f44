import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";

interface ChatBatch {
  readonly chatId: string;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Deleting chats. A chat may hold a hundred thousand runs, so it is first marked, which makes it read as gone and refuses
 * every further write; then its runs and payloads are deleted in bounded batches; then its row goes. Whoever was
 * interrupted begins again from the first step.
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
  /** Deletes at most so many payload rows of a chat from one partition: those of runs that had been purged before. */
  deleteChatPayloadBatch(batch: ChatBatch & { partition: string }): Promise<number>;
  /** Drops the row of a chat that has been emptied; false where it still holds runs, or was never marked. */
  dropDeletedChat(chatId: string): Promise<boolean>;
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
        await sql`UPDATE chats SET purging_at = ${now} WHERE id = ANY (${ids}::uuid[]) AND purging_at IS NULL`.execute(
          transaction,
        );
        await removeOldTombstones(transaction, now);
        // A late flush of a recorder must not bring back what was deleted on purpose.
        await sql`
          INSERT INTO tombstones (kind, id, created_at) SELECT 'chat', id, ${now} FROM unnest(${ids}::uuid[]) AS deleted (id)
          ON CONFLICT (id, kind) DO UPDATE SET created_at = excluded.created_at
        `.execute(transaction);
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

    deleteChatRunBatch({ chatId, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        await sql`SELECT FROM chats WHERE id = ${chatId} FOR UPDATE`.execute(transaction);
        const { rows: runs } = await sql<ChosenRun>`
          SELECT
            id,
            coalesce(payload_at, started_at)::text AS payload_at,
            (coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day
          FROM chat_debug_runs
          WHERE chat_id = ${chatId}
          ORDER BY started_at DESC, id DESC
          LIMIT ${limit}
          FOR UPDATE
        `.execute(transaction);
        await sql`
          DELETE FROM chat_debug_runs WHERE chat_id = ${chatId} AND id = ANY (${runs.map(({ id }) => id)}::uuid[])
        `.execute(transaction);
        for (const [day, ofDay] of Map.groupBy(runs, (run) => run.payload_day)) {
          await deletePayloadsOfDay(transaction, { chatId, day, runs: ofDay });
        }
        return runs.length;
      });
    },

    deleteChatPayloadBatch({ chatId, partition, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const table = sql.table(partition);
        const result = await sql`
          DELETE FROM ${table}
          WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE chat_id = ${chatId} LIMIT ${limit}))
        `.execute(transaction);
        return Number(result.numAffectedRows ?? 0n);
      });
    },

    async dropDeletedChat(chatId) {
      const result = await sql`
        DELETE FROM chats
        WHERE id = ${chatId}
          AND purging_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM chat_debug_runs WHERE chat_debug_runs.chat_id = chats.id)
      `.execute(database);
      return (result.numAffectedRows ?? 0n) > 0n;
    },
  };
}

/** No recorder flushes later than this, so a tombstone has done its work by then, in milliseconds. */
const TOMBSTONE_MS = 7 * 86_400_000;

/** Whoever leaves tombstones takes some of the old ones away. */
export async function removeOldTombstones(transaction: OpenTransaction, now: Date): Promise<void> {
  await sql`
    DELETE FROM tombstones
    WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM tombstones WHERE created_at < ${new Date(now.getTime() - TOMBSTONE_MS)} ORDER BY created_at LIMIT 1000
    ))
  `.execute(transaction);
}

export interface ChosenRun {
  readonly id: string;
  /** As SQL text, with its microseconds: payloads are found by equality with it. */
  readonly payload_at: string;
  readonly payload_day: string;
}

/** One statement a day, with the day's bounds as parameters, so that the planner looks at its partitions and locks no other. */
export async function deletePayloadsOfDay(
  transaction: OpenTransaction,
  { chatId, day, runs }: { chatId: string; day: string; runs: readonly ChosenRun[] },
): Promise<void> {
  const from = day === "infinity" ? day : `${day} 00:00:00+00`;
  const inDay =
    day === "infinity"
      ? sql`payload.recorded_at = 'infinity'`
      : sql`payload.recorded_at >= ${from}::timestamptz AND payload.recorded_at < ${from}::timestamptz + interval '1 day'`;
  await sql`
    DELETE FROM chat_debug_payloads AS payload
    USING unnest(${runs.map(({ id }) => id)}::uuid[], ${runs.map(({ payload_at }) => payload_at)}::timestamptz[]) AS chosen (run_id, recorded_at)
    WHERE payload.chat_id = ${chatId}
      AND payload.run_id = chosen.run_id
      AND payload.recorded_at = chosen.recorded_at
      AND ${inDay}
  `.execute(transaction);
}
