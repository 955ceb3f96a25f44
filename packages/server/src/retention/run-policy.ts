import { CodedError, codeOf } from "../coded-error.ts";
import type { LedgerOutcome } from "../store/tables.ts";
import { cutoffOf } from "./cutoff.ts";
import { cancelled, isCancellation } from "./may-go-on.ts";
import type { PolicyRun, PolicyTally, RetentionPolicy } from "./policy.ts";

/** What every policy of one tick runs with. */
export interface TickRun extends Omit<PolicyRun, "ledgerId"> {
  /** Names this process in the ledger. */
  readonly replica: string;
  readonly tickId: string;
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

interface Window {
  days: number | null;
  cutoff: Date | null;
}

/** Runs one policy so that nothing it does can keep another from running: whatever fails ends in its own report. */
export async function runPolicy(tick: TickRun, policy: RetentionPolicy): Promise<PolicyReport> {
  const { store, clock, log } = tick;
  const started = clock.monotonic();
  const window: Window = { days: null, cutoff: null };
  const tally: PolicyTally = { expired: 0, left: 0, batches: 0, deleted: 0, budgetEnded: false };
  const failures: unknown[] = [];
  let ledgerId: string | undefined;

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (isCancellation(error, tick.signal)) {
        failures.push(cancelled());
        log.info({ policy: policy.name }, "a retention policy was told to stop");
        return;
      }
      failures.push(error);
      log.error({ policy: policy.name, code: codeOf(error), err: error }, "a retention policy failed in this tick");
    }
  };
  await attempt(async () => {
    const { name, recordType } = policy;
    ledgerId = await store.openLedgerRow({ tickId: tick.tickId, policy: name, recordType, replica: tick.replica });
    window.days = (await store.observePurgeWindow(policy.setting, tick.graceMs)).effectiveDays;
    window.cutoff = cutoffOf(tick.tickStart, window.days);
    await policy.run({ ...tick, ledgerId }, window.cutoff, tally);
  });

  const durationMs = clock.monotonic() - started;
  await attempt(async () => {
    if (ledgerId === undefined) return;
    await store.closeLedgerRow(ledgerId, {
      outcome: outcomeOf(window, failures),
      windowDays: window.days,
      cutoff: window.cutoff,
      expired: tally.expired,
      remaining: tally.left,
      durationMs,
      error: failures.length === 0 ? null : sentenceOf(describeFailure(failures[0])),
    });
  });
  return {
    policy: policy.name,
    recordType: policy.recordType,
    windowDays: window.days,
    cutoff: window.cutoff,
    ...tally,
    durationMs,
    ...(failures.length === 0 ? {} : { error: describeFailure(failures[0]) }),
  };
}

function outcomeOf(window: Window, failures: readonly unknown[]): Exclude<LedgerOutcome, "running"> {
  if (failures.length > 0) return codeOf(failures[0]) === "purge_cancelled" ? "aborted" : "failure";
  return window.days === 0 ? "disabled" : "success";
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
