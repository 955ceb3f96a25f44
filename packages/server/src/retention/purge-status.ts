import type { Grace, PolicyStatus, RetentionSetting, RetentionStatus } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { hasCode } from "../coded-error.ts";
import type { LedgerRow } from "../store/ledger-page.ts";
import type { PurgeWindow } from "../store/purge-windows.ts";
import type { Store } from "../store/store.ts";
import { measureLag } from "./lag.ts";
import type { RetentionPolicy } from "./policy.ts";
import type { PurgeControl } from "./purge-control.ts";
import { renderLedgerRow } from "./render-ledger.ts";

export interface StatusDependencies {
  /** The store as whoever asks may use it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly purge: PurgeControl;
}

/**
 * Says how the purge stands, on whichever replica it runs: by index look-ups and estimates alone, so that it may be asked
 * every few seconds.
 */
export async function readPurgeStatus({ store, clock, purge }: StatusDependencies): Promise<RetentionStatus> {
  const { policies, graceMs, enabled } = purge;
  const names = policies.map((policy) => policy.name);
  const isHeld = await store.isPurgeRunning();
  const rows = await store.readLatestLedgerRows(names);
  // A tick may have begun between the two looks.
  const running = isHeld || rows.some((row) => row.outcome === "running");
  const latest = new Map(rows.map((row) => [row.policy, row]));
  const lastSuccesses = await store.readLastSuccesses(names);
  const windows = new Map<RetentionSetting, PurgeWindow | undefined>();
  for (const { setting } of policies) {
    if (!windows.has(setting)) windows.set(setting, await readWindow(store, setting, graceMs));
  }
  return {
    enabled,
    running,
    last_tick: lastTickOf([...latest.values()], running),
    next_tick_at: enabled ? (purge.nextTickAt()?.toISOString() ?? null) : null,
    grace_seconds: graceMs / 1000,
    policies: await Promise.all(
      policies.map(async (policy) => {
        const window = windows.get(policy.setting);
        const last = latest.get(policy.name);
        const lag = policy.lag && (await measureLag(policy, { store, clock, graceMs }));
        return {
          ...describePolicy(policy, window),
          grace: describeGrace(window, graceMs),
          oldest_overdue_seconds: lag === undefined ? null : lag.oldestOverdueMs / 1000,
          backlog: lag?.backlog ?? null,
          last_success_at: lastSuccesses.get(policy.name)?.toISOString() ?? null,
          last: last === undefined ? null : renderLedgerRow(last),
        };
      }),
    ),
  };
}

async function readWindow(store: Store, setting: RetentionSetting, graceMs: number): Promise<PurgeWindow | undefined> {
  try {
    return await store.readPurgeWindow(setting, graceMs);
  } catch (error) {
    if (hasCode(error, "setting_unreadable")) return undefined;
    throw error;
  }
}

function describePolicy(
  { name, recordType, action, clock, setting }: RetentionPolicy,
  window: PurgeWindow | undefined,
): Pick<PolicyStatus, "policy" | "record_type" | "action" | "clock" | "setting" | "window"> {
  return {
    policy: name,
    record_type: recordType,
    action,
    clock,
    setting: setting.name,
    window: window === undefined ? { days: null, source: "unreadable" } : { ...window.set },
  };
}

function describeGrace(window: PurgeWindow | undefined, graceMs: number): Grace | null {
  if (window === undefined || window.waitingSince === null) return null;
  return {
    waiting_days: window.set.days,
    effective_days: window.effectiveDays,
    since: window.waitingSince.toISOString(),
    due_at: new Date(window.waitingSince.getTime() + graceMs).toISOString(),
  };
}

/** The rows of the newest tick tell how it went. While the lock is held it goes on, whichever policy it has come to. */
function lastTickOf(latest: readonly LedgerRow[], running: boolean): RetentionStatus["last_tick"] {
  const [newest] = latest.toSorted(byStart);
  if (newest === undefined) return null;
  const rows = latest.filter((row) => row.tick_id === newest.tick_id).toSorted(byStart);
  const outcomes = new Set(rows.map((row) => row.outcome));
  const ended = outcomes.has("failure") ? "failure" : outcomes.has("aborted") ? "aborted" : "success";
  return {
    tick_id: newest.tick_id,
    started_at: (rows.at(-1) ?? newest).started_at.toISOString(),
    finished_at: running ? null : (newest.finished_at?.toISOString() ?? null),
    outcome: running ? "running" : ended,
    replica: newest.replica,
  };
}

/** The newest first. */
function byStart(a: LedgerRow, b: LedgerRow): number {
  const difference = b.started_at.getTime() - a.started_at.getTime();
  return difference === 0 ? (a.id < b.id ? 1 : -1) : difference;
}
