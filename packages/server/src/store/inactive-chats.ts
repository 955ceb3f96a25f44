import { sql, type RawBuilder } from "kysely";

import type { Database } from "./database.ts";
import { PREVIEW_COUNT_MAX, type ExpiredSample } from "./expired-sample.ts";
import {
  countExpiredRows,
  measureRowLag,
  nextExpiredRow,
  type ExpiringTable,
  type RetentionLag,
} from "./expiring-rows.ts";
import type { DrainCursor } from "./purge-batch.ts";
import { sampleExpiredRows } from "./sample-expired-rows.ts";

/** Finding inactive chats, family by family: the root decides. Records are chats, children included. */
export interface InactiveChatsStore {
  /** Counted up to a hundred thousand families. */
  countInactiveChats(cutoff: Date, signal: AbortSignal): Promise<number>;
  sampleInactiveChats(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  /** The next root that may be inactive; its messages and runs have not been looked at. */
  nextInactiveChat(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
  measureInactiveLag(cutoff: Date): Promise<RetentionLag>;
}

/** What a root itself tells: without its activity stored, its creation counts. */
const clock = sql<Date>`coalesce(expiring.last_activity_at, expiring.created_at)`;

const mayBeInactive = (cutoff: RawBuilder<Date>): RawBuilder<boolean> => sql`NOT expiring.archived
    AND expiring.root_chat_id IS NULL
    AND expiring.pin_order = 0
    AND expiring.purging_at IS NULL
    AND expiring.status NOT IN ('running', 'pending', 'paused', 'requires_action')
    AND ${clock} < ${cutoff}
    AND expiring.created_at < ${cutoff}`;

/** The newest message or debug-run start in the family of a root as its rows tell it; null where there is neither. */
export const newestActivity = sql<Date | null>`(
    SELECT max(newest.moment)
    FROM (
      SELECT expiring.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = expiring.id
    ) AS member (id)
    CROSS JOIN LATERAL (
      SELECT greatest(
        (SELECT created_at FROM chat_messages WHERE chat_id = member.id AND NOT deleted ORDER BY created_at DESC LIMIT 1),
        (SELECT started_at FROM chat_debug_runs WHERE chat_id = member.id ORDER BY started_at DESC LIMIT 1)
      ) AS moment
    ) AS newest
  )`;

/** That also the messages and runs of the family say so: a message that somebody stored by SQL told no root of itself. */
export const isReallyInactive = (cutoff: RawBuilder<Date>): RawBuilder<boolean> =>
  sql`coalesce(${newestActivity}, '-infinity') < ${cutoff}`;

/** Roots that are inactive by what they tell themselves, which an index finds. */
export const seeminglyInactive: ExpiringTable = {
  table: "chats",
  clock,
  isExpired: mayBeInactive,
  bytes: null,
};

/** Roots that are inactive, of a bounded number that seem to be. */
const inactive: ExpiringTable = {
  ...seeminglyInactive,
  among: (cutoff) => sql`
    SELECT expiring.id, expiring.created_at, expiring.last_activity_at
    FROM chats AS expiring
    WHERE ${mayBeInactive(cutoff)}
    ORDER BY ${clock}, expiring.id
    LIMIT ${PREVIEW_COUNT_MAX + 1}
  `,
  isExpired: isReallyInactive,
  records: () =>
    sql`1 + (SELECT count(*) FROM chats AS child WHERE child.root_chat_id = expiring.id AND NOT child.archived)`,
};

export function inactiveChatsStore(database: Database): InactiveChatsStore {
  return {
    countInactiveChats: (cutoff, signal) => countExpiredRows(database, inactive, { cutoff, signal }),
    sampleInactiveChats: (cutoff, signal) => sampleExpiredRows(database, inactive, { cutoff, signal }),
    nextInactiveChat: (request) => nextExpiredRow(database, seeminglyInactive, request),
    measureInactiveLag: (cutoff) => measureRowLag(database, seeminglyInactive, cutoff),
  };
}
