import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { makeScratchFolder, removeScratchFolder } from "../postgres/scratch-folder.ts";
import { createTestDatabase } from "../postgres/test-database.ts";
import { until } from "../until.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { runCommand, startCommand, urlOf } from "./server-process.ts";

const ANY_PORT = { SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0" };

describe("serve", () => {
  it("says what it uses, where it listens, which windows are in force and when the next purge is due", async () => {
    const { url } = await createTestDatabase();
    const server = startCommand(["serve"], { ...ANY_PORT, SHELFLIFE_DATABASE_URL: url });
    const base = await urlOf(server);
    expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ status: "ready" });
    expect((await fetch(`${base}/openapi.json`)).status).toBe(200);
    server.child.kill("SIGTERM");
    const { status, stdout, stderr } = await server.finished;
    expect(status).toBe(0);
    expect(stdout).toMatch(/database +PostgreSQL at 127\.0\.0\.1:\d+\/test_/);
    expect(stdout).toMatch(/debug-retention-days: 30 days \(default\)/);
    expect(stdout).toMatch(/purge +running now; the next is due 10 minutes after it ends/);
    // The URL of a database holds its password.
    expect(stdout + stderr).not.toContain(new URL(url).password);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends cleanly on %s in the middle of a purge", async (signal) => {
    const database = await createTestDatabase();
    const runs = 5_000;
    await insertExpiredRuns(database.pool, runs);
    const runsLeft = async (): Promise<number> =>
      (await database.pool.query("SELECT FROM chat_debug_runs")).rowCount ?? 0;
    const server = startCommand(["serve"], {
      ...ANY_PORT,
      SHELFLIFE_DATABASE_URL: database.url,
      SHELFLIFE_PURGE_BATCH_SIZE: "1",
      SHELFLIFE_PURGE_DUTY_PERCENT: "10",
    });
    await until("a batch has been deleted", async () => (await runsLeft()) < runs);
    server.child.kill(signal);
    const { status, stderr } = await server.finished;
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/"level":"(error|fatal)"/);
    const left = await runsLeft();
    expect(left).toBeGreaterThan(0);
    const { rows } = await database.pool.query(
      "SELECT outcome, error, deleted FROM purge_ledger WHERE outcome NOT IN ('success', 'disabled')",
    );
    expect(rows).toEqual([
      { outcome: "aborted", error: "purge_cancelled: The purge was told to stop.", deleted: runs - left },
    ]);
  });

  it("purges at the start, and counts it for whoever scrapes", async () => {
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, 250);
    const server = startCommand(["serve"], {
      ...ANY_PORT,
      SHELFLIFE_DATABASE_URL: database.url,
      // In three batches, however long one takes, and without giving way to scrapes that are answered slowly.
      SHELFLIFE_PURGE_BATCH_SIZE: "100",
      SHELFLIFE_PURGE_BATCH_MS: "10000",
      SHELFLIFE_PURGE_DUTY_PERCENT: "100",
    });
    const base = await urlOf(server);
    const purged = 'shelflife_purge_records_purged_total{record_type="chat_debug_runs"} 250';
    const isCounted = async (): Promise<boolean> =>
      (await (await fetch(`${base}/metrics`)).text()).split("\n").includes(purged);
    await until("250 runs are counted as purged", isCounted, 200);
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(0);
  });

  it("deletes nothing where the purge is switched off, and says so", async () => {
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, 10);
    const server = startCommand(["serve"], {
      ...ANY_PORT,
      SHELFLIFE_DATABASE_URL: database.url,
      SHELFLIFE_PURGE: "off",
    });
    const base = await urlOf(server);
    await server.waitFor(/purge +off \(SHELFLIFE_PURGE=off\)/);
    // The loop has been round once it has made the partitions of the near future.
    const partitions = "SELECT FROM pg_inherits WHERE inhparent = 'chat_debug_payloads'::regclass";
    await until("four partitions", async () => (await database.pool.query(partitions)).rowCount === 4);
    expect(await (await fetch(`${base}/metrics`)).text()).not.toContain(
      "shelflife_purge_iteration_duration_seconds_count",
    );
    const report = await runCommand(["purge", "--json"], {
      SHELFLIFE_DATABASE_URL: database.url,
      SHELFLIFE_PURGE: "off",
    });
    expect(report).toMatchObject({ status: 0, stdout: '{"outcome":"skipped","policies":[]}\n' });
    server.child.kill("SIGTERM");
    expect((await server.finished).status).toBe(0);
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(10);
    expect((await database.pool.query("SELECT FROM purge_ledger")).rowCount).toBe(0);
  });
});

it("serve warns of a variable that is misspelt, and says nothing of a recorder's", async () => {
  const { url } = await createTestDatabase();
  const environment = {
    ...ANY_PORT,
    SHELFLIFE_DATABASE_URL: url,
    SHELFLIFE_PURG: "off",
    SHELFLIFE_URL: "http://127.0.0.1:7080",
  };
  const server = startCommand(["serve"], environment);
  await urlOf(server);
  server.child.kill("SIGTERM");
  const { stderr } = await server.finished;
  expect(stderr).toMatch(/"level":"warn".*"variables":\["SHELFLIFE_PURG"\]/);
});

describe("a start that cannot succeed gives one clear line and exit status 1", () => {
  it("on a port that is taken, and leaves the purge to the server that has it", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, 1);
    const { status, stdout, stderr } = await runCommand(["serve"], {
      SHELFLIFE_HTTP_ADDRESS: `127.0.0.1:${port}`,
      SHELFLIFE_DATABASE_URL: database.url,
    });
    taken.close();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      `shelflife: The address 127.0.0.1:${port} is in use already; set SHELFLIFE_HTTP_ADDRESS to another one.\n`,
    );
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(1);
  });

  it("with every bad setting named at once, and no value shown", async () => {
    const { status, stderr } = await runCommand(["serve"], {
      SHELFLIFE_HTTP_ADDRESS: "nowhere",
      SHELFLIFE_PURGE: "maybe",
      SHELFLIFE_DATABASE_URL: "mysql://user:hunter2@host/db",
    });
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    for (const name of ["SHELFLIFE_HTTP_ADDRESS", "SHELFLIFE_PURGE", "SHELFLIFE_DATABASE_URL"])
      expect(stderr).toContain(name);
    expect(stderr).not.toContain("hunter2");
  });

  it("with a password that is refused, without waiting", async () => {
    const { url } = await createTestDatabase();
    const wrong = new URL(url);
    wrong.password = "hunter2";
    const { status, stderr } = await runCommand(["serve"], { ...ANY_PORT, SHELFLIFE_DATABASE_URL: wrong.href });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^shelflife: The database 127\.0\.0\.1:\d+\/\S+ refuses us: .*\n$/);
    expect(stderr).not.toContain("hunter2");
  });
});

describe("serve with the embedded database", () => {
  it("recovers from kill -9, finds its data again, and leaves no process behind", async () => {
    const folder = makeScratchFolder();
    onTestFinished(() => removeScratchFolder(folder));
    const environment = { ...ANY_PORT, SHELFLIFE_DATA_DIR: folder };
    const first = startCommand(["serve"], environment);
    await urlOf(first);
    // A command beside the running server shares its database.
    const created = await runCommand(
      ["users", "create", "--email", "a@example.com", "--role", "owner", "--json"],
      environment,
    );
    const user = JSON.parse(created.stdout) as { id: string; email: string; role: string; key: string };
    expect(Object.keys(user)).toEqual(["id", "email", "role", "key"]);
    first.child.kill("SIGKILL");
    await first.finished;

    const second = startCommand(["serve"], environment);
    const base = await urlOf(second);
    const answer = await fetch(`${base}/api/experimental/chats/config/debug-retention-days`, {
      headers: { "Coder-Session-Token": user.key },
    });
    expect(await answer.json()).toEqual({ debug_retention_days: 30 });
    second.child.kill("SIGINT");
    expect((await second.finished).status).toBe(0);

    // Without a server a command starts the database itself, and stops it.
    const setting = await runCommand(["settings", "get", "debug-retention-days"], environment);
    expect(setting).toMatchObject({ status: 0, stdout: "30\n" });
  });
});
