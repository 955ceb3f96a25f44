/**
 * Where a drain has come to: the clock and id of the last row it looked at. The clock travels as SQL text, because a
 * JavaScript Date would lose its microseconds, and equal clocks are common.
 */
export interface DrainCursor {
  readonly clock: string;
  readonly id: string;
}

/** Which rows a batch begins with. */
export interface ExpiredRange {
  /** Rows whose clock lies strictly before this moment are expired. */
  readonly cutoff: Date;
  /** At most so many rows. */
  readonly limit: number;
  /** Null at the start of a drain. */
  readonly after: DrainCursor | null;
}

export interface PurgeBatchRequest extends ExpiredRange {
  readonly ledgerId: string;
  /** Cancels the statement that is running. */
  readonly signal: AbortSignal;
}

export interface PurgeBatchResult {
  /** How many expired rows were found and locked. */
  readonly found: number;
  /** Records that the batch deleted, or archived. */
  readonly deleted: number;
  /** Stored bytes that went with them at once. */
  readonly bytes: number;
  /** Null where nothing was found. */
  readonly cursor: DrainCursor | null;
  /** Whether there may be more behind the cursor; false means that the backlog is drained. */
  readonly more: boolean;
}

/** What a batch answers that found nothing. */
export const EMPTY_BATCH: PurgeBatchResult = { found: 0, deleted: 0, bytes: 0, cursor: null, more: false };

/** Sorts before every id that a row can have. */
export const NO_ID = "00000000-0000-0000-0000-000000000000";
