import { sql, type RawBuilder } from "kysely";

import type { Database } from "./database.ts";
import type { ExpiredSample } from "./expired-sample.ts";
import {
  countExpiredRows,
  isAfter,
  measureRowLag,
  moment,
  nextExpiredRow,
  type ExpiringTable,
  type RetentionLag,
} from "./expiring-rows.ts";
import type { DrainCursor, ExpiredRange } from "./purge-batch.ts";
import { sampleExpiredRows } from "./sample-expired-rows.ts";

/** An expired root, where the drain has come to with it, and its children. */
export interface ExpiredFamily extends DrainCursor {
  readonly children: readonly string[];
}

/** Finding archived chats that are expired, family by family: the root decides. Records are chats, children included. */
export interface ArchivedChatsStore {
  /** How many chats are expired, counted up to a million families. */
  countExpiredChats(cutoff: Date, signal: AbortSignal): Promise<number>;
  sampleExpiredChats(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  /** The next expired families after a cursor; what is found is not locked. */
  findExpiredFamilies(range: ExpiredRange): Promise<ExpiredFamily[]>;
  nextExpiredChat(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
  measureChatLag(cutoff: Date): Promise<RetentionLag>;
  /** How many chats have been marked as deleted and are still there: the whole of a deletion that was interrupted. */
  countMarkedChats(): Promise<number>;
  /** The marked chat that comes next, children before their root, but for those that are named. */
  nextMarkedChat(but: readonly string[]): Promise<string | undefined>;
}

/** The children of each are counted one look-up at a time, so that beyond this the count would take too long. */
const FAMILIES_COUNTED = 1_000_000;

/** The rows of so many families are looked at for an estimate of their bytes, and at the most so many of each chat. */
const FAMILIES_MEASURED = 100;
const ROWS_MEASURED = 10_000;

/** The chats of the family of a root. */
const ofFamily = (root: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`(member.id = ${root} OR member.root_chat_id = ${root})`;

/** Roots of archived chats. What is being deleted already is no longer told apart by its clock. */
export const expiringFamilies: ExpiringTable = {
  table: "chats",
  clock: sql`expiring.archived_at`,
  isExpired: (cutoff) =>
    sql`expiring.archived AND expiring.root_chat_id IS NULL AND expiring.purging_at IS NULL AND expiring.archived_at < ${cutoff}`,
  bytes: sql`(
    SELECT sum(stored.bytes)
    FROM chats AS member
    CROSS JOIN LATERAL (
      (SELECT pg_column_size(content) AS bytes FROM chat_messages WHERE chat_id = member.id LIMIT ${sql.lit(ROWS_MEASURED)})
      UNION ALL
      (SELECT payload_bytes FROM chat_debug_steps WHERE chat_id = member.id LIMIT ${sql.lit(ROWS_MEASURED)})
    ) AS stored
    WHERE ${ofFamily(sql`expiring.id`)}
  )`,
  records: () => sql`1 + (SELECT count(*) FROM chats AS child WHERE child.root_chat_id = expiring.id)`,
};

export function archivedChatsStore(database: Database): ArchivedChatsStore {
  return {
    countExpiredChats: (cutoff, signal) =>
      countExpiredRows(database, expiringFamilies, { cutoff, signal, limit: FAMILIES_COUNTED }),
    sampleExpiredChats: (cutoff, signal) =>
      sampleExpiredRows(database, expiringFamilies, { cutoff, signal, bytesMeasured: FAMILIES_MEASURED }),
    nextExpiredChat: (request) => nextExpiredRow(database, expiringFamilies, request),
    measureChatLag: (cutoff) => measureRowLag(database, expiringFamilies, cutoff),

    async findExpiredFamilies({ cutoff, limit, after }) {
      const { rows } = await sql<ExpiredFamily>`
        SELECT
          expiring.id,
          expiring.archived_at::text AS clock,
          ARRAY(SELECT child.id FROM chats AS child WHERE child.root_chat_id = expiring.id) AS children
        FROM chats AS expiring
        WHERE ${expiringFamilies.isExpired(moment(cutoff))} AND ${isAfter(expiringFamilies, after)}
        ORDER BY expiring.archived_at, expiring.id
        LIMIT ${limit}
      `.execute(database);
      return [...rows];
    },

    async countMarkedChats() {
      const { rows } = await sql<{ marked: number }>`
        SELECT count(*) AS marked FROM chats WHERE purging_at IS NOT NULL
      `.execute(database);
      return rows[0]?.marked ?? 0;
    },

    async nextMarkedChat(but) {
      const { rows } = await sql<{ id: string }>`
        SELECT id FROM chats
        WHERE purging_at IS NOT NULL AND id <> ALL (${but}::uuid[])
        ORDER BY purging_at, root_chat_id NULLS LAST, id
        LIMIT 1
      `.execute(database);
      return rows[0]?.id;
    },
  };
}
