import type { PolicyAction, RetentionSetting } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { PurgeMetrics } from "../metrics/purge-metrics.ts";
import type { Notifier } from "../notify/digest.ts";
import type { ExpiredSample } from "../store/expired-sample.ts";
import type { Store } from "../store/store.ts";
import type { Pace } from "./pace.ts";

/** What a policy runs with in one tick. */
export interface PolicyRun {
  /** The store as the purger may use it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PurgeMetrics;
  /** Where the owners of auto-archived chats are told so. */
  readonly notifiers: readonly Notifier[];
  readonly pace: Pace;
  /** How long a shortened window waits before the purge goes by it, in milliseconds. */
  readonly graceMs: number;
  readonly tickStart: Date;
  readonly ledgerId: string;
  readonly signal: AbortSignal;
  /** Asked before every batch: a batch never starts without the lock. */
  readonly isLockHeld: () => Promise<boolean>;
}

/** What a policy has done so far; counted up as it goes, so that it tells the truth also where the policy fails. */
export interface PolicyTally {
  /** What the predicate matched when the policy began. */
  expired: number;
  /** What of it remains. */
  left: number;
  batches: number;
  /** Records whose deletion, or archiving, has been committed. */
  deleted: number;
  /** Whether the time budget ended it, with more left to do. */
  budgetEnded: boolean;
}

/** At what moment a policy is asked what is expired. The cutoff is null where the window is 0. */
export interface ExpiryQuestion {
  readonly cutoff: Date | null;
  readonly tickStart: Date;
  readonly signal: AbortSignal;
}

/**
 * A kind of data that goes after its retention window. A policy is a value, and the tick runs a list of them: isolation,
 * metrics, the ledger, previews and the documentation follow from the list, so that a new kind of data is one file and
 * one line.
 */
export interface RetentionPolicy {
  /** Its name in the ledger, the logs and the output of the command line. */
  readonly name: string;
  /** The label of its counter, and what one of its records is. */
  readonly recordType: string;
  readonly action: PolicyAction;
  /** The window that governs it. */
  readonly setting: RetentionSetting;
  /** From when the window counts, in words for the documentation. */
  readonly clock: string;
  /** How many records are expired; asked by a dry run. */
  countExpired(store: Store, at: ExpiryQuestion): Promise<number>;
  /** What a purge would take, by its own predicate and at a bounded cost; asked before a window is changed. */
  preview(store: Store, at: ExpiryQuestion): Promise<ExpiredSample>;
  /** Deletes what is expired. The cutoff is that of the window in force at the start; null where it is 0. */
  run(run: PolicyRun, cutoff: Date | null, tally: PolicyTally): Promise<void>;
  /** By how much the oldest expired record is overdue, and about how many are; without scanning. */
  lag?(store: Store, cutoff: Date): Promise<{ oldestOverdueMs: number; backlog: number }>;
}
