import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import type { Database } from "./database.ts";

export interface ArchiveClocksStore {
  /**
   * Starts the retention clock of archived roots that have none: an operator's own statement may archive a chat and forget
   * the moment, and a chat without it would be kept for ever. When it was archived nobody knows, so that its window counts
   * from now.
   *
   * @returns how many roots it gave a clock, at most so many
   */
  startArchiveClocks(limit: number): Promise<number>;
}

export function archiveClocksStore(database: Database, clock: Clock): ArchiveClocksStore {
  return {
    async startArchiveClocks(limit) {
      // In the order of the index, so that the planner takes it however many chats are not archived.
      const result = await sql`
        UPDATE chats SET archived_at = ${clock.now()}
        WHERE id = ANY (ARRAY(
          SELECT id FROM chats
          WHERE archived AND root_chat_id IS NULL AND archived_at IS NULL
          ORDER BY archived_at, id
          LIMIT ${limit}
          FOR NO KEY UPDATE SKIP LOCKED
        ))
      `.execute(database);
      return Number(result.numAffectedRows ?? 0n);
    },
  };
}
