import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";

/**
 * Locks the children of roots that are locked already, passing over what a writer holds at this moment.
 *
 * @returns the children of each root; a family of which somebody holds a child is left out, and is not locked whole
 */
export async function lockChildren(
  transaction: OpenTransaction,
  rootIds: readonly string[],
): Promise<Map<string, string[]>> {
  const ofRoots = sql`root_chat_id = ANY (${rootIds}::uuid[])`;
  const { rows: locked } = await sql<{ id: string }>`
    SELECT id FROM chats WHERE ${ofRoots} ORDER BY id FOR UPDATE SKIP LOCKED
  `.execute(transaction);
  const lockedIds = new Set(locked.map(({ id }) => id));
  // A child that was added or held just now is seen only by a statement that locks nothing.
  const { rows: children } = await sql<{ id: string; root_chat_id: string }>`
    SELECT id, root_chat_id FROM chats WHERE ${ofRoots}
  `.execute(transaction);
  const families = new Map<string, string[]>(rootIds.map((id) => [id, []]));
  for (const { id, root_chat_id } of children) {
    if (lockedIds.has(id)) families.get(root_chat_id)?.push(id);
    else families.delete(root_chat_id);
  }
  return families;
}
