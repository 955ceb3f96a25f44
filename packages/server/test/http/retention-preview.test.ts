import { RETENTION_SETTINGS, type RetentionPreview } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { completeRun, runItem } from "../debug-batches.ts";
import { waitForLockWaits } from "../lock-waits.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const MS_PER_DAY = 86_400_000;
const PATH = `${CHATS}/config/debug-retention-days/preview`;

let app: TestApp;
let admin: TestUser;

beforeEach(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
});

/** Records a run whose last write lies so many days back, with a payload. */
async function recordRun(daysAgo: number): Promise<{ id: string; clock: string }> {
  const clock = new Date(app.clock.now().getTime() - daysAgo * MS_PER_DAY).toISOString();
  const { run, batch } = completeRun({ started_at: clock, updated_at: clock });
  await app.client(admin.key).recordDebugBatch(batch);
  return { id: run.id, clock };
}

function preview(days: number): Promise<RetentionPreview> {
  return app.client(admin.key).retention.preview("debug-retention-days", days);
}

async function storeWindow(value: string): Promise<void> {
  await app.pool.query("INSERT INTO site_configs (key, value) VALUES ($1, $2)", [
    RETENTION_SETTINGS["debug-retention-days"].key,
    value,
  ]);
}

async function makeSlow(table: string): Promise<void> {
  await app.pool.query(
    `ALTER TABLE ${table} RENAME TO slow_rows; CREATE VIEW ${table} AS SELECT * FROM slow_rows WHERE pg_sleep(30) IS NOT NULL`,
  );
}

describe("a preview", () => {
  test("says what would go next to what the window in force takes, with the oldest, and nothing that was recorded", async () => {
    const oldest = await recordRun(40);
    const newest = await recordRun(20);
    await recordRun(1);
    const answer = await preview(10);
    const [runs, payloads] = answer.policies;
    expect(answer).toMatchObject({ setting: "debug-retention-days", days: 10, current_days: 30 });
    expect(runs).toEqual({
      policy: "debug-runs",
      record_type: "chat_debug_runs",
      action: "delete",
      proposed: {
        days: 10,
        cutoff: new Date(app.clock.now().getTime() - 10 * MS_PER_DAY).toISOString(),
        records: { count: 2, at_least: false },
        bytes: expect.any(Number),
        oldest: oldest.clock,
        newest: newest.clock,
        sample: [oldest, newest],
      },
      current: {
        days: 30,
        cutoff: new Date(app.clock.now().getTime() - 30 * MS_PER_DAY).toISOString(),
        records: { count: 1, at_least: false },
        bytes: expect.any(Number),
      },
      difference: { records: 1, bytes: expect.any(Number) },
    });
    expect(runs?.proposed.bytes).toBeGreaterThan(runs?.current?.bytes ?? Number.NaN);
    expect(runs?.difference?.bytes).toBe((runs?.proposed.bytes ?? 0) - (runs?.current?.bytes ?? 0));
    expect(payloads).toMatchObject({ policy: "debug-payloads", difference: { records: 1 } });
    expect(JSON.stringify(answer)).not.toContain("Thirty days.");
  });

  test("of 0 takes nothing, and so does a window by which nothing is expired", async () => {
    await recordRun(3000);
    for (const days of [0, 3650]) {
      const [runs] = (await preview(days)).policies;
      expect(runs?.proposed).toMatchObject({
        records: { count: 0, at_least: false },
        bytes: 0,
        oldest: null,
        sample: [],
      });
      expect(runs?.proposed.cutoff === null).toBe(days === 0);
      expect(runs?.difference).toMatchObject({ records: -1 });
    }
  });

  test("names ten at the most, and counts on", async () => {
    const runs = Array.from({ length: 25 }, () => runItem({ updated_at: "2020-01-01T00:00:00Z" }));
    await app.client(admin.key).recordDebugBatch({ runs });
    const [of] = (await preview(30)).policies;
    expect(of?.proposed.records).toEqual({ count: 25, at_least: false });
    expect(of?.proposed.sample).toHaveLength(10);
  });

  test("compares with the window that the purge goes by, where a shorter one waits", async () => {
    const waiting = await createTestApp({
      testDatabase: app.testDatabase,
      clock: app.clock,
      purge: { graceMs: MS_PER_DAY },
    });
    const setting = RETENTION_SETTINGS["debug-retention-days"];
    await waiting.store.observePurgeWindow(setting, 0);
    await waiting.store.changeRetentionWindow(setting, 7, { userId: null });
    expect((await waiting.client(admin.key).retention.preview(setting.name, 7)).current_days).toBe(30);
    expect((await preview(7)).current_days).toBe(7);
  });

  test.each(["abc", "-1", "3651"])("answers also where the window in force is stored as %j", async (value) => {
    await recordRun(40);
    await storeWindow(value);
    const answer = await preview(30);
    expect(answer.current_days).toBeNull();
    expect(answer.policies).toMatchObject([
      { proposed: { records: { count: 1 } }, current: null, difference: null },
      { policy: "debug-payloads", current: null, difference: null },
    ]);
  });

  test("is open to auditors, and to nobody without that role", async () => {
    for (const [role, status] of [
      ["auditor", 200],
      ["member", 403],
    ] as const) {
      const { key } = await app.createUser({ role });
      expect((await app.request("GET", `${PATH}?days=7`, { key })).status).toBe(status);
    }
  });

  test.each(Object.values(RETENTION_SETTINGS))(
    "of $name refuses what is no window, by the sentence of its range",
    async ({ name, rangeLabel }) => {
      const { key } = admin;
      for (const query of [
        "",
        "?days=",
        "?days=-1",
        "?days=3651",
        "?days=1.5",
        "?days=abc",
        "?days=1e2",
        "?days=%2030",
      ]) {
        const response = await app.request("GET", `${CHATS}/config/${name}/preview${query}`, { key });
        expect(response.status).toBe(400);
        const message = `${rangeLabel} must be between 0 and 3650.`;
        expect(await readErrorBody(response)).toMatchObject({
          message,
          code: "validation_failed",
          validations: [{ field: "days", detail: message }],
        });
      }
      expect((await app.request("GET", `${CHATS}/config/${name}/preview?days=3650`, { key })).status).toBe(200);
    },
  );
});

describe("a preview that would take too long", () => {
  test("leaves the bytes open and tells the rest, where only the bytes do", async () => {
    await recordRun(40);
    await makeSlow("chat_debug_steps");
    const [runs] = (await preview(30)).policies;
    expect(runs?.proposed).toMatchObject({
      records: { count: 1, at_least: false },
      bytes: null,
      newest: expect.any(String),
    });
    expect(runs?.difference).toEqual({ records: 0, bytes: null });
  });

  test("leaves all of a policy open, where it waits for somebody's lock, and tells what others would do", async () => {
    const locker = await app.pool.connect();
    try {
      await locker.query("BEGIN; LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE");
      const answer = await app.client(admin.key).retention.preview("audit-retention-days", 365);
      expect(answer.policies).toMatchObject([
        {
          policy: "audit-log",
          proposed: { records: { count: 0, at_least: true }, bytes: null, oldest: null, newest: null, sample: [] },
        },
      ]);
      await locker.query("ROLLBACK");
    } finally {
      locker.release();
    }
    expect(app.logged).toContainEqual(expect.objectContaining({ level: "warn", policy: "audit-log" }));
  });

  test("is cancelled in the database when whoever asked has gone away, and is no failure", async () => {
    const locker = await app.pool.connect();
    const leaving = new AbortController();
    try {
      await locker.query("BEGIN; LOCK TABLE chat_debug_runs IN ACCESS EXCLUSIVE MODE");
      const request = new Request(`http://shelflife.test${PATH}?days=7`, {
        headers: { "Coder-Session-Token": admin.key },
        signal: leaving.signal,
      });
      const answer = app.app.request(request);
      await waitForLockWaits(app.pool, 1);
      leaving.abort();
      await answer;
      const { rows } = await app.pool.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      expect(rows).toEqual([]);
      await locker.query("ROLLBACK");
    } finally {
      locker.release();
    }
    expect(app.logged.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });
});
