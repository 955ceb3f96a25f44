import { newId } from "../packages/server/src/store/database.ts";
import type { Pool } from "./database.ts";
import type { Person } from "./person.ts";

/** Chats of a person. */
export async function createChats(pool: Pool, { caller }: Person, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await pool.query(
    `INSERT INTO chats (id, owner_id, organization_id)
     SELECT id, $2, (SELECT id FROM organizations LIMIT 1) FROM unnest($1::uuid[]) AS given (id)`,
    [ids, caller.userId],
  );
  return ids;
}
