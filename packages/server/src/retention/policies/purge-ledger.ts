import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import type { RetentionPolicy } from "../policy.ts";
import { createRowPolicy, type MeasuredRows } from "../row-policy.ts";

/** Rows of the purge ledger as the drain sees them. */
const ledgerRows: MeasuredRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredLedgerRows(cutoff, signal),
  purgeBatch: (store, request) => store.purgeLedgerBatch(request),
  nextExpired: (store, request) => store.nextExpiredLedgerRow(request),
  sample: (store, cutoff, signal) => store.sampleExpiredLedgerRows(cutoff, signal),
  measureLag: (store, cutoff) => store.measureLedgerLag(cutoff),
};

/** The proof of what was purged, kept longer than the data. What the status of a policy rests on stays, however old. */
export function createPurgeLedgerPolicy(): RetentionPolicy {
  return createRowPolicy(
    {
      name: "purge-ledger",
      recordType: "purge_ledger",
      action: "delete",
      setting: RETENTION_SETTINGS["ledger-retention-days"],
      clock: "when the policy began (`started_at`)",
    },
    ledgerRows,
  );
}
