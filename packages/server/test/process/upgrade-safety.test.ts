import { ShelflifeClient } from "@shelflife/sdk";
import { beforeEach, describe, expect, it } from "vitest";

import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { until } from "../until.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { runCommand, startCommand, urlOf } from "./server-process.ts";

const OLD_RUNS = 12;

/** A database as an operator brings it along: migrated, full of old data, and never purged. */
let database: TestDatabase;
let environment: Record<string, string>;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  environment = { SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0", SHELFLIFE_DATABASE_URL: database.url };
  expect(await runCommand(["migrate"], environment)).toMatchObject({ status: 0 });
  await insertExpiredRuns(database.pool, OLD_RUNS);
});

async function runsLeft(): Promise<number> {
  const { rowCount } = await database.pool.query("SELECT FROM chat_debug_runs");
  return rowCount ?? 0;
}

/** How many ticks have ended: the last policy of one closes its row last. */
async function ticks(): Promise<number> {
  const { rowCount } = await database.pool.query(
    "SELECT FROM purge_ledger WHERE policy = 'purge-ledger' AND outcome <> 'running'",
  );
  return rowCount ?? 0;
}

/** Starts the server, does something, and waits for its first tick. With the purge switched off there is none. */
async function startOnce(
  changes: Record<string, string> = {},
  meanwhile: (url: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const before = await ticks();
  const server = startCommand(["serve"], { ...environment, ...changes });
  await meanwhile(await urlOf(server));
  if (changes["SHELFLIFE_PURGE"] !== "off") await until("a tick has ended", async () => (await ticks()) > before);
  server.child.kill("SIGTERM");
  const { status, stdout } = await server.finished;
  expect(status).toBe(0);
  return stdout;
}

describe("a database full of old data, without a setting", () => {
  it("is announced in the banner, is purged by the first tick, and is not announced again", async () => {
    expect(await startOnce()).toMatch(
      /debug-retention-days: 30 days \(default\)\n +the first purge will delete 12 chat_debug_runs older than \d{4}-/,
    );
    expect(await runsLeft()).toBe(0);
    await database.pool.query(
      "INSERT INTO chat_debug_runs (chat_id, started_at, updated_at) SELECT id, '2001-01-01', '2001-01-01' FROM chats",
    );
    expect(await startOnce()).not.toContain("the first purge");
  });

  it("is kept by a window that was stored by SQL after migrating", async () => {
    await database.pool.query("INSERT INTO site_configs (key, value) VALUES ('agents_chat_debug_retention_days', '0')");
    expect(await startOnce()).toMatch(/debug-retention-days: 0, kept for ever\n/);
    expect(await runsLeft()).toBe(OLD_RUNS);
  });

  it("is kept by a window that was set on the command line", async () => {
    expect(await runCommand(["settings", "set", "debug-retention-days", "0"], environment)).toMatchObject({
      status: 0,
    });
    await startOnce();
    expect(await runsLeft()).toBe(OLD_RUNS);
  });

  it("is kept by SHELFLIFE_PURGE=off, which announces what it keeps", async () => {
    expect(await startOnce({ SHELFLIFE_PURGE: "off" })).toMatch(/the first purge would delete 12 chat_debug_runs/);
    expect(await runsLeft()).toBe(OLD_RUNS);
  });

  it("is kept for as long as SHELFLIFE_PURGE_GRACE says, which announces until when", async () => {
    expect(await startOnce({ SHELFLIFE_PURGE_GRACE: "7d" })).toMatch(
      /waits until \d{4}-\S+; until then: 0, kept for ever\n +by now it would delete 12 chat_debug_runs/,
    );
    expect(await runsLeft()).toBe(OLD_RUNS);
  });

  it("is kept for good by the API within the grace period", async () => {
    const created = await runCommand(
      ["users", "create", "--email", "admin@example.com", "--role", "owner", "--json"],
      environment,
    );
    const { key } = JSON.parse(created.stdout) as { key: string };
    await startOnce({ SHELFLIFE_PURGE_GRACE: "7d" }, async (baseUrl) => {
      const client = new ShelflifeClient({ baseUrl, key });
      const preview = await client.retention.preview("debug-retention-days", 30);
      expect(preview.policies[0]?.proposed.records.count).toBe(OLD_RUNS);
      await client.setDebugRetentionDays(0);
    });
    await startOnce();
    expect(await runsLeft()).toBe(OLD_RUNS);
  });
});
