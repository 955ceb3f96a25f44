import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { newId, type Database, type OpenTransaction } from "./database.ts";

export interface NewFile {
  readonly ownerId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** A file without its bytes. */
export interface FileDescription {
  readonly id: string;
  readonly name: string;
  readonly mimetype: string;
  /** Bytes. */
  readonly size: number;
  readonly created_at: Date;
}

/** Which file, and on whose behalf it is read: its owner's, or that of somebody who has a chat that links it. */
export interface FileReading {
  readonly fileId: string;
  readonly readerId: string;
}

export interface FilesStore {
  /** Stores a file that no chat links yet; answers its id. */
  createFile(file: NewFile): Promise<string>;
  /** Undefined where there is no such file that the reader may read. */
  describeFile(reading: FileReading): Promise<FileDescription | undefined>;
  readFileContent(reading: FileReading): Promise<Buffer | undefined>;
}

/** A message names a file that its sender may not read, or that does not exist. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
  readonly code = "unreadable_file";
  readonly fileId: string;

  constructor(fileId: string) {
    super(`There is no file ${fileId} that its sender may read.`);
    this.fileId = fileId;
  }
}

const described = sql`file.id, file.name, file.mimetype, octet_length(file.data) AS size, file.created_at`;

const readableBy = (readerId: string) => sql`(
  file.owner_id = ${readerId}
  OR EXISTS (
    SELECT FROM chat_file_links AS link
    JOIN chats AS chat ON chat.id = link.chat_id
    WHERE link.file_id = file.id AND chat.owner_id = ${readerId} AND chat.purging_at IS NULL
  )
)`;

export function filesStore(database: Database, clock: Clock): FilesStore {
  return {
    async createFile({ ownerId, name, mediaType, content }) {
      const id = newId();
      await sql`
        INSERT INTO chat_files (id, owner_id, organization_id, name, mimetype, data, created_at)
        VALUES (
          ${id}, ${ownerId}, (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1),
          ${name}, ${mediaType}, ${content}, ${clock.now()}
        )
      `.execute(database);
      return id;
    },

    async describeFile({ fileId, readerId }) {
      const { rows } = await sql<FileDescription>`
        SELECT ${described} FROM chat_files AS file WHERE file.id = ${fileId} AND ${readableBy(readerId)}
      `.execute(database);
      return rows[0];
    },

    async readFileContent({ fileId, readerId }) {
      const { rows } = await sql<{ data: Buffer }>`
        SELECT file.data FROM chat_files AS file WHERE file.id = ${fileId} AND ${readableBy(readerId)}
      `.execute(database);
      return rows[0]?.data;
    },
  };
}

/** The files that a chat links, from the oldest to the newest. */
export async function listLinkedFiles(database: Database, chatId: string): Promise<FileDescription[]> {
  const { rows } = await sql<FileDescription>`
    SELECT ${described}
    FROM chat_file_links AS link
    JOIN chat_files AS file ON file.id = link.file_id
    WHERE link.chat_id = ${chatId}
    ORDER BY file.created_at, file.id
  `.execute(database);
  return rows;
}

/**
 * Links files to a chat. They stay locked against deletion to the end of the transaction, so that a purge of files that no
 * chat links cannot come in between.
 *
 * @throws UnreadableFileError for the first file that the sender may not read
 */
export async function linkFiles(
  transaction: OpenTransaction,
  { chatId, senderId, fileIds }: { chatId: string; senderId: string; fileIds: readonly string[] },
): Promise<void> {
  if (fileIds.length === 0) return;
  const { rows } = await sql<{ id: string }>`
    SELECT file.id FROM chat_files AS file
    WHERE file.id = ANY (${fileIds}::uuid[]) AND ${readableBy(senderId)}
    ORDER BY file.id
    FOR KEY SHARE OF file
  `.execute(transaction);
  const readable = new Set(rows.map(({ id }) => id));
  const unreadable = fileIds.find((id) => !readable.has(id));
  if (unreadable !== undefined) throw new UnreadableFileError(unreadable);
  await sql`
    INSERT INTO chat_file_links (chat_id, file_id)
    SELECT ${chatId}::uuid, file.id FROM unnest(${[...readable]}::uuid[]) AS file (id)
    ON CONFLICT (chat_id, file_id) DO NOTHING
  `.execute(transaction);
}
