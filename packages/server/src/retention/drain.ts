import type { Clock } from "../clock.ts";
import { CodedError, codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { PurgeMetrics } from "../metrics/purge-metrics.ts";
import type { DrainCursor, PurgeBatchResult } from "../store/debug-run-purge.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import { pauseAfterBatch, type Pace } from "./pace.ts";
import type { RetentionPolicy } from "./policy.ts";

export interface DrainContext {
  /** The store as the purger may use it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PurgeMetrics;
  readonly pace: Pace;
  readonly tickStart: Date;
  readonly ledgerId: string;
  readonly signal: AbortSignal;
  /** Asked before every batch: a batch never starts without the lock. */
  readonly isLockHeld: () => Promise<boolean>;
}

/** How far a drain has come; counted up as it goes, so that it tells the truth also where the drain fails. */
export interface DrainProgress {
  batches: number;
  /** Records whose deletion has been committed. */
  deleted: number;
  /** Records that cannot be deleted, which the drain stepped over. */
  skipped: number;
  /** Whether the time budget ended it, with more left to do. */
  budgetEnded: boolean;
}

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
export async function drain(context: DrainContext, policy: RetentionPolicy, progress: DrainProgress): Promise<void> {
  const { store, clock, pace, metrics } = context;
  const started = clock.monotonic();
  const position: DrainPosition = { cursor: null, limit: pace.batchSize };
  for (;;) {
    await assertMayGoOn(context);
    const { days } = await store.readRetentionWindow(policy.setting);
    const cutoff = cutoffOf(context.tickStart, days);
    if (cutoff === null) return;
    if (clock.monotonic() - started >= pace.budgetMs) {
      progress.budgetEnded = true;
      return;
    }
    const batchStarted = clock.monotonic();
    const { limit } = position;
    const batch = await tryBatch(context, policy, { cutoff, position, progress });
    if (batch !== undefined) {
      progress.batches += Number(batch.found > 0);
      progress.deleted += batch.deleted;
      metrics.countPurged(policy.recordType, batch.deleted);
      if (batch.found < limit) return;
      position.cursor = batch.cursor;
      // After a failure the size comes back step by step.
      position.limit = Math.min(limit * 2, pace.batchSize);
    }
    await pauseAfterBatch(pace, clock, clock.monotonic() - batchStarted, context.signal);
  }
}

/** Where a drain has come to, and how large its next batch may be. */
interface DrainPosition {
  cursor: DrainCursor | null;
  limit: number;
}

/** Runs one batch; where it fails, makes the next one smaller or steps over the record that cannot be deleted. */
async function tryBatch(
  context: DrainContext,
  policy: RetentionPolicy,
  { cutoff, position, progress }: { cutoff: Date; position: DrainPosition; progress: DrainProgress },
): Promise<PurgeBatchResult | undefined> {
  const { store, ledgerId, signal, log } = context;
  try {
    return await policy.purgeBatch(store, { cutoff, limit: position.limit, after: position.cursor, ledgerId, signal });
  } catch (error) {
    if (signal.aborted) throw cancelled();
    if (!mayHelpToHalve(error)) throw error;
    if (position.limit > 1) {
      position.limit = Math.floor(position.limit / 2);
      return undefined;
    }
    const record = await policy.nextExpired(store, { cutoff, after: position.cursor });
    if (record === undefined) return undefined;
    position.cursor = record;
    progress.skipped += 1;
    log.error(
      { policy: policy.name, record_type: policy.recordType, record_id: record.id, err: error },
      "a record cannot be deleted; it is skipped in this tick",
    );
    if (progress.skipped >= SKIPPED_MAX) throw notDeletable(progress.skipped, error);
    return undefined;
  }
}

/** What a drain that stepped over records ends with. */
export function notDeletable(records: number, cause?: unknown): CodedError {
  return new CodedError("records_not_deletable", `${records} records could not be deleted; the log names them.`, { cause });
}

async function assertMayGoOn({ signal, isLockHeld }: DrainContext): Promise<void> {
  if (signal.aborted) throw cancelled();
  if (!(await isLockHeld())) throw new CodedError("purge_lock_lost", "The purge lock has been lost.");
}

function cancelled(): CodedError {
  return new CodedError("purge_cancelled", "The purge was told to stop.");
}

/**
 * SQLSTATE classes in which a single row can be the cause: data and constraint errors, errors that a trigger raises,
 * lock and statement time-outs. What is left is a lost connection, a full disk or a server that shuts down.
 */
function mayHelpToHalve(error: unknown): boolean {
  return /^(2\d|3\d|4[024]|54|55|P0)|^57014$/.test(codeOf(error) ?? "");
}
