import type { LedgerEntry } from "@shelflife/api-contract";

import type { LedgerRow } from "../store/ledger-page.ts";

/** A row of the ledger as the API answers it. */
export function renderLedgerRow(row: LedgerRow): LedgerEntry {
  return {
    id: row.id,
    tick_id: row.tick_id,
    policy: row.policy,
    record_type: row.record_type,
    outcome: row.outcome,
    window_days: row.window_days,
    cutoff: row.cutoff?.toISOString() ?? null,
    expired: row.expired,
    deleted: row.deleted,
    bytes: row.bytes,
    batches: row.batches,
    remaining: row.remaining,
    started_at: row.started_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
    duration_ms: row.duration_ms,
    error: row.error,
    replica: row.replica,
  };
}

/** The columns of the ledger as CSV, in the order of the API's fields. */
export const LEDGER_COLUMNS = [
  "id",
  "tick_id",
  "policy",
  "record_type",
  "outcome",
  "window_days",
  "cutoff",
  "expired",
  "deleted",
  "bytes",
  "batches",
  "remaining",
  "started_at",
  "finished_at",
  "duration_ms",
  "error",
  "replica",
] as const satisfies readonly (keyof LedgerEntry)[];
