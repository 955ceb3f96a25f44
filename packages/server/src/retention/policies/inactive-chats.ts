import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { codeOf } from "../../coded-error.ts";
import { NOTHING_EXPIRED } from "../../store/expired-sample.ts";
import { deliverDigests } from "../deliver-digests.ts";
import { BatchPacer } from "../pace.ts";
import type { RetentionPolicy } from "../policy.ts";
import { drainBatches, drainCounted, type ExpiringRows } from "../row-drain.ts";

/** Families of inactive chats as the drain sees them. */
const rows: ExpiringRows = {
  countExpired: (store, cutoff, signal) => store.countInactiveChats(cutoff, signal),
  purgeBatch: (store, request) => store.archiveInactiveBatch(request),
  nextExpired: (store, request) => store.nextInactiveChat(request),
};

/**
 * Inactive chats, which it archives and never deletes: what it archives is kept for the window of archived chats from then
 * on. It runs after that window's purge, so that nothing can be archived and deleted in one tick.
 *
 * Owners are told by digests, which are delivered whatever the window, since those of an earlier tick may still wait.
 */
export function createInactiveChatsPolicy(): RetentionPolicy {
  const policy: RetentionPolicy = {
    name: "inactive-chats",
    recordType: "chats_auto_archived",
    action: "archive",
    setting: RETENTION_SETTINGS["auto-archive-days"],
    clock:
      "the newest message that was not deleted, or debug-run start, in the family; without one, when the root was created",
    async countExpired(store, { cutoff, signal }) {
      return cutoff === null ? 0 : rows.countExpired(store, cutoff, signal);
    },
    async preview(store, { cutoff, signal }) {
      return cutoff === null ? NOTHING_EXPIRED : store.sampleInactiveChats(cutoff, signal);
    },
    async run(run, cutoff, tally) {
      const drain = async (): Promise<void> => {
        if (cutoff === null) return;
        await drainCounted(
          tally,
          () => rows.countExpired(run.store, cutoff, run.signal),
          () => drainBatches(run, policy, rows, { tally, pacer: new BatchPacer(run.pace, run.clock) }),
          // Roots that only seem inactive are not counted, and are told of their family's activity by the drain.
          { evenOfNone: true },
        );
      };
      const failures = await failuresOf([drain, () => deliverDigests(run)]);
      for (const error of failures.slice(1)) {
        run.log.error({ policy: policy.name, code: codeOf(error), err: error }, "digests were not delivered");
      }
      if (failures.length > 0) throw failures[0];
    },
    lag: (store, cutoff) => store.measureInactiveLag(cutoff),
  };
  return policy;
}

/** Does all of these one after the other, whichever of them fail. */
async function failuresOf(work: readonly (() => Promise<void>)[]): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const each of work) await each().catch((error: unknown) => failures.push(error));
  return failures;
}
