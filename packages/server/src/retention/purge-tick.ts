import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { PurgeLock } from "../postgres/purge-lock.ts";
import { newId } from "../store/database.ts";
import { cancelled } from "./may-go-on.ts";
import type { RetentionPolicy } from "./policy.ts";
import { describeFailure, runPolicy, type Failure, type PolicyReport, type TickRun } from "./run-policy.ts";

export interface PurgeTickDependencies extends Pick<
  TickRun,
  "store" | "clock" | "log" | "metrics" | "notifiers" | "pace" | "graceMs" | "replica"
> {
  readonly policies: readonly RetentionPolicy[];
  /** Answers undefined where another replica is the purger. */
  readonly tryLock: () => Promise<PurgeLock | undefined>;
  /** The clock that the database writes by, which must agree with the application's. */
  readonly readDatabaseTime: () => Promise<Date>;
  /** False where the operator has switched the purge off. */
  readonly enabled: boolean;
}

export interface TickReport {
  /** `skipped`: another replica is the purger, or the purge is switched off. */
  readonly outcome: "success" | "failure" | "skipped";
  readonly policies: readonly PolicyReport[];
  /** Why no policy could begin, or no further one. */
  readonly error?: Failure;
}

/** By how much the two clocks may differ before a purge would delete by a wrong one. */
export const CLOCK_DIFFERENCE_MAX_MS = 5 * 60_000;

/** Runs one iteration of the purge and says what it did; whatever fails ends in the report. */
export async function runPurgeTick(dependencies: PurgeTickDependencies, signal: AbortSignal): Promise<TickReport> {
  const { clock, log, metrics, policies } = dependencies;
  if (!dependencies.enabled) return { outcome: "skipped", policies: [] };
  let lock: PurgeLock | undefined;
  try {
    lock = await dependencies.tryLock();
  } catch (error) {
    log.error({ err: error }, "the purge lock could not be asked for");
    return { outcome: "failure", policies: [], error: describeFailure(error) };
  }
  if (lock === undefined) {
    log.debug("another replica holds the purge lock");
    return { outcome: "skipped", policies: [] };
  }

  const started = clock.monotonic();
  const report = await runPolicies(dependencies, lock, signal);
  await lock.release();
  metrics.announce(policies);
  metrics.observeIteration(report.outcome === "success", (clock.monotonic() - started) / 1000);
  return report;
}

async function runPolicies(
  dependencies: PurgeTickDependencies,
  lock: PurgeLock,
  signal: AbortSignal,
): Promise<TickReport> {
  const { store, clock, log, policies } = dependencies;
  const tickStart = clock.now();
  try {
    await assertClocksAgree(clock, dependencies.readDatabaseTime);
    await store.abortRunningLedgerRows();
  } catch (error) {
    log.error({ err: error }, "the purge could not begin");
    return { outcome: "failure", policies: [], error: describeFailure(error) };
  }
  const run: TickRun = { ...dependencies, tickId: newId(), tickStart, signal, isLockHeld: () => lock.isHeld() };
  const reports: PolicyReport[] = [];
  for (const policy of policies) {
    if (signal.aborted) break;
    reports.push(await runPolicy(run, policy));
  }
  // What was told to stop has not done all that it is there for, also where it had just come to the end of a policy.
  if (reports.length < policies.length) {
    return { outcome: "failure", policies: reports, error: describeFailure(cancelled()) };
  }
  const failed = reports.some((report) => report.error !== undefined);
  return { outcome: failed ? "failure" : "success", policies: reports };
}

/** A purge by a clock that is wrong would delete what should be kept; better none at all. */
async function assertClocksAgree(clock: Clock, readDatabaseTime: () => Promise<Date>): Promise<void> {
  const differenceMs = Math.abs((await readDatabaseTime()).getTime() - clock.now().getTime());
  if (differenceMs <= CLOCK_DIFFERENCE_MAX_MS) return;
  throw new CodedError(
    "clocks_differ",
    `The clocks of this machine and of the database differ by ${Math.round(differenceMs / 1000)} s; nothing is purged until they agree within ${CLOCK_DIFFERENCE_MAX_MS / 60_000} minutes.`,
  );
}
