import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import type { TombstonesTable } from "./tables.ts";

/** No recorder flushes later than this, so a tombstone has done its work by then, in milliseconds. */
const TOMBSTONE_MS = 7 * 86_400_000;

/** Whoever leaves tombstones takes so many of the old ones away at the most. */
const REMOVED_AT_ONCE = 1_000;

/** Leaves word of what is being deleted on purpose: a late flush of a recorder must not bring it back. */
export async function leaveTombstones(
  transaction: OpenTransaction,
  { kind, ids, now }: { kind: TombstonesTable["kind"]; ids: readonly string[]; now: Date },
): Promise<void> {
  await sql`
    DELETE FROM tombstones
    WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM tombstones
      WHERE created_at < ${new Date(now.getTime() - TOMBSTONE_MS)}
      ORDER BY created_at
      LIMIT ${REMOVED_AT_ONCE}
    ))
  `.execute(transaction);
  await sql`
    INSERT INTO tombstones (kind, id, created_at)
    SELECT ${kind}, id, ${now} FROM unnest(${ids}::uuid[]) AS deleted (id)
    ON CONFLICT (id, kind) DO UPDATE SET created_at = excluded.created_at
  `.execute(transaction);
}
