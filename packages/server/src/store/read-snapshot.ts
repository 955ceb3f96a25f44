import type { Database, OpenTransaction } from "./database.ts";

/** One snapshot for everything that an answer is made of, so that a write in between cannot tear it apart. */
export function readSnapshot<T>(database: Database, read: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
  return database.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(read);
}
