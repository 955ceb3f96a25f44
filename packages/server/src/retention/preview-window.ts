import type { BoundedCount, PolicyPreview, RetentionPreview, RetentionSetting } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { codeOf, hasCode } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { ExpiredSample } from "../store/expired-sample.ts";
import type { Store } from "../store/store.ts";
import { cutoffOf } from "./cutoff.ts";
import type { RetentionPolicy } from "./policy.ts";
import type { PurgeControl } from "./purge-control.ts";

export interface PreviewDependencies {
  /** The store as whoever asks may use it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly purge: Pick<PurgeControl, "policies" | "graceMs">;
}

interface Expired {
  readonly days: number;
  readonly cutoff: Date | null;
  readonly sample: ExpiredSample;
}

/** What a policy is taken to have expired where that could not be found out in time: anything. */
const UNKNOWN: ExpiredSample = { count: 0, atLeast: true, bytes: null, oldest: null, newest: null, sample: [] };

/**
 * What a purge that went by this window now would delete or archive, next to what the window in force would, for each
 * kind of data that the setting governs: by the purge's own predicate, and at a bounded cost.
 */
export async function previewWindow(
  dependencies: PreviewDependencies,
  setting: RetentionSetting,
  { days, signal }: { days: number; signal: AbortSignal },
): Promise<RetentionPreview> {
  const { store, clock, log, purge } = dependencies;
  const tickStart = clock.now();
  const currentDays = await readEffectiveDays(dependencies, setting);
  const sampleAt = async (policy: RetentionPolicy, window: number): Promise<Expired> => {
    const cutoff = cutoffOf(tickStart, window);
    try {
      return { days: window, cutoff, sample: await policy.preview(store, { cutoff, tickStart, signal }) };
    } catch (error) {
      // 57014 is what the time limit of a statement ends it with, 55P03 that of waiting for a lock.
      if (signal.aborted || !hasCode(error, "57014", "55P03")) throw error;
      log.warn({ policy: policy.name, code: codeOf(error) }, "a preview took too long, and is left open");
      return { days: window, cutoff, sample: UNKNOWN };
    }
  };
  const policies: PolicyPreview[] = [];
  for (const policy of purge.policies) {
    if (policy.setting.name !== setting.name) continue;
    const proposed = await sampleAt(policy, days);
    const unchanged = currentDays === days ? proposed : undefined;
    const current = currentDays === null ? null : (unchanged ?? (await sampleAt(policy, currentDays)));
    policies.push(renderPreview(policy, proposed, current));
  }
  return { setting: setting.name, days, current_days: currentDays, policies };
}

/** The window that the purge goes by; null where the stored value cannot be read. */
async function readEffectiveDays(
  { store, purge }: PreviewDependencies,
  setting: RetentionSetting,
): Promise<number | null> {
  try {
    return (await store.readPurgeWindow(setting, purge.graceMs)).effectiveDays;
  } catch (error) {
    if (hasCode(error, "setting_unreadable")) return null;
    throw error;
  }
}

function renderPreview(policy: RetentionPolicy, proposed: Expired, current: Expired | null): PolicyPreview {
  const { oldest, newest, sample } = proposed.sample;
  return {
    policy: policy.name,
    record_type: policy.recordType,
    action: policy.action,
    proposed: {
      ...renderExpired(proposed),
      oldest: oldest?.toISOString() ?? null,
      newest: newest?.toISOString() ?? null,
      sample: sample.map(({ id, clock }) => ({ id, clock: clock.toISOString() })),
    },
    current: current && renderExpired(current),
    difference: current && {
      records: proposed.sample.count - current.sample.count,
      bytes: differenceOf(proposed.sample.bytes, current.sample.bytes),
    },
  };
}

function renderExpired({ days, cutoff, sample }: Expired): {
  days: number;
  cutoff: string | null;
  records: BoundedCount;
  bytes: number | null;
} {
  const records = { count: sample.count, at_least: sample.atLeast };
  return { days, cutoff: cutoff?.toISOString() ?? null, records, bytes: sample.bytes };
}

function differenceOf(proposed: number | null, current: number | null): number | null {
  return proposed === null || current === null ? null : proposed - current;
}
