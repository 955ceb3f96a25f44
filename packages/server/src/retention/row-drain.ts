import { CodedError, codeOf } from "../coded-error.ts";
import type { DrainCursor, PurgeBatchRequest, PurgeBatchResult } from "../store/debug-run-purge.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import { assertMayGoOn, cancelled } from "./may-go-on.ts";
import { BatchPacer } from "./pace.ts";
import type { PolicyRun, PolicyTally, RetentionPolicy } from "./policy.ts";

/** A kind of record that is deleted row by row, in bounded batches behind a cursor. */
export interface ExpiringRows {
  countExpired(store: Store, cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes at most `limit` expired records in one short transaction, oldest first, and counts them in the ledger. */
  purgeBatch(store: Store, request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** The next expired record after a cursor. */
  nextExpired(store: Store, request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
}

type RowPolicy = Pick<RetentionPolicy, "name" | "recordType" | "setting">;

/** So many records that cannot be deleted are no longer single bad records; the drain gives up. */
const SKIPPED_MAX = 10;

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
  const { store, signal } = run;
  tally.expired = await rows.countExpired(store, cutoff, signal);
  tally.left = tally.expired;
  // An idle policy asks nothing further.
  if (tally.expired === 0) return;
  const drain = new RowDrain(run, policy, rows, tally);
  try {
    await drain.run();
  } finally {
    tally.left = Math.max(0, tally.expired - tally.deleted);
  }
  tally.left = await rows.countExpired(store, cutoff, signal);
  if (drain.skipped > 0) throw notDeletable(drain.skipped);
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

  constructor(run: PolicyRun, policy: RowPolicy, rows: ExpiringRows, tally: PolicyTally) {
    this.#run = run;
    this.#policy = policy;
    this.#rows = rows;
    this.#tally = tally;
    this.#pacer = new BatchPacer(run.pace, run.clock);
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
        metrics.countPurged(this.#policy.recordType, batch.deleted);
        if (batch.found < limit) return;
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
      const { name: policy, recordType: record_type } = this.#policy;
      log.error(
        { policy, record_type, record_id: record.id, err: error },
        "a record cannot be deleted; it is skipped in this tick",
      );
      if (this.skipped >= SKIPPED_MAX) throw notDeletable(this.skipped, error);
      return undefined;
    }
  }
}

/** What a drain that stepped over records ends with. */
function notDeletable(records: number, cause?: unknown): CodedError {
  return new CodedError("records_not_deletable", `${records} records could not be deleted; the log names them.`, {
    cause,
  });
}

/**
 * SQLSTATE classes in which a single row can be the cause: data and constraint errors, errors that a trigger raises,
 * lock and statement time-outs. What is left is a lost connection, a full disk or a server that shuts down.
 */
function mayHelpToHalve(error: unknown): boolean {
  return /^(2\d|3\d|4[024]|54|55|P0)|^57014$/.test(codeOf(error) ?? "");
}
