import { RETENTION_SETTINGS, type RetentionStatus } from "@shelflife/api-contract";
import { Registry } from "prom-client";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { createLog } from "../../src/log.ts";
import { purgeMetrics } from "../../src/metrics/purge-metrics.ts";
import { tryPurgeLock } from "../../src/postgres/purge-lock.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { PURGE_INTERVAL_MS, startPurgeLoop, type PurgeLoop } from "../../src/retention/purge-loop.ts";
import { runPurgeTick, type PurgeTickDependencies, type TickReport } from "../../src/retention/purge-tick.ts";
import { completeRun } from "../debug-batches.ts";
import { PACE } from "../retention/purge-fixture.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const GRACE_MS = 86_400_000;
const setting = RETENTION_SETTINGS["debug-retention-days"];
const NOBODY = { userId: null };

let app: TestApp;
let admin: TestUser;
/** The loop of the application, once a test has started it. */
let loop: PurgeLoop | undefined;

beforeEach(async () => {
  loop = undefined;
  app = await createTestApp({
    purge: {
      graceMs: GRACE_MS,
      nextTickAt: () => loop?.nextTickAt() ?? null,
      runNow: () => loop?.runNow() ?? false,
    },
  });
  admin = await app.createUser({ role: "owner" });
});

function dependencies(): PurgeTickDependencies {
  return {
    store: authorizedStore(app.store, { kind: "purger" }),
    policies: RETENTION_POLICIES,
    clock: app.clock,
    log: createLog("silent"),
    metrics: purgeMetrics(new Registry()),
    notifiers: [],
    pace: { ...PACE, dutyPercent: 100 },
    graceMs: GRACE_MS,
    tryLock: () => tryPurgeLock(app.pool),
    readDatabaseTime: () => Promise.resolve(app.clock.now()),
    enabled: true,
    replica: "here:1",
  };
}

function tick(): Promise<TickReport> {
  return runPurgeTick(dependencies(), new AbortController().signal);
}

function startLoop(runTick: () => Promise<TickReport> = tick): void {
  const started = startPurgeLoop({ runTick, clock: app.clock, log: createLog("silent") });
  loop = started;
  onTestFinished(() => started.stop());
}

function status(): Promise<RetentionStatus> {
  return app.client(admin.key).retention.status();
}

async function recordExpiredRun(): Promise<void> {
  await app.client(admin.key).recordDebugBatch(completeRun({ updated_at: "2020-01-01T00:00:00Z" }).batch);
}

describe("the status", () => {
  test("before any purge knows the windows, and of no tick", async () => {
    const found = await status();
    expect(found).toMatchObject({
      enabled: true,
      running: false,
      last_tick: null,
      next_tick_at: null,
      grace_seconds: 86_400,
    });
    expect(found.policies.map(({ policy }) => policy)).toEqual(RETENTION_POLICIES.map(({ name }) => name));
    for (const policy of found.policies) {
      expect(policy.last).toBeNull();
      expect(policy.last_success_at).toBeNull();
      expect(policy.window).toEqual({ days: RETENTION_SETTINGS[policy.setting].defaultDays, source: "default" });
    }
  });

  test("tells the last tick and the next, and what each policy did", async () => {
    await recordExpiredRun();
    await app.store.waiveGrace(setting, NOBODY);
    startLoop();
    await app.clock.waitForSleepers();
    const found = await status();
    const runs = found.policies.find(({ policy }) => policy === "debug-runs");
    expect(runs).toMatchObject({
      record_type: "chat_debug_runs",
      action: "delete",
      oldest_overdue_seconds: 0,
      backlog: 0,
      last_success_at: app.clock.now().toISOString(),
      last: { outcome: "success", window_days: 30, expired: 1, deleted: 1, remaining: 0, replica: "here:1" },
    });
    expect(found.last_tick).toEqual({
      tick_id: runs?.last?.tick_id,
      started_at: app.clock.now().toISOString(),
      finished_at: app.clock.now().toISOString(),
      outcome: "success",
      replica: "here:1",
    });
    expect(found.next_tick_at).toBe(new Date(app.clock.now().getTime() + PURGE_INTERVAL_MS).toISOString());
    expect(found.running).toBe(false);
  });

  test("says how far behind a policy is", async () => {
    await recordExpiredRun();
    await app.store.waiveGrace(setting, NOBODY);
    const runs = (await status()).policies.find(({ policy }) => policy === "debug-runs");
    const overdueMs = app.clock.now().getTime() - new Date("2020-01-01T00:00:00Z").getTime() - 30 * 86_400_000;
    expect(runs).toMatchObject({ oldest_overdue_seconds: overdueMs / 1000, backlog: expect.any(Number) });
    expect(runs?.backlog).toBeGreaterThan(0);
  });

  test("shows a window that waits, for how long, and by which the purge goes meanwhile", async () => {
    await app.store.observePurgeWindow(setting, 0);
    await app.store.changeRetentionWindow(setting, 7, NOBODY);
    const since = app.clock.now();
    await app.clock.advance(1000);
    const found = await status();
    for (const policy of found.policies.filter((one) => one.setting === setting.name)) {
      expect(policy).toMatchObject({
        window: { days: 7, source: "stored" },
        grace: {
          waiting_days: 7,
          effective_days: 30,
          since: since.toISOString(),
          due_at: new Date(since.getTime() + GRACE_MS).toISOString(),
        },
      });
    }
    await app.clock.advance(GRACE_MS);
    expect((await status()).policies.filter((one) => one.setting === setting.name && one.grace !== null)).toEqual([]);
  });

  test("shows a window that cannot be read, and that the tick failed by it alone", async () => {
    await app.pool.query("INSERT INTO site_configs (key, value) VALUES ($1, 'soon')", [setting.key]);
    await tick();
    const found = await status();
    expect(found.last_tick).toMatchObject({ outcome: "failure" });
    for (const policy of found.policies) {
      const failed = policy.setting === setting.name;
      expect(policy.window.source).toBe(failed ? "unreadable" : "default");
      expect(policy.last?.outcome === "failure").toBe(failed);
      if (failed) expect(policy).toMatchObject({ window: { days: null }, grace: null, oldest_overdue_seconds: null });
    }
  });

  test("says that the purge is switched off, and then of no next tick", async () => {
    const off = await createTestApp({
      testDatabase: app.testDatabase,
      clock: app.clock,
      purge: { enabled: false, nextTickAt: () => app.clock.now() },
    });
    expect(await off.client(admin.key).retention.status()).toMatchObject({ enabled: false, next_tick_at: null });
  });

  test("shows a purger at work on another replica as running, and one that was killed as aborted", async () => {
    const lock = await tryPurgeLock(app.pool);
    const tickId = "01990000-0000-7000-8000-000000000001";
    const row = { tickId, policy: "debug-runs", recordType: "chat_debug_runs", replica: "there:2" };
    await app.store.openLedgerRow(row);
    expect(await status()).toMatchObject({
      running: true,
      last_tick: { tick_id: tickId, outcome: "running", finished_at: null, replica: "there:2" },
    });
    expect((await app.client(admin.key).retention.ledger()).entries).toMatchObject([{ outcome: "running" }]);

    await lock?.release();
    expect(await status()).toMatchObject({ running: false, last_tick: { tick_id: tickId, outcome: "aborted" } });
    expect((await status()).policies.find(({ policy }) => policy === "debug-runs")?.last).toMatchObject({
      outcome: "aborted",
    });
  });

  test("shows a tick between two of its policies as running", async () => {
    await tick();
    expect(await status()).toMatchObject({ running: false, last_tick: { outcome: "success" } });
    const lock = await tryPurgeLock(app.pool);
    expect(await status()).toMatchObject({ running: true, last_tick: { outcome: "running", finished_at: null } });
    await lock?.release();
  });
});

describe("starting a tick by hand", () => {
  async function audited(): Promise<unknown[]> {
    const { rows } = await app.pool.query(
      "SELECT user_id, resource_type, action FROM audit_logs WHERE action = 'start'",
    );
    return rows;
  }

  test("wakes the loop, answers 202, and is audited as the person's who did it", async () => {
    startLoop();
    await app.clock.waitForSleepers();
    const ticks = async (): Promise<number> =>
      (await app.client(admin.key).retention.ledger({ policy: "debug-runs" })).entries.length;
    expect(await ticks()).toBe(1);
    const response = await app.request("POST", `${CHATS}/retention/run`, { key: admin.key });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ started: true });
    await app.clock.waitForSleepers();
    expect(await ticks()).toBe(2);
    expect(await audited()).toEqual([{ user_id: admin.id, resource_type: "purge", action: "start" }]);
  });

  test("answers 200 and starts nothing while a tick of this replica is running, and is not audited", async () => {
    const { promise: ending, resolve: end } = Promise.withResolvers<TickReport>();
    startLoop(() => ending);
    const response = await app.request("POST", `${CHATS}/retention/run`, { key: admin.key });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ started: false });
    expect(await audited()).toEqual([]);
    end({ outcome: "success", policies: [] });
  });

  test("answers the same while another replica purges", async () => {
    startLoop(() => Promise.resolve({ outcome: "skipped", policies: [] }));
    await app.clock.waitForSleepers();
    const lock = await tryPurgeLock(app.pool);
    expect(await app.client(admin.key).retention.run()).toEqual({ started: false });
    await lock?.release();
    expect(await app.client(admin.key).retention.run()).toEqual({ started: true });
  });

  test("is refused where the purge is switched off, and says what to do", async () => {
    const off = await createTestApp({ testDatabase: app.testDatabase, clock: app.clock, purge: { enabled: false } });
    const response = await off.request("POST", `${CHATS}/retention/run`, { key: admin.key });
    expect(response.status).toBe(409);
    const { code, message } = await readErrorBody(response);
    expect(code).toBe("conflict");
    expect(message).toContain("SHELFLIFE_PURGE=off");
    expect(await audited()).toEqual([]);
  });
});

describe("waiving a grace period", () => {
  test("lets the window apply at once, is audited, and a second time there is nothing to waive", async () => {
    await app.store.observePurgeWindow(setting, 0);
    await app.store.changeRetentionWindow(setting, 7, NOBODY);
    await app.client(admin.key).retention.waiveGrace(setting.name);
    expect((await app.store.readPurgeWindow(setting, GRACE_MS)).effectiveDays).toBe(7);
    const { rows } = await app.pool.query("SELECT user_id, diff FROM audit_logs WHERE diff ? 'effective_days'");
    expect(rows).toEqual([{ user_id: admin.id, diff: { effective_days: { old: 30, new: 7 } } }]);
    const response = await app.request("POST", `${CHATS}/retention/waive-grace`, {
      key: admin.key,
      json: { setting: setting.name },
    });
    expect(response.status).toBe(409);
    expect(await readErrorBody(response)).toMatchObject({
      code: "conflict",
      message: "The chat debug retention days do not wait for a grace period.",
    });
  });

  test("is refused where there is no grace period, so that nothing can wait", async () => {
    const { key } = admin;
    const without = await createTestApp({ testDatabase: app.testDatabase, clock: app.clock, purge: { graceMs: 0 } });
    const json = { setting: setting.name };
    expect((await without.request("POST", `${CHATS}/retention/waive-grace`, { key, json })).status).toBe(409);
  });

  test.each([{}, { setting: "retention" }, { setting: 7 }, { setting: "retention-days", days: 7 }, []])(
    "refuses the body %j",
    async (json) => {
      const { key } = admin;
      const response = await app.request("POST", `${CHATS}/retention/waive-grace`, { key, json });
      expect(response.status).toBe(400);
      expect(await readErrorBody(response)).toMatchObject({ code: "validation_failed" });
    },
  );
});
