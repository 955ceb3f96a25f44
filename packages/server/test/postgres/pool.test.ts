import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { createPool, describeDatabase, type PoolOptions } from "../../src/postgres/pool.ts";
import { createTestDatabase } from "./test-database.ts";

async function openPool(options: Partial<PoolOptions> = {}) {
  const { url } = await createTestDatabase();
  return openSecondPool(url, options);
}

function openSecondPool(url: string, options: Partial<PoolOptions> = {}) {
  const lines: string[] = [];
  const log = pino({}, { write: (line) => lines.push(line) });
  const pool = createPool({ url, applicationName: "pool-test", log, ...options });
  return { pool, url, lines, [Symbol.asyncDispose]: () => pool.end() };
}

test("sessions are in UTC, whatever the database says, and bear the name of their application", async () => {
  await using database = await openPool({ max: 1 });
  const name = new URL(database.url).pathname.slice(1);
  await database.pool.query(`alter database ${name} set timezone = 'Asia/Tokyo'`);
  await using other = openSecondPool(database.url);
  const { rows } = await other.pool.query(
    "select current_setting('timezone') as timezone, current_setting('application_name') as application",
  );
  expect(rows).toEqual([{ timezone: "UTC", application: "pool-test" }]);
});

test("reads bigint as a number, timestamptz as a Date and date as a day", async () => {
  await using database = await openPool();
  const { rows } = await database.pool.query(
    `select 9007199254740991 as largest, array[1, null]::bigint[] as list, null::bigint as none,
            timestamptz '2026-03-01 12:00:00+02' as instant, date '2026-03-01' as day`,
  );
  expect(rows).toEqual([
    {
      largest: 9_007_199_254_740_991,
      list: [1, null],
      none: null,
      instant: new Date("2026-03-01T10:00:00.000Z"),
      day: "2026-03-01",
    },
  ]);
});

test("refuses a bigint that a number cannot hold, and the connection stays usable", async () => {
  await using database = await openPool({ max: 1 });
  await expect(database.pool.query("select 9007199254740992 as id")).rejects.toThrow("9007199254740992");
  await expect(database.pool.query("select array[-9007199254740992] as ids")).rejects.toThrow(RangeError);
  expect((await database.pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
});

test("the loss of an idle connection is logged and survived", async () => {
  await using database = await openPool({ max: 1 });
  await using other = await openPool();
  const { rows } = await database.pool.query<{ pid: number }>("select pg_backend_pid() as pid");
  const lost = new Promise((resolve) => database.pool.once("remove", resolve));
  await other.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await lost;
  expect((await database.pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
  expect(database.lines.join()).toContain("an idle database connection was lost");
  expect(database.lines.join()).not.toContain(new URL(database.url).password);
});

test("ends a statement that takes too long", async () => {
  await using database = await openPool({ statementTimeoutMs: 200 });
  await expect(database.pool.query("select pg_sleep(60)")).rejects.toMatchObject({ code: "57014" });
});

test("ends a session that keeps a transaction idle", async () => {
  await using database = await openPool({ idleInTransactionTimeoutMs: 200 });
  const client = await database.pool.connect();
  const lost = new Promise((resolve) => client.once("error", resolve));
  await client.query("begin");
  expect(await lost).toMatchObject({ code: "25P03" });
  client.release(true);
});

test("does not wait for ever for a connection while all are taken", async () => {
  await using database = await openPool({ max: 1, connectionTimeoutMs: 60_000 });
  const client = await database.pool.connect();
  // The pool has no clock of ours.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const failure = database.pool.query("select 1").catch((error: unknown) => error);
  vi.advanceTimersByTime(59_999);
  expect(database.pool.waitingCount).toBe(1);
  vi.advanceTimersByTime(1);
  expect(String(await failure)).toContain("timeout exceeded");
  client.release();
});

test.for([
  ["postgres://me:secret@db.example:6432/chats", "db.example:6432/chats"],
  ["postgresql://me:secret@db.example/chats?sslmode=disable", "db.example:5432/chats"],
  ["postgres://me:secret@[::1]:6432/chats", "::1:6432/chats"],
] as const)("shows %s without its password", ([url, description]) => {
  expect(describeDatabase(url)).toBe(description);
});

test.for(["", "mysql://me:secret@db/chats", "postgres://me:secret@db:port/chats", "/var/run secret"])(
  "refuses the URL %j without repeating it",
  (url) => {
    const open = () => createPool({ url, applicationName: "pool-test", log: pino({ level: "silent" }) });
    expect(open).toThrow(expect.objectContaining({ code: "database_url_invalid" }));
    expect(open).not.toThrow("secret");
  },
);
