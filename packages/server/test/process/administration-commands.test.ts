import { RETENTION_SETTING_NAMES, type RetentionPreview, type RetentionStatus } from "@shelflife/api-contract";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";

import { ADVISORY_LOCKS } from "../../src/postgres/locks.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { runCommand, startCommand, urlOf, type Finished } from "./server-process.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

function run(line: string, environment: Record<string, string> = {}): Promise<Finished> {
  return runCommand(line.split(" "), { SHELFLIFE_DATABASE_URL: database.url, ...environment });
}

async function audited(): Promise<unknown[]> {
  const { rows } = await database.pool.query(
    "SELECT user_id, resource_target, diff, additional_fields FROM audit_logs ORDER BY time, id",
  );
  return rows;
}

describe("settings", () => {
  it("lists every window with what is to come, and exits with 1 where one cannot be read", async () => {
    await insertExpiredRuns(database.pool, 3);
    const { status, stdout } = await run("settings list");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^debug-retention-days: 30 days \(default\)\n {2}the first purge will delete 3 chat_debug_runs older than /m,
    );
    const json = await run("settings list --json", { SHELFLIFE_PURGE_GRACE: "1d" });
    const rows = JSON.parse(json.stdout) as Record<string, unknown>[];
    expect(new Set(rows.map((row) => row["name"]))).toEqual(new Set(RETENTION_SETTING_NAMES));
    expect(rows.find((row) => row["name"] === "debug-retention-days")).toMatchObject({
      days: 30,
      source: "default",
      effective_days: 0,
      due_at: expect.stringMatching(/^\d{4}-/),
      first_purge: [{ policy: "debug-runs", proposed: { records: { count: 3 } } }],
    });

    await database.pool.query("INSERT INTO site_configs (key, value) VALUES ('agents_chat_retention_days', 'soon')");
    const unreadable = await run("settings list --json");
    expect(unreadable.status).toBe(1);
    expect(JSON.parse(unreadable.stdout)).toContainEqual(
      expect.objectContaining({ name: "retention-days", days: null, source: "unreadable" }),
    );
  });

  it("previews another window, and deletes nothing", async () => {
    await insertExpiredRuns(database.pool, 3);
    expect(await run("settings preview debug-retention-days 7")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^debug-runs: would delete 3 chat_debug_runs \(3 by the window in force, /),
    });
    const preview = JSON.parse(
      (await run("settings preview debug-retention-days 0 --json")).stdout,
    ) as RetentionPreview;
    expect(preview).toMatchObject({ days: 0, current_days: 30, policies: [{ difference: { records: -3 } }, {}] });
    expect(await run("settings preview debug-retention-days 3651")).toMatchObject({
      status: 1,
      stderr: "shelflife: Chat debug retention days must be between 0 and 3650.\n",
    });
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(3);
  });

  it("waives a grace period once, which is audited as the command line's", async () => {
    await insertExpiredRuns(database.pool, 3);
    const grace = { SHELFLIFE_PURGE_GRACE: "7d" };
    expect(JSON.parse((await run("purge --json", grace)).stdout)).toMatchObject({ outcome: "success" });
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(3);
    expect(await run("settings waive-grace debug-retention-days --json", grace)).toMatchObject({
      status: 0,
      stdout: '{"name":"debug-retention-days","days":30}\n',
    });
    expect(await run("settings waive-grace debug-retention-days", grace)).toMatchObject({
      status: 1,
      stderr: "shelflife: debug-retention-days does not wait for a grace period.\n",
    });
    expect(await audited()).toEqual([
      {
        user_id: null,
        resource_target: "agents_chat_debug_retention_days",
        diff: { effective_days: { old: 0, new: 30 } },
        additional_fields: { subsystem: "cli" },
      },
    ]);
    await run("purge", grace);
    expect((await database.pool.query("SELECT FROM chat_debug_runs")).rowCount).toBe(0);
  });
});

describe("purge status", () => {
  it("says how the purge stands, and exits with 1 where the last tick failed", async () => {
    expect(await run("purge status")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^purge: waiting for its time\nlast tick: none yet\narchived-chats: 30 days;/),
    });
    await database.pool.query("INSERT INTO site_configs (key, value) VALUES ('agents_chat_retention_days', 'soon')");
    expect((await run("purge --json")).status).toBe(1);
    const { status, stdout } = await run("purge status --json", { SHELFLIFE_PURGE: "off" });
    expect(status).toBe(1);
    const found = JSON.parse(stdout) as RetentionStatus;
    expect(found).toMatchObject({ enabled: false, running: false, last_tick: { outcome: "failure" } });
    expect(found.policies.map(({ policy }) => policy)).toEqual(RETENTION_POLICIES.map(({ name }) => name));
    expect((await run("purge status", { SHELFLIFE_PURGE: "off" })).stdout).toMatch(
      /^purge: switched off.*\nlast tick: failure, [^]*\narchived-chats: its window cannot be read; last: failure, 0 done, setting_unreadable: /,
    );
  });
});

describe("a purge that is skipped", () => {
  it("says why, and exits with 0", async () => {
    expect(await run("purge", { SHELFLIFE_PURGE: "off" })).toMatchObject({
      status: 0,
      stdout: "purge: skipped, since it is switched off (SHELFLIFE_PURGE=off)\n",
    });
    const purger = await database.pool.connect();
    await purger.query("BEGIN");
    await purger.query("SELECT pg_advisory_xact_lock($1)", [ADVISORY_LOCKS.purge]);
    expect(await run("purge")).toMatchObject({
      status: 0,
      stdout: "purge: skipped, since another replica is purging\n",
    });
    expect(JSON.parse((await run("purge --json")).stdout)).toEqual({ outcome: "skipped", policies: [] });
    await purger.query("ROLLBACK");
    purger.release();
  });
});

describe("debug-logging", () => {
  it("gets and sets whose chats are recorded, which is audited", async () => {
    expect(await run("debug-logging get")).toMatchObject({ status: 0, stdout: "Nobody's chats are recorded.\n" });
    expect(await run("debug-logging set everyone --json")).toMatchObject({
      status: 0,
      stdout: '{"choice":"everyone","changed":true}\n',
    });
    expect(await run("debug-logging set everyone --json")).toMatchObject({
      stdout: '{"choice":"everyone","changed":false}\n',
    });
    const forced = await run("debug-logging get --json", { SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true" });
    expect(JSON.parse(forced.stdout)).toEqual({
      choice: "everyone",
      allow_users: true,
      user_default: true,
      forced_by_deployment: true,
    });
    expect(await audited()).toMatchObject([
      { user_id: null, diff: { allow_users: { old: false, new: true } }, additional_fields: { subsystem: "cli" } },
      { diff: { user_default: { old: false, new: true } } },
    ]);
    await database.pool.query("UPDATE site_configs SET value = 'perhaps'");
    expect(await run("debug-logging get")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^shelflife: The stored value of agents_chat_debug_logging_\w+ is not true or false/,
      ),
    });
    expect(await run("debug-logging set opt_in --json")).toMatchObject({ status: 0 });
    expect(await run("debug-logging get")).toMatchObject({
      status: 0,
      stdout: "The chats of whoever switches it on are recorded.\n",
    });
  });
});

describe("chats delete", () => {
  it("deletes a family whatever the windows, also by an id of no version of UUIDs, and is audited", async () => {
    const root = "00000000-0000-0000-0000-0000000000bb";
    await database.pool.query(
      `WITH owner AS (INSERT INTO users (email) VALUES ('ana@example.com') RETURNING id)
       INSERT INTO chats (id, root_chat_id, parent_chat_id, owner_id, organization_id)
       SELECT chat.id, chat.root_id, chat.root_id, owner.id, organization.id
       FROM owner, organizations AS organization, (VALUES ($1::uuid, NULL::uuid), (gen_random_uuid(), $1)) AS chat (id, root_id)`,
      [root],
    );
    expect(await run(`chats delete ${root} --json`)).toMatchObject({
      status: 0,
      stdout: `{"id":"${root}","chats":2,"runs":0}\n`,
    });
    expect((await database.pool.query("SELECT FROM chats")).rowCount).toBe(0);
    expect(await audited()).toMatchObject([{ user_id: null, additional_fields: { subsystem: "cli" } }]);
    expect(await run(`chats delete ${root}`)).toMatchObject({
      status: 1,
      stderr: `shelflife: There is no chat ${root}.\n`,
    });
    expect(await run("chats delete 17")).toMatchObject({
      status: 1,
      stderr: "shelflife: 17 is not the id of a chat.\n",
    });
  });
});

describe("doctor", () => {
  const doctor = async (
    environment: Record<string, string> = {},
  ): Promise<[number | null, Record<string, string[]>]> => {
    // Nothing listens at this port.
    const { status, stdout } = await run("doctor --json", { SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:1", ...environment });
    const findings = JSON.parse(stdout) as { name: string; status: string; message: string }[];
    const byName = Map.groupBy(findings, ({ name }) => name);
    return [
      status,
      Object.fromEntries(
        [...byName].map(([name, found]) => [name, found.map((finding) => `${finding.status}: ${finding.message}`)]),
      ),
    ];
  };

  it("says of a bare deployment what is still to be done, and exits with 0", async () => {
    const [status, found] = await doctor();
    expect(status).toBe(0);
    expect(found).toEqual({
      database: [expect.stringMatching(/^ok: PostgreSQL at /)],
      clocks: [expect.stringMatching(/^ok: this machine and the database differ by 0\.\d s$/)],
      partitions: ["ok: the partitions of the coming days are there"],
      accounts: ["warning: nobody has an account: use the link that the server prints, or shelflife users create"],
      recording: ["warning: off: shelflife debug-logging turns it on"],
      purge: ["warning: no purge has run yet"],
      server: ["warning: none answers at http://127.0.0.1:1"],
    });
    expect((await database.pool.query("SELECT FROM purge_ledger")).rowCount).toBe(0);
  });

  it("is content with a deployment that runs", async () => {
    await run("users create --email ana@example.com");
    const server = startCommand(["serve"], {
      SHELFLIFE_DATABASE_URL: database.url,
      SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0",
      SHELFLIFE_LOG_LEVEL: "info",
    });
    const url = await urlOf(server);
    await server.waitForLog(/purge iteration done/);
    const { status, stdout } = await run("doctor", {
      SHELFLIFE_HTTP_ADDRESS: new URL(url).host,
      SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
    });
    expect(status).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(
      Array.from({ length: 7 }, () => expect.stringMatching(/^ok {7}\w+: /)),
    );
  });

  it("names each thing that keeps it from its promise, and exits with 1", async () => {
    await insertExpiredRuns(database.pool, 1);
    await database.pool.query(
      `INSERT INTO site_configs (key, value)
       VALUES ('agents_chat_retention_days', 'soon'), ('agents_chat_debug_logging_allow_users', 'perhaps')`,
    );
    await run("purge", { SHELFLIFE_PURGE_GRACE: "1d" });
    await database.pool.query("UPDATE retention_windows SET effective_days = set_days");
    const [status, found] = await doctor({ SHELFLIFE_PURGE: "off" });
    expect(status).toBe(1);
    expect(found["recording"]).toEqual([
      expect.stringMatching(/^failed: The stored value of agents_chat_debug_logging_allow_users is not true or false/),
    ]);
    expect(found["purge"]).toEqual([
      "failed: archived-chats: its window cannot be read; set it again",
      "failed: chat-files: its window cannot be read; set it again",
      expect.stringMatching(/^warning: debug-runs: what should be gone has been there for \d+ h$/),
      "warning: switched off by this environment (SHELFLIFE_PURGE=off)",
      expect.stringMatching(/^failed: the last one failed, on .+: see the ledger$/),
    ]);
  });
});

describe("a direct URL", () => {
  it("that leads to another database is refused in one line, and nothing is migrated there", async () => {
    const { rows } = await database.pool.query<{ name: string }>("SELECT current_database() || '_other' AS name");
    const other = new URL(database.url);
    other.pathname = `/${rows[0]?.name ?? ""}`;
    await database.pool.query(`CREATE DATABASE ${rows[0]?.name ?? ""}`);
    const refused = await run("migrate", { SHELFLIFE_DATABASE_DIRECT_URL: other.href });
    expect(refused).toMatchObject({
      status: 1,
      stderr:
        "shelflife: SHELFLIFE_DATABASE_DIRECT_URL leads to another database than SHELFLIFE_DATABASE_URL; it must be the same one without a pooler in between.\n",
    });
    const untouched = createPool({ url: other.href, applicationName: "test", log: pino({ level: "silent" }) });
    expect((await untouched.query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).rowCount).toBe(
      0,
    );
    await untouched.end();
    await database.pool.query(`DROP DATABASE ${rows[0]?.name ?? ""} WITH (FORCE)`);
    expect(await run("migrate", { SHELFLIFE_DATABASE_DIRECT_URL: database.url })).toMatchObject({ status: 0 });
  });
});
