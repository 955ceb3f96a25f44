import type { Clock } from "../clock.ts";
import type { Lag } from "../metrics/lag-metrics.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import type { RetentionPolicy } from "./policy.ts";

/** What the lag is measured with. */
export interface LagMeasure {
  readonly store: Store;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly graceMs: number;
}

/** Measures how far behind each policy is, by index look-ups and estimates alone. */
export async function measureLags(policies: readonly RetentionPolicy[], by: LagMeasure): Promise<Lag[]> {
  const { store } = by;
  const lastSuccesses = await store.readLastSuccesses(policies.map((policy) => policy.name));
  return Promise.all(
    policies.map(async (policy) => {
      const { lag, name, recordType } = policy;
      const measured = lag === undefined ? undefined : await measureLag(policy, by);
      return {
        recordType,
        oldestOverdueSeconds: measured === undefined ? undefined : measured.oldestOverdueMs / 1000,
        backlogRecords: measured?.backlog,
        lastSuccess: lastSuccesses.get(name),
      };
    }),
  );
}

/** By how much one policy is behind; undefined where its window cannot be read, or it cannot tell. */
export async function measureLag(
  { setting, lag }: RetentionPolicy,
  { store, clock, graceMs }: LagMeasure,
): Promise<{ oldestOverdueMs: number; backlog: number } | undefined> {
  try {
    const cutoff = cutoffOf(clock.now(), (await store.readPurgeWindow(setting, graceMs)).effectiveDays);
    return cutoff === null ? { oldestOverdueMs: 0, backlog: 0 } : await lag?.(store, cutoff);
  } catch {
    // A window that cannot be read is told by the failed iteration; of the lag nothing can be said.
    return undefined;
  }
}
