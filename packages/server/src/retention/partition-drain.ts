import type { RetentionSetting } from "@shelflife/api-contract";

import { hasCode } from "../coded-error.ts";
import type { PayloadPartition } from "../store/payload-partitions.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import { assertMayGoOn } from "./may-go-on.ts";
import { BatchPacer } from "./pace.ts";
import type { PolicyRun, PolicyTally, RetentionPolicy } from "./policy.ts";

/** Moving what still lives pays only where it is little against what it frees. */
const KEPT_SHARE_MAX = 0.05;

/** A partition that has just ended may still get the rows of batches that are under way. */
const SETTLED_MS = 60 * 60_000;

/** Runs whose payloads are moved, and rows that are swept, in one transaction. */
const RUNS_A_MOVE = 100;
const ROWS_A_SWEEP = 2_000;

/** How often a detach that lost a lock is tried again within a tick. */
const DETACH_ATTEMPTS = 3;

type PartitionPolicy = Pick<RetentionPolicy, "name" | "recordType" | "action"> & { readonly setting: RetentionSetting };

/** When a past partition that cannot go yet was last looked at closely, by its name. */
export type LookTimes = Map<string, Date>;

/** The partitions that can go at once: past, and without a live run. What was detached before waits for no other look. */
export async function findFreePartitions(store: Store, tickStart: Date): Promise<PayloadPartition[]> {
  const settled = await findSettledPartitions(store, tickStart);
  const live = await store.partitionsWithLiveRuns(settled);
  return settled.filter(({ name, state }) => state !== "attached" || !live.has(name));
}

/** Past partitions: nothing more is recorded into them. */
export async function findSettledPartitions(store: Store, tickStart: Date): Promise<PayloadPartition[]> {
  const partitions = await store.listPayloadPartitions();
  return partitions.filter(({ state, to }) => state !== "attached" || to.getTime() + SETTLED_MS <= tickStart.getTime());
}

/**
 * Gives the disk of payloads back.
 *
 * A partition without a live run is detached and dropped. One that is older than the window and still holds a few live
 * runs has their payloads moved to the kept partition first, so that long-lived runs do not pin it. One that holds many
 * is swept instead: the rows of runs that are gone are deleted, at most once in a partition's length.
 */
export class PartitionDrain {
  readonly #run: PolicyRun;
  readonly #policy: PartitionPolicy;
  readonly #tally: PolicyTally;
  readonly #pacer: BatchPacer;
  readonly #lookedAt: LookTimes;

  constructor(
    run: PolicyRun,
    policy: PartitionPolicy,
    { tally, lookedAt }: { tally: PolicyTally; lookedAt: LookTimes },
  ) {
    this.#run = run;
    this.#policy = policy;
    this.#tally = tally;
    this.#pacer = new BatchPacer(run.pace, run.clock);
    this.#lookedAt = lookedAt;
  }

  async run(): Promise<void> {
    const { store, tickStart } = this.#run;
    const tally = this.#tally;
    const settled = await findSettledPartitions(store, tickStart);
    const live = await store.partitionsWithLiveRuns(settled);
    const isFree = ({ name, state }: PayloadPartition): boolean => state !== "attached" || !live.has(name);
    tally.expired = settled.filter(isFree).length;
    tally.left = tally.expired;
    // An interrupted detach comes first: until it is finished no other can begin, and inserts in its range fail.
    const ordered = settled.toSorted((a, b) => Number(b.state === "detaching") - Number(a.state === "detaching"));
    for (const partition of ordered) {
      if (this.#pacer.budgetEnded) {
        tally.budgetEnded = true;
        return;
      }
      const free = isFree(partition) || (await this.#freeByMoving(partition));
      if (free && !(await this.#remove(partition))) return;
    }
    for (const name of this.#lookedAt.keys()) {
      if (!settled.some((partition) => partition.name === name)) this.#lookedAt.delete(name);
    }
  }

  /** Moves the few live runs of an old partition away, or sweeps it; answers whether nothing of it lives any more. */
  async #freeByMoving(partition: PayloadPartition): Promise<boolean> {
    const { store, tickStart, signal } = this.#run;
    const lastLook = this.#lookedAt.get(partition.name);
    const lengthMs = partition.to.getTime() - partition.from.getTime();
    if (lastLook !== undefined && tickStart.getTime() - lastLook.getTime() < lengthMs) return false;

    await assertMayGoOn(this.#run);
    const { effectiveDays } = await store.readPurgeWindow(this.#policy.setting, this.#run.graceMs);
    const cutoff = cutoffOf(tickStart, effectiveDays);
    if (cutoff !== null && partition.to <= cutoff) {
      const { rows, live } = await store.measurePayloadPartition(partition, signal);
      if (live < rows * KEPT_SHARE_MAX) {
        await this.#keepLive(partition);
        return !(await store.partitionsWithLiveRuns([partition])).has(partition.name);
      }
    }
    if (await this.#mayHoldDeadRows(partition, cutoff)) {
      await this.#repeat(
        ROWS_A_SWEEP,
        async (limit, ledgerId) => (await store.sweepDeadPayloads({ partition, limit, ledgerId, signal })).rows,
      );
    }
    this.#lookedAt.set(partition.name, tickStart);
    return false;
  }

  /**
   * Whether runs of this partition have been purged that the window will not have taken whole by itself within a
   * partition's length: it is past the window already, or the window has become longer, or 0, since they went.
   */
  async #mayHoldDeadRows(partition: PayloadPartition, cutoff: Date | null): Promise<boolean> {
    const purgedTo = await this.#run.store.lastPurgedCutoff();
    if (purgedTo === null || partition.from >= purgedTo) return false;
    return cutoff === null || partition.to <= cutoff || cutoff < purgedTo;
  }

  async #keepLive(partition: PayloadPartition): Promise<void> {
    const { store, signal } = this.#run;
    await this.#repeat(
      RUNS_A_MOVE,
      async (limit, ledgerId) => (await store.keepLivePayloads({ partition, limit, ledgerId, signal })).runs,
    );
  }

  /** Detaches and drops; answers false where a lock did not come, so that no other detach can begin in this tick. */
  async #remove(partition: PayloadPartition): Promise<boolean> {
    const { store, ledgerId, signal, metrics, log } = this.#run;
    if (partition.state !== "detached" && !(await this.#detach(partition))) return false;
    const detached: PayloadPartition = { ...partition, state: "detached" };
    // Look again: what was committed into it until it was detached still lives, and goes to the kept partition.
    await this.#keepLive(detached);
    await assertMayGoOn(this.#run);
    const { dropped, bytes } = await this.#pacer.time(() =>
      store.dropPayloadPartition({ partition: detached, ledgerId, signal }),
    );
    if (dropped) {
      this.#tally.batches += 1;
      this.#tally.deleted += 1;
      this.#tally.left = Math.max(0, this.#tally.left - 1);
      metrics.countDone(this.#policy, 1);
      metrics.countReclaimed(bytes);
      log.info({ partition: partition.name, bytes }, "a payload partition has been dropped");
    }
    await this.#pacer.pause(signal);
    return true;
  }

  async #detach(partition: PayloadPartition): Promise<boolean> {
    const { store, log } = this.#run;
    let state = partition.state;
    for (let attempt = 1; ; attempt += 1) {
      await assertMayGoOn(this.#run);
      try {
        await store.detachPayloadPartition({ ...partition, state });
        return true;
      } catch (error) {
        if (!hasCode(error, "55P03")) throw error;
        log.warn({ partition: partition.name, attempt }, "a payload partition is in use and cannot be detached yet");
        if (attempt === DETACH_ATTEMPTS) return false;
        // It may have come half way, and is then finished instead of begun again.
        const now = (await store.listPayloadPartitions()).find(({ name }) => name === partition.name);
        state = now?.state ?? state;
      }
    }
  }

  /** Repeats a batch until one comes back short, or the budget is used up. */
  async #repeat(limit: number, batch: (limit: number, ledgerId: string) => Promise<number>): Promise<void> {
    for (;;) {
      await assertMayGoOn(this.#run);
      const done = await this.#pacer.time(() => batch(limit, this.#run.ledgerId));
      this.#tally.batches += Number(done > 0);
      if (done < limit) return;
      await this.#pacer.pause(this.#run.signal);
      if (this.#pacer.budgetEnded) return;
    }
  }
}
