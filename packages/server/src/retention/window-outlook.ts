import {
  isMoreAggressive,
  type PolicyAction,
  type PolicyPreview,
  type RetentionSetting,
} from "@shelflife/api-contract";

import { codeOf } from "../coded-error.ts";
import type { PurgeWindow } from "../store/purge-windows.ts";
import { previewWindow, type PreviewDependencies } from "./preview-window.ts";

/** A window, and what the purge will make of it that no purge has done before. */
export interface WindowOutlook {
  readonly setting: RetentionSetting;
  readonly action: PolicyAction;
  /** Undefined where the stored value cannot be read. */
  readonly window: PurgeWindow | undefined;
  /** When a window that waits for its grace period comes into force. */
  readonly dueAt: Date | null;
  /** What the first purge by it would take now; empty where it takes nothing, or where a purge has gone by it before. */
  readonly taking: readonly PolicyPreview[];
}

/**
 * Looks at every window before a purge does: one that no purge has gone by yet may take years of data at once, which
 * whoever starts the server should see coming. The cost is bounded, and what cannot be found out is left out.
 */
export async function readWindowOutlooks(
  dependencies: PreviewDependencies,
  signal: AbortSignal,
): Promise<WindowOutlook[]> {
  const { store, log, purge } = dependencies;
  const actions = new Map(purge.policies.map(({ setting, action }) => [setting, action]));
  return Promise.all(
    [...actions].map(async ([setting, action]): Promise<WindowOutlook> => {
      let window: PurgeWindow | undefined;
      try {
        window = await store.readPurgeWindow(setting, purge.graceMs);
        const { waitingSince, set } = window;
        const dueAt = waitingSince && new Date(waitingSince.getTime() + purge.graceMs);
        if (!isMoreAggressive(set.days, window.lastEffectiveDays ?? 0))
          return { setting, action, window, dueAt, taking: [] };
        const { policies } = await previewWindow(dependencies, setting, { days: set.days, signal });
        const taking = policies.filter(({ proposed: { records } }) => records.count > 0 || records.at_least);
        return { setting, action, window, dueAt, taking };
      } catch (error) {
        // A start that is told to stop while it looks has nothing to report.
        if (!signal.aborted) {
          log.warn({ setting: setting.name, code: codeOf(error) }, "what a window will take could not be found out");
        }
        return { setting, action, window, dueAt: null, taking: [] };
      }
    }),
  );
}

/** The same in plain lines: the window, and below it what is to come. */
export function describeOutlook(outlook: WindowOutlook, { enabled }: { enabled: boolean }): string[] {
  const { setting, action, window, dueAt } = outlook;
  if (window === undefined) return [`${setting.name}: cannot be read; nothing of it is purged until it is set again`];
  const source = window.set.source === "default" ? " (default)" : "";
  const lines = [`${setting.name}: ${describeDays(window.set.days, action)}${source}`];
  if (dueAt !== null) {
    lines.push(`waits until ${dueAt.toISOString()}; until then: ${describeDays(window.effectiveDays, action)}`);
  }
  const first = dueAt === null ? (enabled ? "the first purge will" : "the first purge would") : "by now it would";
  return [...lines, ...outlook.taking.map((preview) => `${first} ${describeTaking(preview)}`)];
}

function describeDays(days: number, action: PolicyAction): string {
  if (days > 0) return `${days} days`;
  return action === "archive" ? "0, nothing is archived" : "0, kept for ever";
}

function describeTaking({ action, record_type, proposed: { records, cutoff } }: PolicyPreview): string {
  const count = records.at_least
    ? records.count === 0
      ? "an unknown number of"
      : `at least ${records.count}`
    : records.count;
  return `${action} ${count} ${record_type} older than ${cutoff}`;
}
