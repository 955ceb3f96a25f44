import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import type { RetentionPolicy } from "../policy.ts";
import type { ExpiringRows } from "../row-drain.ts";
import { createRowPolicy, type MeasuredRows } from "../row-policy.ts";

/** Debug runs as the drain sees them. */
export const debugRunRows: MeasuredRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredDebugRuns(cutoff, signal),
  purgeBatch: (store, request) => store.purgeDebugRunBatch(request),
  nextExpired: (store, request) => store.nextExpiredDebugRun(request),
  sample: (store, cutoff, signal) => store.sampleExpiredDebugRuns(cutoff, signal),
  measureLag: (store, cutoff) => store.measureDebugRunLag(cutoff),
};

/**
 * Debug runs, finished or not: an abandoned run in progress must not live for ever. Steps go with their run, payloads
 * become unreadable with it and go with their partition; the chat stays.
 */
export function createDebugRunsPolicy(rows: ExpiringRows = debugRunRows): RetentionPolicy {
  return createRowPolicy(
    {
      name: "debug-runs",
      recordType: "chat_debug_runs",
      action: "delete",
      setting: RETENTION_SETTINGS["debug-retention-days"],
      clock: "the run's last write (`updated_at`), which every write to the run or its steps moves",
    },
    { ...debugRunRows, ...rows },
  );
}
