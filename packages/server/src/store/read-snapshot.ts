import { sql } from "kysely";

import type { Database, OpenTransaction } from "./database.ts";

/** One snapshot for everything that an answer is made of, so that a write in between cannot tear it apart. */
export function readSnapshot<T>(database: Database, read: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
  return database.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(read);
}

/**
 * The same for what reads payloads. A purge moves the payloads of long-lived runs, and then detaches the partition that they
 * were in: it waits for whoever holds this lock, which comes before the snapshot. Without it, a snapshot from before the
 * move could meet the partitions of after it, and find the payloads in neither place.
 */
export function readPayloadSnapshot<T>(
  database: Database,
  read: (transaction: OpenTransaction) => Promise<T>,
): Promise<T> {
  return readSnapshot(database, async (transaction) => {
    await sql`LOCK TABLE ONLY chat_debug_payloads IN ACCESS SHARE MODE`.execute(transaction);
    return read(transaction);
  });
}
