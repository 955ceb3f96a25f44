import { sql } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import {
  countExpiredRows,
  isAfter,
  measureRowLag,
  moment,
  nextExpiredRow,
  type ExpiringTable,
  type RetentionLag,
} from "./expiring-rows.ts";
import { EMPTY_BATCH, type DrainCursor, type ExpiredRange } from "./purge-batch.ts";
import type { PurgeBatchRequest, PurgeBatchResult } from "./purge-batch.ts";
import { countBatchInLedger } from "./purge-ledger.ts";

export interface DebugRunPurgeStore {
  /** How many runs are expired, up to ten million. */
  countExpiredDebugRuns(cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes one batch of expired runs, oldest first, with their steps and kept payloads, in one short transaction. */
  purgeDebugRunBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** By how much the oldest expired run is overdue, and about how many are: an index look-up and the planner's estimate. */
  measureDebugRunLag(cutoff: Date): Promise<RetentionLag>;
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

/** Debug runs, finished or not. Of the steps that go with one, it is told what payload they have. */
export const expiringRuns: ExpiringTable = {
  table: "chat_debug_runs",
  clock: sql`expiring.updated_at`,
  isExpired: (cutoff) => sql`expiring.updated_at < ${cutoff}`,
  bytes: sql`(
    SELECT sum(payload_bytes) FROM chat_debug_steps AS step
    WHERE step.chat_id = expiring.chat_id AND step.run_id = expiring.id
  )`,
};

export function debugRunPurgeStore(database: Database): DebugRunPurgeStore {
  return {
    countExpiredDebugRuns: (cutoff, signal) => countExpiredRows(database, expiringRuns, { cutoff, signal }),
    measureDebugRunLag: (cutoff) => measureRowLag(database, expiringRuns, cutoff),
    nextExpiredDebugRun: (request) => nextExpiredRow(database, expiringRuns, request),

    purgeDebugRunBatch({ cutoff, limit, after, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const locked = await lockExpired(transaction, { cutoff, limit, after });
        const last = locked.at(-1);
        if (last === undefined) return EMPTY_BATCH;
        const deleted = await deleteLocked(transaction, locked, cutoff);
        const kept = locked.filter((run) => run.kept && deleted.has(run.id));
        const bytes = await deleteKeptPayloads(transaction, kept);
        await countBatchInLedger(transaction, ledgerId, { deleted: deleted.size, bytes, cutoff });
        const cursor = { clock: last.clock, id: last.id };
        return { found: locked.length, deleted: deleted.size, bytes, cursor, more: locked.length === limit };
      });
    },
  };
}

/** The first statement of a batch: it picks the rows and locks them, passing over what a writer holds at this moment. */
async function lockExpired(
  transaction: OpenTransaction,
  { cutoff, limit, after }: ExpiredRange,
): Promise<readonly LockedRun[]> {
  const { rows } = await sql<LockedRun>`
    SELECT
      expiring.id,
      expiring.chat_id,
      coalesce(expiring.payload_at = 'infinity', false) AS kept,
      expiring.updated_at::text AS clock
    FROM chat_debug_runs AS expiring
    WHERE ${expiringRuns.isExpired(moment(cutoff))} AND ${isAfter(expiringRuns, after)}
    ORDER BY expiring.updated_at, expiring.id
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
