import { sql, type RawBuilder } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database } from "./database.ts";
import { PREVIEW_COUNT_MAX, type ExpiredSample } from "./expired-sample.ts";
import {
  countExpiredRows,
  measureRowLag,
  nextExpiredRow,
  purgeExpiredRows,
  type ExpiringTable,
  type RetentionLag,
} from "./expiring-rows.ts";
import type { DrainCursor, PurgeBatchRequest, PurgeBatchResult } from "./purge-batch.ts";
import { sampleExpiredRows } from "./sample-expired-rows.ts";

/** Files that are expired: old ones that no chat links. */
export interface ChatFilePurgeStore {
  /**
   * Notes of at most so many old files that chats link them, so that they are not looked at in every tick. The note goes
   * with any link of theirs.
   *
   * @returns how many there were
   */
  noteLinkedFiles(request: { cutoff: Date; limit: number; signal: AbortSignal }): Promise<number>;
  countExpiredFiles(cutoff: Date, signal: AbortSignal): Promise<number>;
  sampleExpiredFiles(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
  purgeFileBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
  nextExpiredFile(request: { cutoff: Date; after: DrainCursor | null }): Promise<DrainCursor | undefined>;
  measureFileLag(cutoff: Date): Promise<RetentionLag>;
}

const isLinked = sql`EXISTS (SELECT FROM chat_file_links AS link WHERE link.file_id = expiring.id)`;

const expiringFiles: ExpiringTable = {
  table: "chat_files",
  clock: sql`expiring.created_at`,
  isExpired: (cutoff) => sql`expiring.created_at < ${cutoff} AND NOT expiring.found_linked AND NOT ${isLinked}`,
  bytes: sql`pg_column_size(expiring.data)`,
};

/** That a tick takes the links of a family away before it looks at the files: it is expired, or marked as deleted. */
const goesFirst = (cutoff: RawBuilder<Date>): RawBuilder<boolean> =>
  sql`(root.purging_at IS NOT NULL OR coalesce(root.archived AND root.archived_at < ${cutoff}, false))`;

/**
 * The files that a tick with another window would find: also those that only such chats link which the same window takes
 * first.
 */
const previewedFiles: ExpiringTable = {
  ...expiringFiles,
  among: (cutoff) => sql`
    SELECT id, created_at, data FROM chat_files WHERE created_at < ${cutoff} AND NOT found_linked
    UNION ALL
    SELECT id, created_at, data FROM chat_files
    WHERE created_at < ${cutoff} AND found_linked AND id IN (
      SELECT link.file_id
      FROM chats AS root
      CROSS JOIN LATERAL (
        SELECT root.id UNION ALL SELECT child.id FROM chats AS child WHERE child.root_chat_id = root.id
      ) AS member (id)
      JOIN chat_file_links AS link ON link.chat_id = member.id
      WHERE root.root_chat_id IS NULL AND ${goesFirst(cutoff)}
      LIMIT ${PREVIEW_COUNT_MAX}
    )`,
  isExpired: (cutoff) => sql`expiring.created_at < ${cutoff} AND NOT EXISTS (
      SELECT FROM chat_file_links AS link
      JOIN chats AS chat ON chat.id = link.chat_id
      JOIN chats AS root ON root.id = coalesce(chat.root_chat_id, chat.id)
      WHERE link.file_id = expiring.id AND chat.purging_at IS NULL AND NOT ${goesFirst(cutoff)}
    )`,
};

export function chatFilePurgeStore(database: Database): ChatFilePurgeStore {
  return {
    noteLinkedFiles({ cutoff, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        // Whoever unlinks one of them takes the note away after this, since the file is locked until then.
        const { rows } = await sql<{ id: string }>`
          SELECT expiring.id
          FROM chat_files AS expiring
          WHERE expiring.created_at < ${cutoff} AND NOT expiring.found_linked AND ${isLinked}
          ORDER BY expiring.created_at, expiring.id
          LIMIT ${limit}
          FOR NO KEY UPDATE SKIP LOCKED
        `.execute(transaction);
        if (rows.length === 0) return 0;
        await sql`
          UPDATE chat_files AS expiring SET found_linked = true
          WHERE expiring.id = ANY (${rows.map(({ id }) => id)}::uuid[]) AND ${isLinked}
        `.execute(transaction);
        return rows.length;
      });
    },

    countExpiredFiles: (cutoff, signal) => countExpiredRows(database, expiringFiles, { cutoff, signal }),
    sampleExpiredFiles: (cutoff, signal) => sampleExpiredRows(database, previewedFiles, { cutoff, signal }),
    purgeFileBatch: (request) => purgeExpiredRows(database, expiringFiles, request),
    nextExpiredFile: (request) => nextExpiredRow(database, expiringFiles, request),
    measureFileLag: (cutoff) => measureRowLag(database, expiringFiles, cutoff),
  };
}
