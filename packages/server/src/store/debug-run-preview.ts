import type { Database } from "./database.ts";
import { expiringRuns } from "./debug-run-purge.ts";
import type { ExpiredSample } from "./expired-sample.ts";
import { sampleExpiredRows } from "./sample-expired-rows.ts";

export interface DebugRunPreviewStore {
  /** What of the debug runs is expired at a cutoff, at a bounded cost. */
  sampleExpiredDebugRuns(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
}

export function debugRunPreviewStore(database: Database): DebugRunPreviewStore {
  return {
    sampleExpiredDebugRuns: (cutoff, signal) => sampleExpiredRows(database, expiringRuns, { cutoff, signal }),
  };
}
