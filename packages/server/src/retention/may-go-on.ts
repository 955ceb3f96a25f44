import { CodedError } from "../coded-error.ts";
import type { PolicyRun } from "./policy.ts";

/** Asked before every batch: none starts after the purge was told to stop, or without the lock. */
export async function assertMayGoOn({ signal, isLockHeld }: PolicyRun): Promise<void> {
  if (signal.aborted) throw cancelled();
  if (!(await isLockHeld())) throw new CodedError("purge_lock_lost", "The purge lock has been lost.");
}

export function cancelled(): CodedError {
  return new CodedError("purge_cancelled", "The purge was told to stop.");
}
