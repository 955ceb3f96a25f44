import type { DrainCursor, PurgeBatchRequest, PurgeBatchResult } from "../store/purge-batch.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import { assertMayGoOn, cancelled } from "./may-go-on.ts";
import { BatchPacer } from "./pace.ts";
import type { PolicyRun, PolicyTally, RetentionPolicy } from "./policy.ts";
import { logUndeletable, mayHelpToHalve, notDeletable, SKIPPED_MAX } from "./undeletable.ts";

/** A kind of record that is deleted row by row, in bounded batches behind a cursor. */
export interface ExpiringRows {
  countExpired(store: Store, cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes at most `limit` expired records in one short transaction, oldest first, and counts them in the ledger. */
  purgeBatch(store: Store, request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** The next expired record after a cursor. */
  nextExpired(store: Store, request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
}

type RowPolicy = Pick<RetentionPolicy, "name" | "recordType" | "action" | "setting">;

/**
 * Deletes what is expired batch after batch until the backlog is drained, the budget is used up, the window becomes 0, or
 * the signal aborts.
 *
 * The window is read again before every batch, so that a change takes effect at the next one. A batch that fails is
 * halved until the record that cannot be deleted stands alone; that one is named in the log and stepped over.
 *
 * @throws CodedError `purge_lock_lost`, `purge_cancelled`, `setting_unreadable`, `records_not_deletable`, or what the
 * database threw where no smaller batch would help
 */
export async function drainRows(
  run: PolicyRun,
  policy: RowPolicy,
  rows: ExpiringRows,
  { cutoff, tally }: { cutoff: Date; tally: PolicyTally },
): Promise<void> {
  await drainCounted(
    tally,
    () => rows.countExpired(run.store, cutoff, run.signal),
    () => drainBatches(run, policy, rows, { tally, pacer: new BatchPacer(run.pace, run.clock) }),
  );
}

/**
 * Counts what is expired before and after a drain, which answers how many records it had to step over. Where nothing is
 * expired it does not drain, unless told so.
 *
 * @throws CodedError `records_not_deletable` where records were stepped over
 */
export async function drainCounted(
  tally: PolicyTally,
  countExpired: () => Promise<number>,
  drain: () => Promise<number>,
  { evenOfNone = false } = {},
): Promise<void> {
  tally.expired = await countExpired();
  tally.left = tally.expired;
  if (tally.expired === 0 && !evenOfNone) return;
  let skipped = 0;
  try {
    skipped = await drain();
  } finally {
    tally.left = Math.max(0, tally.expired - tally.deleted);
  }
  tally.left = await countExpired();
  if (skipped > 0) throw notDeletable(skipped);
}

/** Drains without counting first; answers how many records that cannot be deleted it stepped over. */
export async function drainBatches(
  run: PolicyRun,
  policy: RowPolicy,
  rows: ExpiringRows,
  { tally, pacer }: { tally: PolicyTally; pacer: BatchPacer },
): Promise<number> {
  const drain = new RowDrain(run, policy, rows, { tally, pacer });
  await drain.run();
  return drain.skipped;
}

class RowDrain {
  /** Records that cannot be deleted, which the drain stepped over. */
  skipped = 0;
  readonly #run: PolicyRun;
  readonly #policy: RowPolicy;
  readonly #rows: ExpiringRows;
  readonly #tally: PolicyTally;
  readonly #pacer: BatchPacer;
  #cursor: DrainCursor | null = null;

  constructor(
    run: PolicyRun,
    policy: RowPolicy,
    rows: ExpiringRows,
    { tally, pacer }: { tally: PolicyTally; pacer: BatchPacer },
  ) {
    this.#run = run;
    this.#policy = policy;
    this.#rows = rows;
    this.#tally = tally;
    this.#pacer = pacer;
  }

  async run(): Promise<void> {
    const { store, metrics, signal, tickStart, graceMs } = this.#run;
    const tally = this.#tally;
    for (;;) {
      await assertMayGoOn(this.#run);
      const { effectiveDays } = await store.readPurgeWindow(this.#policy.setting, graceMs);
      const cutoff = cutoffOf(tickStart, effectiveDays);
      if (cutoff === null) return;
      if (this.#pacer.budgetEnded) {
        tally.budgetEnded = true;
        return;
      }
      const { limit } = this.#pacer;
      const batch = await this.#pacer.time(() => this.#tryBatch(cutoff, limit));
      if (batch !== undefined) {
        tally.batches += Number(batch.found > 0);
        tally.deleted += batch.deleted;
        metrics.countDone(this.#policy, batch.deleted);
        if (!batch.more) return;
        this.#cursor = batch.cursor;
        this.#pacer.grow();
      }
      await this.#pacer.pause(signal);
    }
  }

  /** Runs one batch; where it fails, makes the next one smaller or steps over the record that cannot be deleted. */
  async #tryBatch(cutoff: Date, limit: number): Promise<PurgeBatchResult | undefined> {
    const { store, ledgerId, signal, log } = this.#run;
    const after = this.#cursor;
    try {
      return await this.#rows.purgeBatch(store, { cutoff, limit, after, ledgerId, signal });
    } catch (error) {
      if (signal.aborted) throw cancelled();
      if (!mayHelpToHalve(error)) throw error;
      if (limit > 1) {
        this.#pacer.halve();
        return undefined;
      }
      const record = await this.#rows.nextExpired(store, { cutoff, after });
      if (record === undefined) return undefined;
      this.#cursor = record;
      this.skipped += 1;
      logUndeletable(log, this.#policy, record.id, error);
      if (this.skipped >= SKIPPED_MAX) throw notDeletable(this.skipped, error);
      return undefined;
    }
  }
}
