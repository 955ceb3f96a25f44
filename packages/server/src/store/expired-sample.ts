/** What is expired of one kind of data, found out at a bounded cost. */
export interface ExpiredSample {
  /** Counted up to a limit. */
  readonly count: number;
  /** Whether the limit was reached, so that there may be more. */
  readonly atLeast: boolean;
  /** An estimate of the bytes stored of it; null where that cannot be told cheaply. */
  readonly bytes: number | null;
  /** The clock of the record that has been expired for the longest; null where nothing is expired. */
  readonly oldest: Date | null;
  /** The clock of the record that has expired last; null also where it could not be found out in time. */
  readonly newest: Date | null;
  /** The oldest ten by id and clock alone. */
  readonly sample: readonly { readonly id: string; readonly clock: Date }[];
}

/** A preview counts up to here; beyond, the figure is "at least" this. */
export const PREVIEW_COUNT_MAX = 100_000;

/** No statement of a preview takes longer than this, in milliseconds; what it would have told is left open. */
export const PREVIEW_STATEMENT_MS = 2_000;

/** How many expired records a preview names. */
export const PREVIEW_SAMPLE = 10;

export const NOTHING_EXPIRED: ExpiredSample = {
  count: 0,
  atLeast: false,
  bytes: 0,
  oldest: null,
  newest: null,
  sample: [],
};
