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
 * the one with its latest cutoff of those in which something went: the status and the sweep of payloads go by them.
 */
const expiringLedgerRows: ExpiringTable = {
  table: "purge_ledger",
  clock: sql`expiring.started_at`,
  isExpired: (cutoff) => sql`expiring.started_at < ${cutoff}
    AND expiring.outcome <> 'running'
    AND EXISTS (
      SELECT FROM purge_ledger AS newer
      WHERE newer.policy = expiring.policy AND (newer.started_at, newer.id) > (expiring.started_at, expiring.id)
    )
    AND (
      NOT (${isSuccess("expiring")})
      OR EXISTS (
        SELECT FROM purge_ledger AS newer
        WHERE newer.policy = expiring.policy AND ${isSuccess("newer")} AND newer.finished_at > expiring.finished_at
      )
    )
    AND (
      expiring.deleted = 0
      OR expiring.cutoff IS NULL
      OR EXISTS (
        SELECT FROM purge_ledger AS newer
        WHERE newer.policy = expiring.policy AND newer.deleted > 0 AND newer.cutoff > expiring.cutoff
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
