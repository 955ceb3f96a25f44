import type { Clock } from "../clock.ts";
import { CodedError, codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { PurgeMetrics } from "../metrics/purge-metrics.ts";
import type { Store } from "../store/store.ts";
import type { LedgerOutcome } from "../store/tables.ts";
import { cutoffOf } from "./cutoff.ts";
import { drain, notDeletable, type DrainProgress } from "./drain.ts";
import type { Pace } from "./pace.ts";
import type { RetentionPolicy } from "./policy.ts";

/** What a policy runs with. */
export interface PolicyRun {
  /** The store as the purger may use it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: PurgeMetrics;
  readonly pace: Pace;
  /** Names this process in the ledger. */
  readonly replica: string;
  readonly tickId: string;
  readonly tickStart: Date;
  readonly signal: AbortSignal;
  readonly isLockHeld: () => Promise<boolean>;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What one policy did in one tick. */
export interface PolicyReport {
  readonly policy: string;
  readonly recordType: string;
  /** Null where it could not be read. */
  readonly windowDays: number | null;
  /** Null where the window is 0 or could not be read. */
  readonly cutoff: Date | null;
  /** What the predicate matched when the policy began. */
  readonly expired: number;
  readonly deleted: number;
  /** What remains of it. */
  readonly left: number;
  readonly batches: number;
  readonly durationMs: number;
  /** Whether the time budget ended it, with more left to do. */
  readonly budgetEnded: boolean;
  readonly error?: Failure;
}

interface Findings {
  windowDays: number | null;
  cutoff: Date | null;
  expired: number;
  left: number;
}

/** Runs one policy so that nothing it does can keep another from running: whatever fails ends in its own report. */
export async function runPolicy(run: PolicyRun, policy: RetentionPolicy): Promise<PolicyReport> {
  const { store, clock, log } = run;
  const started = clock.monotonic();
  const findings: Findings = { windowDays: null, cutoff: null, expired: 0, left: 0 };
  const progress: DrainProgress = { batches: 0, deleted: 0, skipped: 0, budgetEnded: false };
  const failures: unknown[] = [];
  let ledgerId: string | undefined;

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
      log.error({ policy: policy.name, code: codeOf(error), err: error }, "a retention policy failed in this tick");
    }
  };
  await attempt(async () => {
    ledgerId = await store.openLedgerRow({
      tickId: run.tickId,
      policy: policy.name,
      recordType: policy.recordType,
      replica: run.replica,
    });
    await work(run, policy, { ledgerId, findings, progress });
  });

  const durationMs = clock.monotonic() - started;
  await attempt(async () => {
    if (ledgerId === undefined) return;
    await store.closeLedgerRow(ledgerId, {
      outcome: outcomeOf(findings, failures),
      windowDays: findings.windowDays,
      cutoff: findings.cutoff,
      expired: findings.expired,
      remaining: findings.left,
      durationMs,
      error: failures.length === 0 ? null : sentenceOf(describeFailure(failures[0])),
    });
  });
  const { batches, deleted, budgetEnded } = progress;
  return {
    policy: policy.name,
    recordType: policy.recordType,
    ...findings,
    deleted,
    batches,
    budgetEnded,
    durationMs,
    ...(failures.length === 0 ? {} : { error: describeFailure(failures[0]) }),
  };
}

async function work(
  run: PolicyRun,
  policy: RetentionPolicy,
  { ledgerId, findings, progress }: { ledgerId: string; findings: Findings; progress: DrainProgress },
): Promise<void> {
  const { store, signal } = run;
  findings.windowDays = (await store.readRetentionWindow(policy.setting)).days;
  const cutoff = cutoffOf(run.tickStart, findings.windowDays);
  if (cutoff === null) return;
  findings.cutoff = cutoff;
  findings.expired = await policy.countExpired(store, cutoff, signal);
  findings.left = findings.expired;
  // An idle policy asks nothing further.
  if (findings.expired === 0) return;
  try {
    await drain({ ...run, ledgerId }, policy, progress);
  } finally {
    findings.left = Math.max(0, findings.expired - progress.deleted);
  }
  findings.left = await policy.countExpired(store, cutoff, signal);
  if (progress.skipped > 0) throw notDeletable(progress.skipped);
}

function outcomeOf(findings: Findings, failures: readonly unknown[]): Exclude<LedgerOutcome, "running"> {
  if (failures.length > 0) return codeOf(failures[0]) === "purge_cancelled" ? "aborted" : "failure";
  return findings.windowDays === 0 ? "disabled" : "success";
}

/** A failure as reports and the ledger hold it: our own sentences whole, and of foreign errors the code alone. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CodedError) return { code: error.code, message: error.message };
  const code = codeOf(error) ?? "internal";
  return { code, message: `The database or the network failed with ${code}; the log says more.` };
}

function sentenceOf({ code, message }: Failure): string {
  return `${code}: ${message}`;
}
