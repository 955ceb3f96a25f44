import { sql } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { countBatchInLedger } from "./purge-ledger.ts";

/**
 * Where a drain has come to: the clock and id of the last row it looked at. The clock travels as SQL text, because a
 * JavaScript Date would lose its microseconds, and equal clocks are common.
 */
export interface DrainCursor {
  readonly clock: string;
  readonly id: string;
}

export interface PurgeBatchRequest {
  /** Rows whose clock lies strictly before this moment are expired. */
  readonly cutoff: Date;
  /** At most so many rows. */
  readonly limit: number;
  /** Null at the start of a drain. */
  readonly after: DrainCursor | null;
  readonly ledgerId: string;
  /** Cancels the statement that is running. */
  readonly signal: AbortSignal;
}

export interface PurgeBatchResult {
  /** How many expired rows were found and locked; fewer than the limit means that the backlog is drained. */
  readonly found: number;
  readonly deleted: number;
  /** Stored payload bytes that went with them. */
  readonly bytes: number;
  /** Null where nothing was found. */
  readonly cursor: DrainCursor | null;
}

export interface DebugRunPurgeStore {
  countExpiredDebugRuns(cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes one batch of expired runs, oldest first, with their steps and payloads, in one short transaction. */
  purgeDebugRunBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** The next expired row after a cursor, for a drain that has to step over a row which cannot be deleted. */
  nextExpiredDebugRun(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
}

interface LockedRun {
  readonly id: string;
  readonly chat_id: string;
  /** As SQL text, with its microseconds: payloads are found by equality with it. */
  readonly payload_at: string;
  readonly payload_day: string;
  readonly clock: string;
}

export function debugRunPurgeStore(database: Database): DebugRunPurgeStore {
  return {
    async countExpiredDebugRuns(cutoff, signal) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows } = await sql<{ expired: number }>`
          SELECT count(*) AS expired FROM chat_debug_runs WHERE updated_at < ${cutoff}
        `.execute(transaction);
        return rows[0]?.expired ?? 0;
      });
    },

    purgeDebugRunBatch({ cutoff, limit, after, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const locked = await lockExpired(transaction, { cutoff, limit, after });
        const last = locked.at(-1);
        if (last === undefined) return { found: 0, deleted: 0, bytes: 0, cursor: null };
        const deleted = await deleteLocked(transaction, locked, cutoff);
        const gone = locked.filter((run) => deleted.has(run.id));
        const bytes = await deletePayloads(transaction, gone);
        await countBatchInLedger(transaction, ledgerId, { deleted: deleted.size, bytes });
        return { found: locked.length, deleted: deleted.size, bytes, cursor: { clock: last.clock, id: last.id } };
      });
    },

    async nextExpiredDebugRun({ cutoff, after }) {
      const { rows } = await sql<DrainCursor>`
        SELECT updated_at::text AS clock, id FROM chat_debug_runs
        WHERE updated_at < ${cutoff} AND (updated_at, id) > (${after?.clock ?? "-infinity"}::timestamptz, ${after?.id ?? NO_ID}::uuid)
        ORDER BY updated_at, id
        LIMIT 1
      `.execute(database);
      return rows[0];
    },
  };
}

/** Sorts before every id that a row can have. */
const NO_ID = "00000000-0000-0000-0000-000000000000";

/** The first statement of a batch: it picks the rows and locks them, passing over what a writer holds at this moment. */
async function lockExpired(
  transaction: OpenTransaction,
  { cutoff, limit, after }: Pick<PurgeBatchRequest, "cutoff" | "limit" | "after">,
): Promise<readonly LockedRun[]> {
  const { rows } = await sql<LockedRun>`
    SELECT
      id,
      chat_id,
      coalesce(payload_at, started_at)::text AS payload_at,
      (coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day,
      updated_at::text AS clock
    FROM chat_debug_runs
    WHERE updated_at < ${cutoff} AND (updated_at, id) > (${after?.clock ?? "-infinity"}::timestamptz, ${after?.id ?? NO_ID}::uuid)
    ORDER BY updated_at, id
    LIMIT ${limit}
    FOR UPDATE SKIP LOCKED
  `.execute(transaction);
  return rows;
}

/** The second statement: it deletes what was locked, and asks the whole predicate again on a fresh snapshot. */
async function deleteLocked(
  transaction: OpenTransaction,
  locked: readonly LockedRun[],
  cutoff: Date,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    DELETE FROM chat_debug_runs AS run
    USING unnest(${locked.map((run) => run.id)}::uuid[], ${locked.map((run) => run.chat_id)}::uuid[]) AS chosen (id, chat_id)
    WHERE run.id = chosen.id AND run.chat_id = chosen.chat_id AND run.updated_at < ${cutoff}
    RETURNING run.id
  `.execute(transaction);
  return new Set(rows.map((row) => row.id));
}

/**
 * Deletes the payloads of runs that have just gone. One statement a day, each with its bounds as parameters, so that the
 * planner prunes to one partition and locks no other.
 */
async function deletePayloads(transaction: OpenTransaction, runs: readonly LockedRun[]): Promise<number> {
  let bytes = 0;
  for (const [day, ofDay] of Map.groupBy(runs, (run) => run.payload_day)) {
    const { rows } = await sql<{ bytes: number }>`
      WITH gone AS (
        DELETE FROM chat_debug_payloads AS payload
        USING unnest(
          ${ofDay.map((run) => run.chat_id)}::uuid[],
          ${ofDay.map((run) => run.id)}::uuid[],
          ${ofDay.map((run) => run.payload_at)}::timestamptz[]
        ) AS chosen (chat_id, run_id, recorded_at)
        WHERE payload.chat_id = chosen.chat_id
          AND payload.run_id = chosen.run_id
          AND payload.recorded_at = chosen.recorded_at
          AND payload.recorded_at >= ${`${day} 00:00:00+00`}::timestamptz
          AND payload.recorded_at < ${`${day} 00:00:00+00`}::timestamptz + interval '1 day'
        RETURNING
          coalesce(octet_length(payload.request), 0)
          + coalesce(octet_length(payload.response), 0)
          + coalesce(octet_length(payload.attempts), 0) AS bytes
      )
      SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
    `.execute(transaction);
    bytes += rows[0]?.bytes ?? 0;
  }
  return bytes;
}
