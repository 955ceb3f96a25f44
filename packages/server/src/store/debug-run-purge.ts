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
  /** Stored payload bytes that went with them at once. */
  readonly bytes: number;
  /** Null where nothing was found. */
  readonly cursor: DrainCursor | null;
}

export interface DebugRunPurgeStore {
  /** How many runs are expired, up to ten million. */
  countExpiredDebugRuns(cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes one batch of expired runs, oldest first, with their steps and kept payloads, in one short transaction. */
  purgeDebugRunBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** By how much the oldest expired run is overdue, and about how many are: an index look-up and the planner's estimate. */
  measureDebugRunLag(cutoff: Date): Promise<{ oldestOverdueMs: number; backlog: number }>;
  /** The next expired row after a cursor, for a drain that has to step over a row which cannot be deleted. */
  nextExpiredDebugRun(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
}

interface LockedRun {
  readonly id: string;
  readonly chat_id: string;
  /** Whether its payloads have been moved to the kept partition. */
  readonly kept: boolean;
  readonly clock: string;
}

/** A backlog is counted up to here; beyond, the count would cost more than the exact figure is worth. */
const COUNTED_MAX = 10_000_000;

export function debugRunPurgeStore(database: Database): DebugRunPurgeStore {
  return {
    async countExpiredDebugRuns(cutoff, signal) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows } = await sql<{ expired: number }>`
          SELECT count(*) AS expired
          FROM (SELECT FROM chat_debug_runs WHERE updated_at < ${cutoff} LIMIT ${COUNTED_MAX}) AS counted
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
        const kept = locked.filter((run) => run.kept && deleted.has(run.id));
        const bytes = await deleteKeptPayloads(transaction, kept);
        await countBatchInLedger(transaction, ledgerId, { deleted: deleted.size, bytes, cutoff });
        return { found: locked.length, deleted: deleted.size, bytes, cursor: { clock: last.clock, id: last.id } };
      });
    },

    async measureDebugRunLag(cutoff) {
      const { rows: oldest } = await sql<{ updated_at: Date }>`
        SELECT updated_at FROM chat_debug_runs WHERE updated_at < ${cutoff} ORDER BY updated_at LIMIT 1
      `.execute(database);
      const clock = oldest[0]?.updated_at;
      if (clock === undefined) return { oldestOverdueMs: 0, backlog: 0 };
      const { rows: plans } = await sql<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>`
        EXPLAIN (FORMAT JSON) SELECT FROM chat_debug_runs WHERE updated_at < ${sql.lit(cutoff.toISOString())}::timestamptz
      `.execute(database);
      // The planner never says 0, and there is at least the one that was found.
      const backlog = Math.max(1, plans[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 1);
      return { oldestOverdueMs: cutoff.getTime() - clock.getTime(), backlog };
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
      coalesce(payload_at = 'infinity', false) AS kept,
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
 * Deletes the kept payloads of runs that have just gone. All other payloads go with their partition, which is dropped
 * once no live run has its payloads in it: deleting them row by row would write much and give nothing back.
 */
async function deleteKeptPayloads(transaction: OpenTransaction, runs: readonly LockedRun[]): Promise<number> {
  if (runs.length === 0) return 0;
  const { rows } = await sql<{ bytes: number }>`
    WITH gone AS (
      DELETE FROM chat_debug_payloads AS payload
      USING unnest(${runs.map((run) => run.chat_id)}::uuid[], ${runs.map((run) => run.id)}::uuid[]) AS chosen (chat_id, run_id)
      WHERE payload.chat_id = chosen.chat_id AND payload.run_id = chosen.run_id AND payload.recorded_at = 'infinity'
      RETURNING pg_column_size(payload.*) AS bytes
    )
    SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
  `.execute(transaction);
  return rows[0]?.bytes ?? 0;
}
