import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { pino } from "pino";
import { expect, inject, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { findFreePort } from "../../src/postgres/postmaster.ts";
import { waitForDatabase } from "../../src/postgres/wait-for-database.ts";
import { FakeClock } from "../fake-clock.ts";

type Answer = (socket: Socket) => void;

/** A server that answers each connection with the next answer, and every further one with the last. */
async function startServer(port: number, ...answers: Answer[]): Promise<void> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(socket);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
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

function openPool({ port, password, database }: { port?: number; password?: string; database?: string } = {}) {
  const url = new URL(inject("postgres").url);
  if (port !== undefined) url.port = String(port);
  if (password !== undefined) url.password = password;
  if (database !== undefined) url.pathname = `/${database}`;
  const pool = createPool({ url: url.href, applicationName: "wait-test", log: pino({ level: "silent" }) });
  onTestFinished(() => pool.end());
  return { pool, url };
}

test("waits for a server that is not there yet", async () => {
  const port = await findFreePort();
  const { pool } = openPool({ port });
  const waiting = waitForDatabase(pool, { clock: systemClock });
  await startServer(port, real);
  await waiting;
  expect((await pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
});

test("waits while the server is starting up, and when it hangs up", async () => {
  const port = await findFreePort();
  await startServer(port, startingUp, hangUp, real);
  const { pool } = openPool({ port });
  await waitForDatabase(pool, { clock: systemClock });
  expect((await pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
});

test("gives up when the time is over, and names the database without the password", async () => {
  const port = await findFreePort();
  const { pool, url } = openPool({ port, database: "chats" });
  const failure = await waitForDatabase(pool, { clock: systemClock, timeoutMs: 150 }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "database_unreachable",
    message: expect.stringMatching(
      new RegExp(`^The database 127.0.0.1:${port}/chats could not be reached within 0.15 seconds: .*ECONNREFUSED.*$`),
    ),
  });
  expect(String(failure)).not.toContain(url.password);
});

test("gives up after 30 seconds on a server that accepts and stays silent", async () => {
  const port = await findFreePort();
  const { pool } = openPool({ port });
  await startServer(port, staySilent);
  const clock = new FakeClock();
  const waiting = waitForDatabase(pool, { clock });
  const failure = waiting.catch((error: unknown) => error);
  await clock.waitForSleepers();
  await clock.advance(29_999);
  expect(clock.sleepers).toBe(1);
  await clock.advance(1);
  expect(await failure).toMatchObject({ code: "database_unreachable" });
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
  const { pool } = openPool({ port: await findFreePort() });
  const abort = new AbortController();
  const waiting = waitForDatabase(pool, { clock: new FakeClock(), signal: abort.signal });
  abort.abort(new Error("told"));
  await expect(waiting).rejects.toThrow("told");
});
