import type { RetentionPolicy } from "./policy.ts";

/** The purge of this process, as those see it who ask how it stands or start it by hand. */
export interface PurgeControl {
  readonly policies: readonly RetentionPolicy[];
  /** How long a shortened window waits before the purge goes by it, in milliseconds. */
  readonly graceMs: number;
  /** False where the operator has switched the purge off. */
  readonly enabled: boolean;
  /** When the next tick begins; null while one is running, or where nothing ticks. */
  nextTickAt(): Date | null;
  /** Lets the next tick begin now. False where one is running already, or nothing ticks. */
  runNow(): boolean;
}

/** The purge of a process in which nothing ticks: it can be asked how it stands, and not be started. */
export function purgeWithoutLoop(purge: Pick<PurgeControl, "policies" | "graceMs" | "enabled">): PurgeControl {
  const { policies, graceMs, enabled } = purge;
  return { policies, graceMs, enabled, nextTickAt: () => null, runNow: () => false };
}
