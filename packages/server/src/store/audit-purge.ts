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

/** Old entries of the audit log. */
export interface AuditPurgeStore {
  countExpiredAuditEntries(cutoff: Date, signal: AbortSignal): Promise<number>;
  sampleExpiredAuditEntries(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  purgeAuditBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  nextExpiredAuditEntry(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
  measureAuditLag(cutoff: Date): Promise<RetentionLag>;
}

const expiringEntries: ExpiringTable = {
  table: "audit_logs",
  clock: sql`expiring.time`,
  isExpired: (cutoff) => sql`expiring.time < ${cutoff}`,
  bytes: sql`pg_column_size(expiring.*)`,
};

export function auditPurgeStore(database: Database): AuditPurgeStore {
  return {
    countExpiredAuditEntries: (cutoff, signal) => countExpiredRows(database, expiringEntries, { cutoff, signal }),
    sampleExpiredAuditEntries: (cutoff, signal) => sampleExpiredRows(database, expiringEntries, { cutoff, signal }),
    purgeAuditBatch: (request) => purgeExpiredRows(database, expiringEntries, request),
    nextExpiredAuditEntry: (request) => nextExpiredRow(database, expiringEntries, request),
    measureAuditLag: (cutoff) => measureRowLag(database, expiringEntries, cutoff),
  };
}
