import { CompiledQuery, Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Pool, PoolClient } from "pg";
import type { Logger } from "pino";
import { type Clock, systemClock } from "../clock.ts";
import { ADVISORY_LOCKS } from "./locks.ts";
import { MIGRATIONS_FOLDER, type MigrationFile, readMigrationFiles } from "./migration-files.ts";
import { splitSqlStatements } from "./sql-statements.ts";
import { oneLine, StartupError } from "./startup-error.ts";

/**
 * Where Kysely records what has run. Kysely looks for a table of this name in every schema, so its default name would be
 * taken for ours in a database that Shelflife shares with another application.
 */
const HISTORY_TABLE = "shelflife_migrations";

const OLDEST_POSTGRES = 15;

export interface MigrateOptions {
  /** A direct connection: a transaction-mode pooler would lose the session's lock between two statements. */
  pool: Pool;
  log: Logger;
  folder?: string;
  clock?: Clock;
  signal?: AbortSignal;
}

/**
 * Brings the database to this version's schema, and returns what it applied. Several processes may call this at once:
 * one migrates, and the others wait for it and find nothing left to do.
 *
 * Each file runs in a transaction of its own together with its entry in the history, so an interrupted migration leaves
 * nothing behind. A file marked `-- shelflife: no transaction` has no such cover: where it stops in the middle, its
 * statements run again from the first, so each has to bear that (`DROP INDEX CONCURRENTLY IF EXISTS` before
 * `CREATE INDEX CONCURRENTLY`, because an interrupted one leaves an invalid index of that name).
 */
export async function migrate({
  pool,
  log,
  folder = MIGRATIONS_FOLDER,
  clock = systemClock,
  signal,
}: MigrateOptions): Promise<{ applied: string[]; current: string }> {
  const files = await readMigrationFiles(folder);
  const client = await pool.connect();
  try {
    await refuseOldPostgres(client);
    await holdMigrationLock(client, { clock, log, signal });
    const pending = await findPending(client, files);
    const migrator = createMigrator(client, files);
    for (const file of pending) {
      const { error } = await migrator.migrateTo(file.name, {
        disableTransactions: !file.transactional,
      });
      if (error !== undefined) {
        throw new StartupError("migration_failed", `The migration ${file.name} failed: ${oneLine(error)}.`, {
          cause: error,
        });
      }
      log.info({ migration: file.name }, "migration applied");
    }
    return { applied: pending.map((file) => file.name), current: files.at(-1)?.name ?? "" };
  } finally {
    // Ending the session frees the lock, and takes the session's settings with it.
    client.release(true);
  }
}

/** The names of the migrations that `migrate` would apply. Changes nothing, not even an empty database. */
export async function pendingMigrations(pool: Pool, { folder = MIGRATIONS_FOLDER } = {}): Promise<string[]> {
  const files = await readMigrationFiles(folder);
  const client = await pool.connect();
  try {
    return (await findPending(client, files)).map((file) => file.name);
  } finally {
    client.release();
  }
}

async function refuseOldPostgres(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as version",
  );
  const [server] = rows;
  if (server !== undefined && server.number < OLDEST_POSTGRES * 10_000) {
    throw new StartupError(
      "database_too_old",
      `The database is PostgreSQL ${server.version}; Shelflife needs ${OLDEST_POSTGRES} or later.`,
    );
  }
}

/**
 * Kysely's own lock is not enough: it is held for one call of the migrator, while the decision whether the next file runs
 * in a transaction has to hold from one call to the next.
 *
 * The lock is asked for again and again instead of waited for, since a waiting statement holds a snapshot, and the
 * `CREATE INDEX CONCURRENTLY` of the process that has the lock waits for every older snapshot to end.
 */
async function holdMigrationLock(
  client: PoolClient,
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal | undefined },
): Promise<void> {
  // A migration takes as long as it takes. The keepalives are for the others, who would wait for hours for the session
  // of a machine that vanished.
  await client.query(
    "set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; " +
      "set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3",
  );
  let nextNotice = clock.monotonic() + 1_000;
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>("select pg_try_advisory_lock($1) as locked", [
      ADVISORY_LOCKS.migrations,
    ]);
    if (rows[0]?.locked === true) return;
    if (clock.monotonic() >= nextNotice) {
      log.info("waiting for another process that is migrating the database");
      nextNotice = clock.monotonic() + 30_000;
    }
    await clock.sleep(100, signal);
    signal?.throwIfAborted();
  }
}

async function findPending(client: PoolClient, files: readonly MigrationFile[]): Promise<MigrationFile[]> {
  const { rows: tables } = await client.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [
    HISTORY_TABLE,
  ]);
  if (tables[0]?.exists !== true) return [...files];
  const { rows } = await client.query<{ name: string }>(`select name from ${HISTORY_TABLE} order by name`);
  const last = files.at(-1)?.name ?? "";
  for (const [index, { name }] of rows.entries()) {
    if (files[index]?.name === name) continue;
    if (name > last) {
      throw new StartupError(
        "database_newer_than_code",
        `The database has the migration ${name}, which is newer than this version of Shelflife (${last}).`,
      );
    }
    throw new StartupError(
      "migration_history_mismatch",
      `The database has the migration ${name} where this version has ${files[index]?.name ?? "none"}.`,
    );
  }
  return files.slice(rows.length);
}

/** Everything runs on the session that holds the lock: should that session be lost, no migration goes on without it. */
function createMigrator(client: PoolClient, files: readonly MigrationFile[]): Migrator {
  const connection: PostgresPoolClient = {
    query: client.query.bind(client),
    release: () => undefined,
  };
  const database = new Kysely<unknown>({
    dialect: new PostgresDialect({
      pool: {
        connect: () => Promise.resolve(connection),
        end: () => Promise.resolve(),
        options: {},
      },
    }),
  });
  const migrations = Object.fromEntries(files.map((file) => [file.name, toMigration(file)]));
  return new Migrator({
    db: database,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: HISTORY_TABLE,
    migrationLockTableName: `${HISTORY_TABLE}_lock`,
  });
}

function toMigration({ sql, transactional }: MigrationFile): Migration {
  const statements = transactional ? [sql] : splitSqlStatements(sql);
  return {
    async up(database) {
      for (const statement of statements) await database.executeQuery(CompiledQuery.raw(statement));
    },
  };
}
