import type { RetentionSetting } from "@shelflife/api-contract";

import type { DrainCursor, PurgeBatchRequest, PurgeBatchResult } from "../store/debug-run-purge.ts";
import type { Store } from "../store/store.ts";

/**
 * A kind of data that goes after its retention window. A policy is a value, and the tick runs a list of them: isolation,
 * metrics, the ledger and the documentation follow from the list, so that a new kind of data is one file and one line.
 */
export interface RetentionPolicy {
  /** Its name in the ledger, the logs and the output of the command line. */
  readonly name: string;
  /** The label of its counter, and what one of its records is. */
  readonly recordType: string;
  /** The window that governs it. */
  readonly setting: RetentionSetting;
  /** From when the window counts, in words for the documentation. */
  readonly clock: string;
  /** How many records are expired at this cutoff. */
  countExpired(store: Store, cutoff: Date, signal: AbortSignal): Promise<number>;
  /** Deletes at most `limit` expired records in one short transaction, oldest first, and counts them in the ledger. */
  purgeBatch(store: Store, request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  /** The next expired record after a cursor. */
  nextExpired(store: Store, request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
}
