import { isRetentionDays, rangeMessage, type RetentionSetting } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { AuditOrigin } from "./audit.ts";
import type { Database } from "./database.ts";
import { parseRetentionWindow, type RetentionWindow } from "./retention-window.ts";
import { rememberChangedWindow } from "./purge-windows.ts";
import { lockSiteConfigs, writeSiteConfig } from "./site-configs.ts";

export interface RetentionSettingsStore {
  /**
   * Reads the window in force.
   *
   * @throws CodedError `setting_unreadable` where the stored text is not an integer in range. There is no silent default:
   * a negative window would put the cutoff into the future, and a wrong one would delete what should be kept.
   */
  readRetentionWindow(setting: RetentionSetting): Promise<RetentionWindow>;

  /** Sets the window and audits the change; the value already in force changes nothing and is not audited. */
  changeRetentionWindow(setting: RetentionSetting, days: number, origin: AuditOrigin): Promise<{ changed: boolean }>;
}

export function retentionSettingsStore(database: Database, clock: Clock): RetentionSettingsStore {
  return {
    async readRetentionWindow(setting) {
      const row = await database
        .selectFrom("site_configs")
        .select("value")
        .where("key", "=", setting.key)
        .executeTakeFirst();
      return parseRetentionWindow(setting, row?.value);
    },

    async changeRetentionWindow(setting, days, origin) {
      if (!isRetentionDays(days)) throw new CodedError("validation_failed", rangeMessage(setting));
      return database.transaction().execute(async (transaction) => {
        await lockSiteConfigs(transaction);
        const row = await transaction
          .selectFrom("site_configs")
          .select("value")
          .where("key", "=", setting.key)
          .executeTakeFirst();
        const old = readable(setting, row?.value);
        if (old === days) return { changed: false };
        const now = clock.now();
        await rememberChangedWindow(transaction, setting, { days, now });
        // A corrupt value is repaired by setting it; the audit keeps the text that stood there.
        const { key, field } = setting;
        await writeSiteConfig(transaction, { key, field, old: old ?? row?.value, new: days }, { origin, time: now });
        return { changed: true };
      });
    },
  };
}

function readable(setting: RetentionSetting, text: string | undefined): number | undefined {
  try {
    return parseRetentionWindow(setting, text).days;
  } catch {
    return undefined;
  }
}
