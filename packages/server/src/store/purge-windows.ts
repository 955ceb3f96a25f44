import type { RetentionSetting } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { parseRetentionWindow, type RetentionWindow } from "./retention-window.ts";
import { settleWindow, type WindowState } from "./window-grace.ts";

/** The window that the purge goes by, and the one that is set. */
export interface PurgeWindow {
  readonly set: RetentionWindow;
  /** In days; 0 keeps for ever. It is never shorter than the window that is set. */
  readonly effectiveDays: number;
  /** Where a shorter window waits: since when. */
  readonly waitingSince: Date | null;
  /** The window that the last tick went by; null where no purge has seen the setting yet. */
  readonly lastEffectiveDays: number | null;
}

export interface PurgeWindowsStore {
  /**
   * Reads the window that the purge goes by: the one that is set, or where that was shortened less than the grace period
   * ago, the one before.
   *
   * @param graceMs milliseconds
   * @throws CodedError `setting_unreadable` as `readRetentionWindow` does
   */
  readPurgeWindow(setting: RetentionSetting, graceMs: number): Promise<PurgeWindow>;
  /** The same at the start of a tick, and remembers what it found, from which grace periods count. */
  observePurgeWindow(setting: RetentionSetting, graceMs: number): Promise<PurgeWindow>;
  /**
   * Lets a window that waits apply at once, and audits that. False where none waits.
   *
   * @throws CodedError `setting_unreadable` as `readRetentionWindow` does
   */
  waiveGrace(setting: RetentionSetting, origin: AuditOrigin): Promise<boolean>;
}

interface StoredWindow {
  readonly value: string | null;
  readonly effective_days: number | null;
  readonly set_days: number | null;
  readonly shortened_at: Date | null;
}

export function purgeWindowsStore(database: Database, clock: Clock): PurgeWindowsStore {
  const read = async (
    setting: RetentionSetting,
    graceMs: number,
  ): Promise<{ window: PurgeWindow; before: WindowState | undefined; after: WindowState }> => {
    const { set, before } = await readStored(database, setting);
    const after = settleWindow(before, { days: set.days, now: clock.now(), graceMs });
    const waitingSince = after.effectiveDays === after.setDays ? null : after.shortenedAt;
    const { effectiveDays } = after;
    return {
      window: { set, effectiveDays, waitingSince, lastEffectiveDays: before?.effectiveDays ?? null },
      before,
      after,
    };
  };

  return {
    async readPurgeWindow(setting, graceMs) {
      return (await read(setting, graceMs)).window;
    },

    async observePurgeWindow(setting, graceMs) {
      const { window, before, after } = await read(setting, graceMs);
      if (!sameState(before, after)) await replaceState(database, setting, before, after);
      return window;
    },

    async waiveGrace(setting, origin) {
      return database.transaction().execute(async (transaction) => {
        // Takes turns with whoever changes the window.
        await sql`LOCK TABLE site_configs IN SHARE ROW EXCLUSIVE MODE`.execute(transaction);
        // A window that no tick has seen yet waits as well: one that an operator stored by SQL, or the very first.
        const { set, before } = await readStored(transaction, setting);
        const state = settleWindow(before, { days: set.days, now: clock.now(), graceMs: Number.POSITIVE_INFINITY });
        if (state.effectiveDays === state.setDays) return false;
        await writeState(transaction, setting, { ...state, effectiveDays: state.setDays });
        await writeAudit(transaction, origin, {
          time: clock.now(),
          resourceType: "site_config",
          resourceTarget: setting.key,
          action: "write",
          diff: { effective_days: { old: state.effectiveDays, new: state.setDays } },
        });
        return true;
      });
    },
  };
}

/** The window that is set, and the state that a tick or a change has left. */
async function readStored(
  database: Database | OpenTransaction,
  setting: RetentionSetting,
): Promise<{ set: RetentionWindow; before: WindowState | undefined }> {
  const { rows } = await sql<StoredWindow>`
    SELECT site_configs.value, retention_windows.effective_days, retention_windows.set_days, retention_windows.shortened_at
    FROM (SELECT ${setting.key}::text AS key) AS wanted
    LEFT JOIN site_configs ON site_configs.key = wanted.key
    LEFT JOIN retention_windows ON retention_windows.setting_key = wanted.key
  `.execute(database);
  return { set: parseRetentionWindow(setting, rows[0]?.value ?? undefined), before: stateOf(rows[0]) };
}

/** Remembers in the transaction of a change since when the new window waits; only a tick lets it apply. */
export async function rememberChangedWindow(
  transaction: OpenTransaction,
  setting: RetentionSetting,
  { days, now }: { days: number; now: Date },
): Promise<void> {
  const { rows } = await sql<StoredWindow>`
    SELECT NULL AS value, effective_days, set_days, shortened_at FROM retention_windows
    WHERE setting_key = ${setting.key} FOR UPDATE
  `.execute(transaction);
  const after = settleWindow(stateOf(rows[0]), { days, now, graceMs: Number.POSITIVE_INFINITY });
  await writeState(transaction, setting, after);
}

async function writeState(
  database: Database | OpenTransaction,
  setting: RetentionSetting,
  { effectiveDays, setDays, shortenedAt }: WindowState,
): Promise<void> {
  await sql`
    INSERT INTO retention_windows (setting_key, effective_days, set_days, shortened_at)
    VALUES (${setting.key}, ${effectiveDays}, ${setDays}, ${shortenedAt})
    ON CONFLICT (setting_key) DO UPDATE
    SET effective_days = excluded.effective_days, set_days = excluded.set_days, shortened_at = excluded.shortened_at
  `.execute(database);
}

/**
 * Writes a state down unless somebody has changed it since it was read: a tick must not undo what a change of the window
 * has just remembered.
 */
async function replaceState(
  database: Database,
  setting: RetentionSetting,
  before: WindowState | undefined,
  after: WindowState,
): Promise<void> {
  if (before === undefined) {
    await sql`
      INSERT INTO retention_windows (setting_key, effective_days, set_days, shortened_at)
      VALUES (${setting.key}, ${after.effectiveDays}, ${after.setDays}, ${after.shortenedAt})
      ON CONFLICT (setting_key) DO NOTHING
    `.execute(database);
    return;
  }
  await sql`
    UPDATE retention_windows
    SET effective_days = ${after.effectiveDays}, set_days = ${after.setDays}, shortened_at = ${after.shortenedAt}
    WHERE setting_key = ${setting.key}
      AND effective_days = ${before.effectiveDays} AND set_days = ${before.setDays}
      AND date_trunc('milliseconds', shortened_at) = ${before.shortenedAt}
  `.execute(database);
}

function stateOf(row: StoredWindow | undefined): WindowState | undefined {
  if (row === undefined || row.effective_days === null || row.set_days === null || row.shortened_at === null) {
    return undefined;
  }
  return { effectiveDays: row.effective_days, setDays: row.set_days, shortenedAt: row.shortened_at };
}

function sameState(a: WindowState | undefined, b: WindowState): boolean {
  return (
    a !== undefined &&
    a.effectiveDays === b.effectiveDays &&
    a.setDays === b.setDays &&
    a.shortenedAt.getTime() === b.shortenedAt.getTime()
  );
}
