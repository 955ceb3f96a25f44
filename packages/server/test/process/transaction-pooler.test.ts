import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import pg from "pg";
import { expect, it, onTestFinished } from "vitest";

import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { until } from "../until.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { runCommand, startCommand, urlOf } from "./server-process.ts";

const isInstalled = spawnSync("pgbouncer", ["--version"]).status === 0;

/**
 * PgBouncer in transaction mode before a test's database, with fewer server connections than Shelflife opens. It listens
 * in a folder of its own, since it takes no port that is not named, and one that is free now may soon be another's.
 */
async function startPooler(database: TestDatabase): Promise<string> {
  const target = new URL(database.url);
  const name = target.pathname.slice(1);
  const folder = mkdtempSync(join(tmpdir(), "shelflife-pooler-"));
  const file = join(folder, "pgbouncer.ini");
  const server = `host=${target.hostname} port=${target.port} user=${target.username} password=${decodeURIComponent(target.password)}`;
  writeFileSync(
    file,
    `[databases]\n${name} = ${server} dbname=${name}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 4\nunix_socket_dir = ${folder}\n`,
  );
  const root = process.getuid?.() === 0;
  // It refuses to run as root, and must then be able to read its file.
  if (root) for (const [path, mode] of [[folder, 0o777] as const, [file, 0o644] as const]) chmodSync(path, mode);
  const child: ChildProcess = spawn("pgbouncer", [...(root ? ["-u", "nobody"] : []), file], { stdio: "ignore" });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGINT");
    await ended;
    rmSync(folder, { recursive: true });
  });
  const url = `postgres://${target.username}@localhost:6432/${name}?host=${encodeURIComponent(folder)}`;
  await until("the pooler takes connections", async () => {
    if (child.exitCode !== null) throw new Error("The pooler ended at once.");
    const client = new pg.Client({ connectionString: url });
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    return connected;
  });
  return url;
}

// PgBouncer is no npm package: where the machine has none, there is nothing to run this against.
it.skipIf(!isInstalled)("purges, records and answers behind PgBouncer in transaction mode", async () => {
  const database = await createTestDatabase();
  await insertExpiredRuns(database.pool, 100);
  const environment = {
    SHELFLIFE_DATABASE_URL: await startPooler(database),
    SHELFLIFE_DATABASE_DIRECT_URL: database.url,
    SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
    // Five batches, however long one takes.
    SHELFLIFE_PURGE_BATCH_SIZE: "20",
    SHELFLIFE_PURGE_BATCH_MS: "10000",
    SHELFLIFE_PURGE_DUTY_PERCENT: "100",
  };
  const report = await runCommand(["purge", "--json"], environment);
  expect(JSON.parse(report.stdout)).toMatchObject({ outcome: "success" });
  expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(0);

  const server = startCommand(["serve"], { ...environment, SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0" });
  const base = await urlOf(server);
  const created = await runCommand(["users", "create", "--email", "a@example.com", "--json"], environment);
  const { key } = JSON.parse(created.stdout) as { key: string };
  const demo = await runCommand(
    ["demo", "--url", base, "--key", key, "--chats", "2", "--weeks", "1", "--json"],
    environment,
  );
  expect(demo.status).toBe(0);
  expect((await database.pool.query("SELECT FROM chat_debug_steps")).rowCount).toBeGreaterThan(0);
});
