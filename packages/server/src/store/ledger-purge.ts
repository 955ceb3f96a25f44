import { sql } from "kysely";

import type { Database } from "./database.ts";
import type { ExpiredSample } from "./expired-sample.ts";
import {
  countExpiredRows,
  measureRowLag,
  nextExpiredRow,
  purgeExpiredRows,
  type ExpiringTable,
  type RetentionLag,
} from "./expiring-rows.ts";
import type { DrainCursor, PurgeBatchRequest, PurgeBatchResult } from "./purge-batch.ts";
import { sampleExpiredRows } from "./sample-expired-rows.ts";

/** Old rows of the purge ledger, but for those that something rests on. */
export interface LedgerPurgeStore {
  countExpiredLedgerRows(cutoff: Date, signal: AbortSignal): Promise<number>;
  sampleExpiredLedgerRows(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  purgeLedgerBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  nextExpiredLedgerRow(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
  measureLedgerLag(cutoff: Date): Promise<RetentionLag>;
}

const isSuccess = (row: string) => sql`${sql.ref(`${row}.outcome`)} IN ('success', 'disabled')`;

/**
 * A row stays while it is running, and for as long as it is the newest of its policy, the one of its newest success, or
 * the one with its latest cutoff of those in which something went: the status and the sweep of payloads go by them. Each
 * of these is one look at an index; a join of the ledger with itself would read it whole.
 */
const expiringLedgerRows: ExpiringTable = {
  table: "purge_ledger",
  clock: sql`expiring.started_at`,
  isExpired: (cutoff) => sql`expiring.started_at < ${cutoff}
    AND expiring.outcome <> 'running'
    AND (expiring.started_at, expiring.id) < (
      SELECT newest.started_at, newest.id FROM purge_ledger AS newest
      WHERE newest.policy = expiring.policy
      ORDER BY newest.started_at DESC, newest.id DESC
      LIMIT 1
    )
    AND (
      NOT (${isSuccess("expiring")})
      OR expiring.finished_at < (
        SELECT newest.finished_at FROM purge_ledger AS newest
        WHERE newest.policy = expiring.policy AND ${isSuccess("newest")} AND newest.finished_at IS NOT NULL
        ORDER BY newest.finished_at DESC
        LIMIT 1
      )
    )
    AND (
      expiring.deleted = 0
      OR expiring.cutoff IS NULL
      OR expiring.cutoff < (
        SELECT furthest.cutoff FROM purge_ledger AS furthest
        WHERE furthest.policy = expiring.policy AND furthest.deleted > 0 AND furthest.cutoff IS NOT NULL
        ORDER BY furthest.cutoff DESC
        LIMIT 1
      )
    )`,
  bytes: sql`pg_column_size(expiring.*)`,
};

export function ledgerPurgeStore(database: Database): LedgerPurgeStore {
  return {
    countExpiredLedgerRows: (cutoff, signal) => countExpiredRows(database, expiringLedgerRows, { cutoff, signal }),
    sampleExpiredLedgerRows: (cutoff, signal) => sampleExpiredRows(database, expiringLedgerRows, { cutoff, signal }),
    purgeLedgerBatch: (request) => purgeExpiredRows(database, expiringLedgerRows, request),
    nextExpiredLedgerRow: (request) => nextExpiredRow(database, expiringLedgerRows, request),
    measureLedgerLag: (cutoff) => measureRowLag(database, expiringLedgerRows, cutoff),
  };
}
