import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { findFreePartitions, findSettledPartitions, PartitionDrain, type LookTimes } from "../partition-drain.ts";
import type { RetentionPolicy } from "../policy.ts";

/**
 * The payloads of debug runs. A run's payloads are unreadable as soon as the run is gone; this policy gives their disk
 * back, a partition at a time, once no live run has its payloads in it.
 *
 * It works also where the window is 0: what it removes then belongs to runs that are gone already.
 */
export function createDebugPayloadsPolicy(): RetentionPolicy {
  const lookedAt: LookTimes = new Map();
  const policy: RetentionPolicy = {
    name: "debug-payloads",
    recordType: "chat_debug_payload_partitions",
    action: "delete",
    setting: RETENTION_SETTINGS["debug-retention-days"],
    clock: "that of the runs whose payloads a partition holds: it goes once none of them lives",
    countExpired: async (store, { tickStart }) => (await findFreePartitions(store, tickStart)).length,
    preview: async (store, { cutoff, tickStart, signal }) =>
      store.sampleFreedPartitions(await findSettledPartitions(store, tickStart), { cutoff, signal }),
    run: (run, _cutoff, tally) => new PartitionDrain(run, policy, { tally, lookedAt }).run(),
  };
  return policy;
}
