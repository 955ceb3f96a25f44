import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { NOTHING_EXPIRED } from "../../store/expired-sample.ts";
import type { RetentionPolicy } from "../policy.ts";
import { drainRows, type ExpiringRows } from "../row-drain.ts";

/** Debug runs as the drain sees them. */
export const debugRunRows: ExpiringRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredDebugRuns(cutoff, signal),
  purgeBatch: (store, request) => store.purgeDebugRunBatch(request),
  nextExpired: (store, request) => store.nextExpiredDebugRun(request),
};

/**
 * Debug runs, finished or not: an abandoned run in progress must not live for ever. Steps go with their run, payloads
 * become unreadable with it and go with their partition; the chat stays.
 */
export function createDebugRunsPolicy(rows: ExpiringRows = debugRunRows): RetentionPolicy {
  const policy: RetentionPolicy = {
    name: "debug-runs",
    recordType: "chat_debug_runs",
    action: "delete",
    setting: RETENTION_SETTINGS["debug-retention-days"],
    clock: "the run's last write (`updated_at`), which every write to the run or its steps moves",
    async countExpired(store, { cutoff, signal }) {
      return cutoff === null ? 0 : rows.countExpired(store, cutoff, signal);
    },
    async preview(store, { cutoff, signal }) {
      return cutoff === null ? NOTHING_EXPIRED : store.sampleExpiredDebugRuns(cutoff, signal);
    },
    async run(run, cutoff, tally) {
      if (cutoff !== null) await drainRows(run, policy, rows, { cutoff, tally });
    },
    lag: (store, cutoff) => store.measureDebugRunLag(cutoff),
  };
  return policy;
}
