import { randomUUID } from "node:crypto";
import type pg from "pg";
import { pino } from "pino";
import { afterAll, inject, onTestFinished } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { databaseUrl } from "./provide-test-cluster.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pool: pg.Pool;
  /** Ends the pool and removes the database. Called by itself at the end of the test, or of the file. */
  drop(): Promise<void>;
}

const log = pino({ level: "silent" });
const open = new Set<TestDatabase>();
let admin: pg.Pool | undefined;

/** How long a test's last queries may take to end before its database is taken from under them. */
const PATIENCE_MS = 30_000;

/**
 * How long a query may wait for its turn where a test sends many at once, may run, and may leave its transaction open, on a
 * machine that has much else to do.
 */
const PATIENT = { connectionTimeoutMs: 240_000, statementTimeoutMs: 240_000, idleInTransactionTimeoutMs: 240_000 };

/**
 * A migrated database that nobody else uses. Inside of a test, or in `beforeEach`, it lives as long as that test; in
 * `beforeAll`, as long as the file.
 */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const { url: adminUrl, template } = inject("postgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  admin ??= createPool({ url: adminUrl, applicationName: "test-database", log, max: 4, ...PATIENT });
  // FILE_COPY is several times faster than the default where there is nothing to log and to sync.
  await admin.query(`create database ${name} template ${empty ? "template0" : template} strategy file_copy`);
  const url = databaseUrl(adminUrl, name);
  const pool = createPool({ url, applicationName: "test", log, ...PATIENT });
  const database: TestDatabase = {
    name,
    url,
    pool,
    async drop() {
      if (!open.delete(database)) return;
      const ended = pool.ending ? Promise.resolve() : pool.end();
      const leaked = await Promise.race([
        ended.then(() => false),
        systemClock.sleep(PATIENCE_MS).then(() => !pool.ended),
      ]);
      await admin?.query(`drop database ${name} with (force)`);
      if (leaked) throw new Error("The test left a database connection checked out: release what you connect.");
    },
    [Symbol.asyncDispose]: () => database.drop(),
  };
  open.add(database);
  try {
    onTestFinished(() => database.drop());
  } catch {
    // Not inside of a test: the end of the file takes care of it.
  }
  return database;
}

afterAll(async () => {
  await Promise.all([...open].map((database) => database.drop()));
  await admin?.end();
  admin = undefined;
});
