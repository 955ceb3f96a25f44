import { codeOf } from "../coded-error.ts";
import { cutoffOf } from "./cutoff.ts";
import type { PurgeTickDependencies, TickReport } from "./purge-tick.ts";
import { describeFailure, type PolicyReport } from "./run-policy.ts";

/** Says what a purge would delete now, by the purge's own predicate, and deletes nothing. It needs no lock. */
export async function previewPurge(dependencies: PurgeTickDependencies, signal: AbortSignal): Promise<TickReport> {
  const { store, clock, log, policies, graceMs } = dependencies;
  const tickStart = clock.now();
  const reports: PolicyReport[] = [];
  for (const policy of policies) {
    const started = clock.monotonic();
    const report = { policy: policy.name, recordType: policy.recordType, deleted: 0, batches: 0, budgetEnded: false };
    try {
      const { effectiveDays: days } = await store.readPurgeWindow(policy.setting, graceMs);
      const cutoff = cutoffOf(tickStart, days);
      const expired = await policy.countExpired(store, { cutoff, tickStart, signal });
      reports.push({
        ...report,
        windowDays: days,
        cutoff,
        expired,
        left: expired,
        durationMs: clock.monotonic() - started,
      });
    } catch (error) {
      log.error({ policy: policy.name, code: codeOf(error), err: error }, "a retention policy could not be previewed");
      const nothing = { windowDays: null, cutoff: null, expired: 0, left: 0 };
      reports.push({ ...report, ...nothing, durationMs: clock.monotonic() - started, error: describeFailure(error) });
    }
  }
  const failed = reports.some((report) => report.error !== undefined);
  return { outcome: failed ? "failure" : "success", policies: reports };
}
