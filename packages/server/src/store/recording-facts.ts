import { sql } from "kysely";

import type { Database } from "./database.ts";
import { ALLOW_USERS_KEY, OWN_SWITCH_KEY, parseSwitch, USER_DEFAULT_KEY } from "./debug-logging.ts";
import type { IngestCaller } from "./ingest-batch.ts";

/** What a batch names, as far as it decides whose recording it is. */
export interface RecordingQuestion {
  readonly chatIds: readonly string[];
  readonly runIds: readonly string[];
  /** People that chat items name by e-mail address or id, in lower case. */
  readonly ownerNames: readonly string[];
}

/** Why a person's chats are not recorded. */
export type RecordingOff = "not_allowed" | "switched_off";

/** What is known of the chats, runs and people that a batch names. */
export interface RecordingFacts {
  /** Stored chats by their ids. */
  readonly chats: ReadonlyMap<string, { readonly ownerId: string; readonly recorderId: string | null }>;
  /** People by the text that named them. */
  readonly people: ReadonlyMap<string, string>;
  /** Stored runs: the chat of each, by its id. */
  readonly chatOfRun: ReadonlyMap<string, string>;
  /** Undefined where the person's chats are recorded. */
  reasonOff(userId: string): RecordingOff | undefined;
}

export interface RecordingFactsStore {
  /**
   * Looks up, in one query, what decides whether the items of a batch may be recorded.
   *
   * @throws CodedError `setting_unreadable` where the switch of the deployment is neither `true` nor `false`
   */
  readRecordingFacts(caller: IngestCaller, question: RecordingQuestion): Promise<RecordingFacts>;
}

interface FactsRow {
  readonly allow_users: string | null;
  readonly user_default: string | null;
  readonly chats: Record<string, { owner: string; recorder: string | null }>;
  readonly people: Record<string, string>;
  readonly runs: Record<string, string>;
  readonly switches: Record<string, string>;
}

export function recordingFactsStore(database: Database): RecordingFactsStore {
  return {
    async readRecordingFacts(caller, { chatIds, runIds, ownerNames }) {
      const { rows } = await sql<FactsRow>`
        WITH
          chat AS (SELECT id, owner_id, recorder_id FROM chats WHERE id = ANY (${chatIds}::uuid[])),
          person AS (
            SELECT named.name, users.id
            FROM unnest(${ownerNames}::text[]) AS named (name)
            JOIN users ON users.email = named.name OR users.id::text = named.name
          ),
          concerned AS (
            SELECT ${caller.userId}::uuid AS id UNION SELECT owner_id FROM chat UNION SELECT id FROM person
          )
        SELECT
          (SELECT value FROM site_configs WHERE key = ${ALLOW_USERS_KEY}) AS allow_users,
          (SELECT value FROM site_configs WHERE key = ${USER_DEFAULT_KEY}) AS user_default,
          (SELECT coalesce(jsonb_object_agg(id, jsonb_build_object('owner', owner_id, 'recorder', recorder_id)), '{}') FROM chat) AS chats,
          (SELECT coalesce(jsonb_object_agg(name, id), '{}') FROM person) AS people,
          (
            SELECT coalesce(jsonb_object_agg(id, chat_id), '{}') FROM chat_debug_runs WHERE id = ANY (${runIds}::uuid[])
          ) AS runs,
          (
            SELECT coalesce(jsonb_object_agg(user_id, value), '{}')
            FROM user_configs
            JOIN concerned ON concerned.id = user_configs.user_id
            WHERE key = ${OWN_SWITCH_KEY}
          ) AS switches
      `.execute(database);
      const row = rows[0];
      if (row === undefined) throw new Error("The look-up answered no row.");
      const allowUsers = parseSwitch(ALLOW_USERS_KEY, row.allow_users ?? undefined) ?? false;
      const switches = new Map(Object.entries(row.switches));
      return {
        chats: new Map(
          Object.entries(row.chats).map(([id, { owner, recorder }]) => [id, { ownerId: owner, recorderId: recorder }]),
        ),
        people: new Map(Object.entries(row.people)),
        chatOfRun: new Map(Object.entries(row.runs)),
        reasonOff(userId) {
          if (!allowUsers) return "not_allowed";
          // A switch that cannot be read records nothing: only a clear yes does.
          return (switches.get(userId) ?? row.user_default) === "true" ? undefined : "switched_off";
        },
      };
    },
  };
}
