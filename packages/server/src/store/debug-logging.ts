import type { DebugLoggingChoice } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { lockSiteConfigs, writeSiteConfig } from "./site-configs.ts";

/** Whether people may record their chats, and whether they do before they have chosen themselves. */
export interface DebugLoggingPolicy {
  readonly allowUsers: boolean;
  readonly userDefault: boolean;
}

/** One person's own switch, and whether an administrator lets it count. */
export interface OwnDebugLogging {
  readonly allowed: boolean;
  /** Their own choice, or the default for who has made none; `unreadable` where what is stored is neither yes nor no. */
  readonly switchedOn: boolean | "unreadable";
}

export interface DebugLoggingStore {
  /** @throws CodedError `setting_unreadable` where a stored value is neither `true` nor `false` */
  readDebugLogging(): Promise<DebugLoggingPolicy>;
  /** Changes what is named and audits it; a value that is in force already changes nothing and is not audited. */
  changeDebugLogging(change: Partial<DebugLoggingPolicy>, origin: AuditOrigin): Promise<{ changed: boolean }>;
  /** @throws CodedError `setting_unreadable` where the administrator's switch is neither `true` nor `false` */
  readOwnDebugLogging(userId: string): Promise<OwnDebugLogging>;
  /** Sets a person's own switch, likewise. */
  changeOwnDebugLogging(
    change: { userId: string; switchedOn: boolean },
    origin: AuditOrigin,
  ): Promise<{ changed: boolean }>;
}

/** What each choice at set-up, or on the command line, stores. */
export const DEBUG_LOGGING_POLICIES: Record<DebugLoggingChoice, DebugLoggingPolicy> = {
  everyone: { allowUsers: true, userDefault: true },
  opt_in: { allowUsers: true, userDefault: false },
  nobody: { allowUsers: false, userDefault: false },
};

/** In `site_configs`. */
export const ALLOW_USERS_KEY = "agents_chat_debug_logging_allow_users";
export const USER_DEFAULT_KEY = "agents_chat_debug_logging_user_default";
/** In `user_configs`. */
export const OWN_SWITCH_KEY = "chat_debug_logging_enabled";

const SITE_SWITCHES = [
  { name: "allowUsers", field: "allow_users", key: ALLOW_USERS_KEY },
  { name: "userDefault", field: "user_default", key: USER_DEFAULT_KEY },
] as const;

export function debugLoggingStore(database: Database, clock: Clock): DebugLoggingStore {
  return {
    async readDebugLogging() {
      const values = await readSiteSwitches(database);
      return {
        allowUsers: parseSwitch(ALLOW_USERS_KEY, values.get(ALLOW_USERS_KEY)) ?? false,
        userDefault: parseSwitch(USER_DEFAULT_KEY, values.get(USER_DEFAULT_KEY)) ?? false,
      };
    },

    changeDebugLogging(change, origin) {
      return database.transaction().execute(async (transaction) => {
        await lockSiteConfigs(transaction);
        const values = await readSiteSwitches(transaction);
        let changed = false;
        for (const { name, field, key } of SITE_SWITCHES) {
          const wanted = change[name];
          const old = readable(key, values.get(key), false);
          if (wanted === undefined || old === wanted) continue;
          await writeSiteConfig(transaction, { key, field, old, new: wanted }, { origin, time: clock.now() });
          changed = true;
        }
        return { changed };
      });
    },

    async readOwnDebugLogging(userId) {
      const values = await readSiteSwitches(database);
      const own = await readOwnSwitch(database, userId);
      return {
        allowed: parseSwitch(ALLOW_USERS_KEY, values.get(ALLOW_USERS_KEY)) ?? false,
        switchedOn: ownSwitch(own ?? values.get(USER_DEFAULT_KEY)),
      };
    },

    changeOwnDebugLogging({ userId, switchedOn }, origin) {
      return database.transaction().execute(async (transaction) => {
        // Two changes of one person take turns, also where there is no row to lock yet.
        await sql`SELECT FROM users WHERE id = ${userId} FOR NO KEY UPDATE`.execute(transaction);
        const values = await readSiteSwitches(transaction);
        const own = await readOwnSwitch(transaction, userId);
        const text = own ?? values.get(USER_DEFAULT_KEY);
        const old = ownSwitch(text);
        if (old === switchedOn) return { changed: false };
        await sql`
          INSERT INTO user_configs (user_id, key, value) VALUES (${userId}, ${OWN_SWITCH_KEY}, ${String(switchedOn)})
          ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value
        `.execute(transaction);
        await writeAudit(transaction, origin, {
          time: clock.now(),
          resourceType: "user_config",
          resourceId: userId,
          resourceTarget: OWN_SWITCH_KEY,
          action: "write",
          diff: { debug_logging_enabled: { old: old === "unreadable" ? text : old, new: switchedOn } },
        });
        return { changed: true };
      });
    },
  };
}

async function readSiteSwitches(database: Database | OpenTransaction): Promise<Map<string, string>> {
  const rows = await database
    .selectFrom("site_configs")
    .select(["key", "value"])
    .where("key", "in", [ALLOW_USERS_KEY, USER_DEFAULT_KEY])
    .execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

async function readOwnSwitch(database: Database | OpenTransaction, userId: string): Promise<string | undefined> {
  const { rows } = await sql<{ value: string }>`
    SELECT value FROM user_configs WHERE user_id = ${userId} AND key = ${OWN_SWITCH_KEY}
  `.execute(database);
  return rows[0]?.value;
}

/**
 * Reads the stored text of a switch; undefined where nothing is stored.
 *
 * @throws CodedError `setting_unreadable` where it is neither `true` nor `false`
 */
export function parseSwitch(key: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw new CodedError("setting_unreadable", `The stored value of ${key} is not true or false; set it again.`);
}

function ownSwitch(text: string | undefined): OwnDebugLogging["switchedOn"] {
  if (text === undefined) return false;
  return text === "true" || text === "false" ? text === "true" : "unreadable";
}

/** What a change replaces: the value in force, or the text that stood there and could not be read. */
function readable(key: string, text: string | undefined, fallback: boolean): boolean | string {
  try {
    return parseSwitch(key, text) ?? fallback;
  } catch {
    return text ?? fallback;
  }
}
