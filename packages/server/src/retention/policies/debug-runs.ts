import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import type { RetentionPolicy } from "../policy.ts";

/**
 * Debug runs, finished or not: an abandoned run in progress must not live for ever. Steps and payloads go with their run;
 * the chat stays.
 */
export const debugRunsPolicy: RetentionPolicy = {
  name: "debug-runs",
  recordType: "chat_debug_runs",
  setting: RETENTION_SETTINGS["debug-retention-days"],
  clock: "the run's last write (`updated_at`), which every write to the run or its steps moves",
  countExpired: (store, cutoff, signal) => store.countExpiredDebugRuns(cutoff, signal),
  purgeBatch: (store, request) => store.purgeDebugRunBatch(request),
  nextExpired: (store, request) => store.nextExpiredDebugRun(request),
};
