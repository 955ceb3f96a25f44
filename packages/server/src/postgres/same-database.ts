import { randomInt } from "node:crypto";

import type { Pool } from "pg";

import { ADVISORY_LOCK_CLASSES } from "./locks.ts";
import { StartupError } from "./startup-error.ts";

/** The second part of a lock of two numbers has 31 bits. */
const NUMBERS = 2 ** 31;

/**
 * Makes sure that both pools lead to one database: what is locked over the one must be locked over the other. That asks
 * for no rights, and tells apart what is called the same.
 *
 * @throws StartupError `database_mismatch`
 */
export async function assertSameDatabase(pool: Pool, directPool: Pool): Promise<void> {
  // Replicas that start at the same moment do not take each other's lock for their own.
  const lock = [ADVISORY_LOCK_CLASSES.sameDatabase, randomInt(NUMBERS)];
  const client = await directPool.connect();
  let free: boolean;
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1::integer, $2::integer)", lock);
    free = await isFree(pool, lock);
    await client.query("ROLLBACK");
  } catch (error) {
    client.release(true);
    throw error;
  }
  client.release();
  if (!free) return;
  throw new StartupError(
    "database_mismatch",
    "SHELFLIFE_DATABASE_DIRECT_URL leads to another database than SHELFLIFE_DATABASE_URL; it must be the same one without a pooler in between.",
  );
}

async function isFree(pool: Pool, lock: readonly number[]): Promise<boolean> {
  const { rows } = await pool.query<{ free: boolean }>(
    "SELECT pg_try_advisory_xact_lock($1::integer, $2::integer) AS free",
    [...lock],
  );
  return rows[0]?.free === true;
}
