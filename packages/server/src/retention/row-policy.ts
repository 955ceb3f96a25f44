import { NOTHING_EXPIRED, type ExpiredSample } from "../store/expired-sample.ts";
import type { RetentionLag } from "../store/expiring-rows.ts";
import type { Store } from "../store/store.ts";
import type { RetentionPolicy } from "./policy.ts";
import { drainRows, type ExpiringRows } from "./row-drain.ts";

/** A kind of record that is deleted row by row, with what else is asked of it. */
export interface MeasuredRows extends ExpiringRows {
  sample(store: Store, cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  measureLag(store: Store, cutoff: Date): Promise<RetentionLag>;
}

/** What a policy says of itself. */
export type PolicyDescription = Pick<RetentionPolicy, "name" | "recordType" | "action" | "setting" | "clock">;

/** A policy that does nothing but drain rows, and nothing at all where its window is 0. */
export function createRowPolicy(description: PolicyDescription, rows: MeasuredRows): RetentionPolicy {
  return {
    ...description,
    async countExpired(store, { cutoff, signal }) {
      return cutoff === null ? 0 : rows.countExpired(store, cutoff, signal);
    },
    async preview(store, { cutoff, signal }) {
      return cutoff === null ? NOTHING_EXPIRED : rows.sample(store, cutoff, signal);
    },
    async run(run, cutoff, tally) {
      if (cutoff !== null) await drainRows(run, description, rows, { cutoff, tally });
    },
    lag: (store, cutoff) => rows.measureLag(store, cutoff),
  };
}
