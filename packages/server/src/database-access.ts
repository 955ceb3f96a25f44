import type { Pool } from "pg";

import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import { useEmbeddedPostgres } from "./postgres/embedded.ts";
import { migrate } from "./postgres/migrate.ts";
import { createPool, describeDatabase } from "./postgres/pool.ts";
import { assertSameDatabase } from "./postgres/same-database.ts";
import { waitForDatabase } from "./postgres/wait-for-database.ts";
import { openDatabase, type Database } from "./store/database.ts";
import { createStore, type Store } from "./store/store.ts";

/** The connections that the purge holds at once: its lock, its batch, and one to cancel that batch by. */
const PURGE_CONNECTIONS = 3;

/** A migrated database, and the store over it. */
export interface DatabaseAccess {
  readonly pool: Pool;
  /** For the purge alone, so that it and the foreground cannot starve each other of connections. */
  readonly purgePool: Pool;
  readonly database: Database;
  readonly store: Store;
  /** The same store over the purge's own connections. */
  readonly purgeStore: Store;
  /** Where the data lives, in words for the banner; it never holds a password. */
  readonly description: string;
  close(): Promise<void>;
}

export interface AccessOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens the configured database, or the embedded one where none is configured, and migrates it.
 *
 * @throws CodedError with one sentence for the operator where it cannot be reached, refuses us or cannot be migrated
 */
export async function openDatabaseAccess(config: Config, options: AccessOptions): Promise<DatabaseAccess> {
  const { clock, log, applicationName, signal } = options;
  const limits = signal === undefined ? {} : { signal };
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const { url, description } = await locate();
    const open = (name: string, settings: { url?: string; max?: number; statementTimeoutMs?: number }): Pool => {
      const pool = createPool({ url, applicationName: `${applicationName} ${name}`, log, ...settings });
      closing.push(() => pool.end());
      return pool;
    };
    const pool = open("app", {});
    const purgePool = open("purge", { max: PURGE_CONNECTIONS });
    // Migrations and partition changes take the time they need; where it matters they set limits of their own.
    const directPool = open("schema", {
      url: config.SHELFLIFE_DATABASE_DIRECT_URL ?? url,
      max: 2,
      statementTimeoutMs: 0,
    });
    await waitForDatabase(directPool, { clock, ...limits });
    if (config.SHELFLIFE_DATABASE_DIRECT_URL !== undefined) {
      await waitForDatabase(pool, { clock, ...limits });
      // Before anything is migrated, and long before partitions of another database are dropped.
      await assertSameDatabase(pool, directPool);
    }
    await migrate({ pool: directPool, log, clock, ...limits });
    const directDatabase = openDatabase(directPool);
    const database = openDatabase(pool);
    const partitionLength = config.SHELFLIFE_PAYLOAD_PARTITION;
    return {
      pool,
      purgePool,
      database,
      store: createStore({ database, directDatabase, clock, partitionLength }),
      purgeStore: createStore({ database: openDatabase(purgePool), directDatabase, clock, partitionLength }),
      description,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function locate(): Promise<{ url: string; description: string }> {
    const url = config.SHELFLIFE_DATABASE_URL;
    if (url !== undefined) return { url, description: `PostgreSQL at ${describeDatabase(url)}` };
    const embedded = await useEmbeddedPostgres({ dataDir: config.SHELFLIFE_DATA_DIR, clock, log, ...limits });
    closing.push(() => embedded.stop());
    return { url: embedded.url, description: `embedded PostgreSQL ${embedded.version} in ${embedded.directory}` };
  }
}
