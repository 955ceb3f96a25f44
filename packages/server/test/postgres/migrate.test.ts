import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { migrate, pendingMigrations } from "../../src/postgres/migrate.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { createTestDatabase } from "./test-database.ts";

const log = pino({ level: "silent" });

function migrations(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-migrations-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
  return folder;
}

async function emptyDatabase() {
  const { pool, url } = await createTestDatabase({ empty: true });
  const tables = async (): Promise<string[]> => {
    const { rows } = await pool.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    );
    return rows.map((row) => row.name).filter((name) => !name.startsWith("shelflife_migrations"));
  };
  return { pool, url, tables };
}

const TWO = { "0001_first.sql": "create table first ();", "0002_second.sql": "create table second ();" };

test("applies the files in order, each once, and leaves other files alone", async () => {
  const { pool, tables } = await emptyDatabase();
  const folder = migrations({ ...TWO, "README.md": "not SQL" });
  expect(await migrate({ pool, log, folder })).toEqual({
    applied: ["0001_first", "0002_second"],
    current: "0002_second",
  });
  expect(await migrate({ pool, log, folder })).toEqual({ applied: [], current: "0002_second" });
  expect(await tables()).toEqual(["first", "second"]);
});

test("applies what is new since the last time", async () => {
  const { pool } = await emptyDatabase();
  await migrate({ pool, log, folder: migrations(TWO) });
  const folder = migrations({ ...TWO, "0003_third.sql": "create table third ();" });
  expect(await pendingMigrations(pool, { folder })).toEqual(["0003_third"]);
  expect(await migrate({ pool, log, folder })).toEqual({ applied: ["0003_third"], current: "0003_third" });
});

test("asking what is pending changes nothing", async () => {
  const { pool } = await emptyDatabase();
  expect(await pendingMigrations(pool, { folder: migrations(TWO) })).toEqual(["0001_first", "0002_second"]);
  const { rows } = await pool.query("select from pg_class where relnamespace = 'public'::regnamespace");
  expect(rows).toEqual([]);
});

test("a migration that fails in the middle leaves nothing of itself, and what came before it stays", async () => {
  const { pool, tables } = await emptyDatabase();
  const broken = { ...TWO, "0002_second.sql": "create table second (); select 1 / 0;" };
  await expect(migrate({ pool, log, folder: migrations(broken) })).rejects.toMatchObject({
    code: "migration_failed",
    message: "The migration 0002_second failed: division by zero.",
  });
  expect(await tables()).toEqual(["first"]);
  expect(await migrate({ pool, log, folder: migrations(TWO) })).toMatchObject({ applied: ["0002_second"] });
});

test("of several that start at once one migrates, and all of them succeed", async () => {
  const { url, tables } = await emptyDatabase();
  const folder = migrations(TWO);
  const results = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const pool = createPool({ url, applicationName: "migrate-test", log });
      try {
        return await migrate({ pool, log, folder });
      } finally {
        await pool.end();
      }
    }),
  );
  expect(results.flatMap(({ applied }) => applied)).toEqual(["0001_first", "0002_second"]);
  expect(results.map(({ current }) => current)).toEqual(Array(4).fill("0002_second"));
  expect(await tables()).toEqual(["first", "second"]);
});

const CONCURRENT_INDEX = {
  "0001_first.sql": "create table first (id int);",
  "0002_index.sql": `-- shelflife: no transaction
    drop index concurrently if exists first_id; -- a comment; with a semicolon
    create index concurrently first_id on first (id);`,
  "0003_third.sql": "create table third ();",
};

test("a file marked so runs outside a transaction, one statement at a time", async () => {
  const { pool } = await emptyDatabase();
  await migrate({ pool, log, folder: migrations(CONCURRENT_INDEX) });
  const { rows } = await pool.query("select indisvalid from pg_index where indexrelid = 'first_id'::regclass");
  expect(rows).toEqual([{ indisvalid: true }]);
});

test("a concurrent index and another process that waits for its turn do not wait for each other", async () => {
  const { url } = await emptyDatabase();
  const folder = migrations(CONCURRENT_INDEX);
  const pools = [1, 2].map(() => createPool({ url, applicationName: "migrate-test", log }));
  const results = await Promise.all(pools.map((pool) => migrate({ pool, log, folder })));
  await Promise.all(pools.map((pool) => pool.end()));
  expect(results.map(({ applied }) => applied.length).toSorted((a, b) => a - b)).toEqual([0, 3]);
});

test("a marked file that failed in the middle runs again from its first statement", async () => {
  const { pool, tables } = await emptyDatabase();
  const marked = (sql: string) => migrations({ "0001_marked.sql": `-- shelflife: no transaction\n${sql}` });
  const failing = marked("create table if not exists kept (); select 1 / 0;");
  await expect(migrate({ pool, log, folder: failing })).rejects.toMatchObject({ code: "migration_failed" });
  expect(await tables()).toEqual(["kept"]);
  expect(await migrate({ pool, log, folder: marked("create table if not exists kept ();") })).toMatchObject({
    applied: ["0001_marked"],
  });
});

test("a file without the mark cannot leave its transaction", async () => {
  const { pool } = await emptyDatabase();
  const folder = migrations({ ...CONCURRENT_INDEX, "0002_index.sql": "create index concurrently i on first (id);" });
  await expect(migrate({ pool, log, folder })).rejects.toMatchObject({
    message: expect.stringContaining("cannot run inside a transaction block"),
  });
});

test("refuses a database that a newer version has migrated", async () => {
  const { pool } = await emptyDatabase();
  await migrate({ pool, log, folder: migrations(TWO) });
  const folder = migrations({ "0001_first.sql": "" });
  const expected = {
    code: "database_newer_than_code",
    message: "The database has the migration 0002_second, which is newer than this version of Shelflife (0001_first).",
  };
  await expect(migrate({ pool, log, folder })).rejects.toMatchObject(expected);
  await expect(pendingMigrations(pool, { folder })).rejects.toMatchObject(expected);
});

test.for([
  ["renamed", { "0001_other.sql": "", "0002_second.sql": "" }],
  ["put in between", { "0001_a.sql": "", "0001_first.sql": "", "0002_second.sql": "" }],
] as const)("refuses a history in which a file was %s", async ([, files]) => {
  const { pool } = await emptyDatabase();
  await migrate({ pool, log, folder: migrations({ "0001_first.sql": "", "0002_second.sql": "" }) });
  await expect(migrate({ pool, log, folder: migrations(files) })).rejects.toMatchObject({
    code: expect.stringMatching(/^migration_(history_mismatch|files_invalid)$/),
  });
});

test.for([
  ["a name without a number", { "first.sql": "" }, "first.sql"],
  ["one number twice", { "0001_first.sql": "", "0001_other.sql": "" }, "0001_first.sql and 0001_other.sql"],
] as const)("refuses %s", async ([, files, named]) => {
  const { pool } = await emptyDatabase();
  await expect(migrate({ pool, log, folder: migrations(files) })).rejects.toMatchObject({
    code: "migration_files_invalid",
    message: expect.stringContaining(named),
  });
});

test("refuses a PostgreSQL that is too old, and has not touched it", async () => {
  const { pool, url, tables } = await emptyDatabase();
  // No such server is at hand, so this one says that it is old: our function comes before the built-in one.
  await pool.query(`create function public.current_setting(setting text) returns text language sql
    as $$ select case setting when 'server_version_num' then '140012' else '14.12' end $$`);
  await pool.query(`alter database ${new URL(url).pathname.slice(1)} set search_path = public, pg_catalog`);
  const old = createPool({ url, applicationName: "migrate-test", log });
  onTestFinished(() => old.end());
  await expect(migrate({ pool: old, log, folder: migrations(TWO) })).rejects.toMatchObject({
    code: "database_too_old",
    message: "The database is PostgreSQL 14.12; Shelflife needs 15 or later.",
  });
  expect(await tables()).toEqual([]);
});

test("does not hand a session with its own settings back to the pool", async () => {
  const { url } = await emptyDatabase();
  const pool = createPool({ url, applicationName: "migrate-test", log, max: 1, statementTimeoutMs: 1_234 });
  onTestFinished(() => pool.end());
  await migrate({ pool, log, folder: migrations({ "0001_first.sql": "set work_mem = '1MB';" }) });
  const { rows } = await pool.query(
    `select current_setting('statement_timeout') as limit, count(*)::int as locks
       from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
  );
  expect(rows).toEqual([{ limit: "1234ms", locks: 0 }]);
});
