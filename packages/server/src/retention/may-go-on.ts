import { CodedError, hasCode } from "../coded-error.ts";
import type { PolicyRun } from "./policy.ts";

/** Asked before every batch: none starts after the purge was told to stop, or without the lock. */
export async function assertMayGoOn({ signal, isLockHeld }: PolicyRun): Promise<void> {
  if (signal.aborted) throw cancelled();
  if (!(await isLockHeld())) throw new CodedError("purge_lock_lost", "The purge lock has been lost.");
}

/** Whether work broke off since the purge was told to stop: before a statement, or by one that was cancelled. */
export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || hasCode(error, "purge_cancelled", "57014"));
}

export function cancelled(): CodedError {
  return new CodedError("purge_cancelled", "The purge was told to stop.");
}
