import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import type { RetentionPolicy } from "../policy.ts";
import { createRowPolicy, type MeasuredRows } from "../row-policy.ts";

/** Entries of the audit log as the drain sees them. */
const auditRows: MeasuredRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredAuditEntries(cutoff, signal),
  purgeBatch: (store, request) => store.purgeAuditBatch(request),
  nextExpired: (store, request) => store.nextExpiredAuditEntry(request),
  sample: (store, cutoff, signal) => store.sampleExpiredAuditEntries(cutoff, signal),
  measureLag: (store, cutoff) => store.measureAuditLag(cutoff),
};

/** Old entries of the audit log. That they went is proved by the ledger, and audited nowhere. */
export function createAuditLogPolicy(): RetentionPolicy {
  return createRowPolicy(
    {
      name: "audit-log",
      recordType: "audit_logs",
      action: "delete",
      setting: RETENTION_SETTINGS["audit-retention-days"],
      clock: "when the entry was written (`time`)",
    },
    auditRows,
  );
}
