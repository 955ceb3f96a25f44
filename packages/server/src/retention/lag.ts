import type { Clock } from "../clock.ts";
import type { Lag } from "../metrics/lag-metrics.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import type { RetentionPolicy } from "./policy.ts";

/** Measures how far behind each policy is, by index look-ups and estimates alone. */
export async function measureLags(store: Store, policies: readonly RetentionPolicy[], clock: Clock): Promise<Lag[]> {
  const lastSuccesses = await store.readLastSuccesses(policies.map((policy) => policy.name));
  return Promise.all(
    policies.map(async (policy) => {
      const { lag, name, recordType } = policy;
      const measured = lag === undefined ? undefined : await measureOne(store, policy, clock);
      return {
        recordType,
        oldestOverdueSeconds: measured === undefined ? undefined : measured.oldestOverdueMs / 1000,
        backlogRecords: measured?.backlog,
        lastSuccess: lastSuccesses.get(name),
      };
    }),
  );
}

async function measureOne(
  store: Store,
  { setting, lag }: RetentionPolicy,
  clock: Clock,
): Promise<{ oldestOverdueMs: number; backlog: number } | undefined> {
  try {
    const cutoff = cutoffOf(clock.now(), (await store.readRetentionWindow(setting)).days);
    return cutoff === null ? { oldestOverdueMs: 0, backlog: 0 } : await lag?.(store, cutoff);
  } catch {
    // A window that cannot be read is told by the failed iteration; of the lag nothing can be said.
    return undefined;
  }
}
