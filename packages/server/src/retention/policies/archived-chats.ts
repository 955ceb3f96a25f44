import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import type { ExpiredFamily } from "../../store/archived-chats.ts";
import { NOTHING_EXPIRED } from "../../store/expired-sample.ts";
import type { PurgeBatchRequest } from "../../store/purge-batch.ts";
import type { Store } from "../../store/store.ts";
import { stepsToSweep } from "../empty-chat.ts";
import { finishMarkedChats } from "../marked-chats.ts";
import { assertMayGoOn } from "../may-go-on.ts";
import { BatchPacer } from "../pace.ts";
import type { PolicyRun, RetentionPolicy } from "../policy.ts";
import { drainBatches, drainCounted, type ExpiringRows } from "../row-drain.ts";

/** Families of archived chats as the drain sees them. */
const rows: ExpiringRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredChats(cutoff, signal),
  nextExpired: (store, request) => store.nextExpiredChat(request),
  async purgeBatch(store, request) {
    const roots = await store.findExpiredFamilies(request);
    await sweepDeadPayloads(store, roots, request);
    const batch = await store.purgeChatFamilies({ ...request, roots });
    return { ...batch, more: batch.more || roots.length === request.limit };
  },
};

/**
 * Archived chats with all that belongs to them, whatever the debug window says: runs, steps, payloads, messages and links
 * to files. The root of a family decides for all of it.
 *
 * What is too large for one transaction is marked as deleted, and emptied in bounded batches. What an interrupted deletion
 * left marked is finished also where the window is 0: it reads as gone already.
 */
export function createArchivedChatsPolicy(): RetentionPolicy {
  const countAll = async (store: Store, cutoff: Date | null, signal: AbortSignal): Promise<number> =>
    (await store.countMarkedChats()) + (cutoff === null ? 0 : await rows.countExpired(store, cutoff, signal));
  const policy: RetentionPolicy = {
    name: "archived-chats",
    recordType: "chats",
    action: "delete",
    setting: RETENTION_SETTINGS["retention-days"],
    clock: "when the root chat was archived (`archived_at`); a write to an archived chat does not move it",
    countExpired: (store, { cutoff, signal }) => countAll(store, cutoff, signal),
    async preview(store, { cutoff, signal }) {
      return cutoff === null ? NOTHING_EXPIRED : store.sampleExpiredChats(cutoff, signal);
    },
    async run(run, cutoff, tally) {
      await startClocks(run);
      const pacer = new BatchPacer(run.pace, run.clock);
      const seen: string[] = [];
      const finishMarked = (): Promise<number> => finishMarkedChats(run, policy, { tally, pacer, seen });
      await drainCounted(
        tally,
        () => countAll(run.store, cutoff, run.signal),
        async () => {
          const before = await finishMarked();
          if (cutoff === null) return before;
          const skipped = await drainBatches(run, policy, rows, { tally, pacer });
          // Those that were too large for a batch.
          return before + skipped + (await finishMarked());
        },
      );
    },
    lag: (store, cutoff) => store.measureChatLag(cutoff),
  };
  return policy;
}

/** Chats that one statement gives a clock at the most. */
const CHATS_AT_ONCE = 1_000;

/** Archived chats without a clock would never go: whatever the window is, theirs starts in the first tick that sees them. */
async function startClocks(run: PolicyRun): Promise<void> {
  let total = 0;
  for (let started = CHATS_AT_ONCE; started === CHATS_AT_ONCE; total += started) {
    await assertMayGoOn(run);
    started = await run.store.startArchiveClocks(CHATS_AT_ONCE);
  }
  if (total > 0) run.log.info({ chats: total }, "archived chats had no time of archiving; it counts from now");
}

/** Payload rows that one transaction deletes from one partition at the most. */
const ROWS_A_SWEEP = 1_000;

/**
 * Deletes payloads of these chats whose runs were purged before. They are dead whatever becomes of the chats, so that they
 * can go first, a few partitions at a time: a batch that looked for them would lock every partition there is.
 */
async function sweepDeadPayloads(
  store: Store,
  roots: readonly ExpiredFamily[],
  { ledgerId, signal }: PurgeBatchRequest,
): Promise<void> {
  const chatIds = roots.flatMap(({ id, children }) => [id, ...children]);
  if (chatIds.length === 0) return;
  for (const { deleteBatch } of await stepsToSweep(store, chatIds, { ledgerId, signal })) {
    while ((await deleteBatch(ROWS_A_SWEEP)) === ROWS_A_SWEEP);
  }
}
