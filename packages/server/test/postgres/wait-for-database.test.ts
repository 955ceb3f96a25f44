import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { pino } from "pino";
import { afterEach, expect, inject, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { isTemporary, waitForDatabase } from "../../src/postgres/wait-for-database.ts";
import { FakeClock } from "../fake-clock.ts";
import { until } from "../until.ts";

/** No system gives a port below 1024 to whoever asks for any, so that nobody listens there. */
const NOBODYS_PORT = 1;

/** Servers before the pools that they keep waiting. */
const closing: (() => void)[] = [];
const pools: pg.Pool[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

type Answer = (socket: Socket) => void;

/** A server that answers each connection with the next answer, and every further one with the last. */
async function startServer(...answers: Answer[]): Promise<number> {
  return ((await listenAt({ port: 0, host: "127.0.0.1" }, answers)).address() as AddressInfo).port;
}

async function listenAt(place: { port: number; host: string } | { path: string }, answers: Answer[]): Promise<Server> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(socket);
  });
  server.listen(place);
  await once(server, "listening");
  closing.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return server;
}

/** Hands the connection on to the real server. */
const real: Answer = (socket) => {
  const { hostname, port } = new URL(inject("postgres").url);
  const upstream = connect(Number(port), hostname).on("error", () => undefined);
  socket.pipe(upstream).pipe(socket);
};

/** Refuses with the error that PostgreSQL sends until it has recovered. */
const startingUp: Answer = (socket) => {
  const fields = "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
  const header = Buffer.alloc(5);
  header.write("E");
  header.writeInt32BE(4 + fields.length, 1);
  socket.once("data", () => socket.end(Buffer.concat([header, Buffer.from(fields)])));
};

const hangUp: Answer = (socket) => socket.once("data", () => socket.destroy());
const staySilent: Answer = () => undefined;

interface Place {
  readonly port?: number;
  readonly password?: string;
  readonly database?: string;
  /** Where the server's socket is, in place of an address. */
  readonly folder?: string;
}

function openPool({ port, password, database, folder }: Place = {}) {
  const url = new URL(inject("postgres").url);
  if (port !== undefined) url.port = String(port);
  if (folder !== undefined) url.searchParams.set("host", folder);
  if (password !== undefined) url.password = password;
  if (database !== undefined) url.pathname = `/${database}`;
  const pool = createPool({ url: url.href, applicationName: "wait-test", log: pino({ level: "silent" }) });
  pools.push(pool);
  return { pool, url };
}

test("waits for a server that is not there yet", async () => {
  // A port that is free might be somebody else's by the time that the server is started; a folder of our own is not.
  const folder = mkdtempSync(join(tmpdir(), "shelflife-socket-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { pool } = openPool({ port: 5432, folder });
  const clock = new FakeClock();
  const sleep = vi.spyOn(clock, "sleep");
  const waiting = waitForDatabase(pool, { clock });
  await until("a first attempt has failed", () => sleep.mock.calls.length === 2);
  await listenAt({ path: join(folder, ".s.PGSQL.5432") }, [real]);
  await clock.advance(1_000);
  await waiting;
  expect((await pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
});

test("waits while the server is starting up, and when it hangs up", async () => {
  const port = await startServer(startingUp, hangUp, real);
  const { pool } = openPool({ port });
  await waitForDatabase(pool, { clock: systemClock });
  expect((await pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
});

test("gives up when the time is over, and names the database without the password", async () => {
  const { pool, url } = openPool({ port: NOBODYS_PORT, database: "chats" });
  const clock = new FakeClock();
  const sleep = vi.spyOn(clock, "sleep");
  const failing = waitForDatabase(pool, { clock, timeoutMs: 150 }).catch((error: unknown) => error);
  // Each attempt sleeps for as long as it may last, and then there is a pause: of 100 ms, and of the 50 that are left.
  for (const pauses of [1, 2]) {
    await until(`attempt ${pauses} has failed`, () => sleep.mock.calls.length === 2 * pauses);
    await clock.advance(pauses === 1 ? 100 : 50);
  }
  const failure = await failing;
  expect(failure).toMatchObject({
    code: "database_unreachable",
    message: expect.stringMatching(
      /^The database 127\.0\.0\.1:1\/chats could not be reached within 0\.15 seconds: .*ECONNREFUSED.*$/,
    ),
  });
  expect(String(failure)).not.toContain(url.password);
});

test("gives up after 30 seconds on a server that accepts and stays silent", async () => {
  const { pool } = openPool({ port: await startServer(staySilent) });
  const clock = new FakeClock();
  const waiting = waitForDatabase(pool, { clock });
  const failure = waiting.catch((error: unknown) => error);
  await clock.waitForSleepers();
  await clock.advance(29_999);
  expect(clock.sleepers).toBe(1);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code: "database_unreachable" });
});

test("takes it for temporary that a client alone hears nothing in its time", async () => {
  const port = await startServer(staySilent);
  const client = new pg.Client({ host: "127.0.0.1", port, connectionTimeoutMillis: 20 });
  client.on("error", () => undefined);
  const failure = await client.connect().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(isTemporary(failure)).toBe(true);
});

test.for([
  ["a wrong password", { password: "wrong" }, /password authentication failed/],
  ["a missing database", { database: "missing" }, /database "missing" does not exist/],
] as const)("fails at once on %s, in one line", async ([, change, reason]) => {
  // Nobody moves this clock, so a second try would never come.
  const failure = await waitForDatabase(openPool(change).pool, { clock: new FakeClock() }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: "database_refused", message: expect.stringMatching(reason) });
  expect((failure as Error).message).not.toMatch(/\n|wrong/);
});

test("stops waiting as soon as it is told to", async () => {
  const { pool } = openPool({ port: NOBODYS_PORT });
  const abort = new AbortController();
  const waiting = waitForDatabase(pool, { clock: new FakeClock(), signal: abort.signal });
  abort.abort(new Error("told"));
  await expect(waiting).rejects.toThrow("told");
});
