import { Kysely, PostgresDialect, type Transaction } from "kysely";
import type { Pool } from "pg";
import { v7 as uuidv7 } from "uuid";

import type { Tables } from "./tables.ts";

/** What runs a statement: the database itself, or a transaction of it. */
export type Database = Kysely<Tables>;
export type OpenTransaction = Transaction<Tables>;

/** Statements go through Kysely, which checks their columns; the pool stays the caller's to close. */
export function openDatabase(pool: Pool): Database {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** Ids are made here and rise with time, which keeps the newest rows together in every index. */
export function newId(): string {
  return uuidv7();
}
