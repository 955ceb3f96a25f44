import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { beforeEach, describe, expect, it } from "vitest";

import { measureLag } from "../../src/retention/lag.ts";
import { createDebugRunsPolicy } from "../../src/retention/policies/debug-runs.ts";
import { runPurgeTick, type TickReport } from "../../src/retention/purge-tick.ts";
import { waitForLockWaits } from "../lock-waits.ts";
import {
  createPurgeFixture,
  daysBefore,
  insertRuns,
  MS_PER_DAY,
  remainingRuns,
  type PurgeFixture,
} from "./purge-fixture.ts";

const setting = RETENTION_SETTINGS["debug-retention-days"];
const GRACE_MS = 2 * MS_PER_DAY;
const NOBODY = { userId: null };

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

function tick(graceMs = GRACE_MS): Promise<TickReport> {
  return runPurgeTick(fixture.createPurger({ graceMs }).dependencies, new AbortController().signal);
}

async function change(days: number): Promise<void> {
  await fixture.store.changeRetentionWindow(setting, days, NOBODY);
}

/** A database whose purge has gone by a window of 30 days for long. */
async function settleAt30(): Promise<void> {
  await tick(0);
}

async function countRuns(): Promise<number> {
  return (await remainingRuns(fixture)).size;
}

async function waiting(): Promise<{ effectiveDays: number; since: Date | null }> {
  const { effectiveDays, waitingSince } = await fixture.store.readPurgeWindow(setting, GRACE_MS);
  return { effectiveDays, since: waitingSince };
}

describe("a window that was shortened", () => {
  it("is held back until the grace period ends, to the millisecond, and what expires by the old one still goes", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10), daysBefore(30, -1)]);
    await change(7);
    const since = fixture.clock.now();
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 1 }]);
    expect(await waiting()).toEqual({ effectiveDays: 30, since });

    await fixture.clock.advance(GRACE_MS - 1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 0 }]);
    await fixture.clock.advance(1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
    expect(await waiting()).toEqual({ effectiveDays: 7, since: null });
  });

  it("applies at the next batch where there is no grace period", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(7);
    expect((await tick(0)).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
  });

  it("starts its grace period anew when it is shortened again", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(8);
    await fixture.clock.advance(MS_PER_DAY);
    await change(7);
    await fixture.clock.advance(GRACE_MS - 1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 0 }]);
    await fixture.clock.advance(1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
  });

  it("deletes nothing when it is taken back before its grace period has ended", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(7);
    await tick();
    await change(30);
    expect(await waiting()).toEqual({ effectiveDays: 30, since: null });
    await fixture.clock.advance(GRACE_MS);
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 0 }]);

    await change(7);
    await fixture.clock.advance(GRACE_MS - 1);
    expect((await tick()).policies, "the time before it was taken back counts for nothing").toMatchObject([
      { windowDays: 30, deleted: 0 },
    ]);
  });

  it("still waits where the purge ended keeping for ever", async () => {
    await change(0);
    await tick();
    await insertRuns(fixture, [daysBefore(3000)]);
    await change(3650);
    await change(365);
    expect((await tick()).policies).toMatchObject([{ windowDays: 0, deleted: 0 }]);
    await fixture.clock.advance(GRACE_MS);
    expect((await tick()).policies).toMatchObject([{ windowDays: 365, deleted: 1 }]);
  });

  it("waits from the tick that first sees it, where an operator stored it by SQL", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await fixture.setWindow("7");
    await fixture.clock.advance(GRACE_MS);
    await tick();
    const since = fixture.clock.now();
    expect(await waiting()).toEqual({ effectiveDays: 30, since });
    await fixture.clock.advance(GRACE_MS);
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
  });

  it("fails the policy and deletes nothing while its value cannot be read, and waits on once it can", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(7);
    await fixture.setWindow("seven");
    await fixture.clock.advance(GRACE_MS - 1);
    expect(await tick()).toMatchObject({
      outcome: "failure",
      policies: [{ windowDays: null, deleted: 0, error: { code: "setting_unreadable" } }],
    });
    await expect(waiting()).rejects.toMatchObject({ code: "setting_unreadable" });

    await fixture.setWindow("7");
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 0 }]);
    await fixture.clock.advance(1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
  });

  it("takes effect in a drain that is under way only for what the window before would take as well", async () => {
    await settleAt30();
    await insertRuns(fixture, [...Array.from({ length: 3 }, () => daysBefore(31)), daysBefore(10), daysBefore(10)]);
    let batches = 0;
    const policy = createDebugRunsPolicy({
      countExpired: (store, cutoff, signal) => store.countExpiredDebugRuns(cutoff, signal),
      nextExpired: (store, request) => store.nextExpiredDebugRun(request),
      async purgeBatch(store, request) {
        batches += 1;
        if (batches === 2) await change(7);
        return store.purgeDebugRunBatch({ ...request, limit: 1 });
      },
    });
    const { dependencies } = fixture.createPurger({
      graceMs: GRACE_MS,
      policies: [policy],
      pace: { batchSize: 1, batchTargetMs: 60_000, dutyPercent: 100, budgetMs: 300_000, isForegroundSlow: () => false },
    });
    const report = await runPurgeTick(dependencies, new AbortController().signal);
    expect(report.policies).toMatchObject([{ deleted: 3 }]);
    expect(await countRuns()).toBe(2);
  });

  it("is not behind while it is held back", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(7);
    const by = { store: fixture.store, clock: fixture.clock, graceMs: GRACE_MS };
    expect(await measureLag(createDebugRunsPolicy(), by)).toEqual({ oldestOverdueMs: 0, backlog: 0 });
    await fixture.clock.advance(GRACE_MS);
    expect((await measureLag(createDebugRunsPolicy(), by))?.oldestOverdueMs).toBe(3 * MS_PER_DAY + GRACE_MS);
  });
});

describe("the first window of a database", () => {
  it("waits as well, from the first tick on, and keeps everything meanwhile", async () => {
    await insertRuns(fixture, [daysBefore(3000)]);
    expect((await tick()).policies).toMatchObject([{ windowDays: 0, deleted: 0 }]);
    const { rows } = await fixture.pool.query("SELECT outcome, cutoff FROM purge_ledger");
    expect(rows).toEqual([{ outcome: "disabled", cutoff: null }]);
    await fixture.clock.advance(GRACE_MS - 1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 0, deleted: 0 }]);
    await fixture.clock.advance(1);
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 1 }]);
  });
});

describe("waiving the grace period", () => {
  async function audited(): Promise<unknown[]> {
    const { rows } = await fixture.pool.query<{ diff: unknown }>(
      "SELECT diff FROM audit_logs WHERE diff ? 'effective_days' ORDER BY time, id",
    );
    return rows.map(({ diff }) => diff);
  }

  it("lets the window apply at the next tick, and is audited", async () => {
    await settleAt30();
    await insertRuns(fixture, [daysBefore(10)]);
    await change(7);
    await tick();
    expect(await fixture.store.waiveGrace(setting, NOBODY)).toBe(true);
    expect(await waiting()).toEqual({ effectiveDays: 7, since: null });
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
    expect(await audited()).toEqual([{ effective_days: { old: 30, new: 7 } }]);
    expect(await fixture.store.waiveGrace(setting, NOBODY), "a second time nothing waits").toBe(false);
    expect(await audited()).toHaveLength(1);
  });

  it("waives the first window of a database that no purge has seen, and one that was stored by SQL", async () => {
    await insertRuns(fixture, [daysBefore(31), daysBefore(10)]);
    expect(await fixture.store.waiveGrace(setting, NOBODY)).toBe(true);
    expect((await tick()).policies).toMatchObject([{ windowDays: 30, deleted: 1 }]);
    await fixture.setWindow("7");
    expect(await fixture.store.waiveGrace(setting, NOBODY)).toBe(true);
    expect((await tick()).policies).toMatchObject([{ windowDays: 7, deleted: 1 }]);
    expect(await audited()).toEqual([{ effective_days: { old: 0, new: 30 } }, { effective_days: { old: 30, new: 7 } }]);
  });

  it("waives nothing of a window that keeps longer, and what is shortened later waits again", async () => {
    await settleAt30();
    await change(60);
    expect(await fixture.store.waiveGrace(setting, NOBODY)).toBe(false);
    await change(7);
    await fixture.store.waiveGrace(setting, NOBODY);
    await change(3);
    expect((await waiting()).effectiveDays).toBe(7);
  });
});

it("a tick that read the window before somebody changed it does not undo what the change remembered", async () => {
  await settleAt30();
  await fixture.setWindow("7");
  // Between the tick's reading and its writing down, somebody sets the window to 0.
  const blocker = await fixture.pool.connect();
  try {
    await blocker.query("BEGIN; LOCK TABLE retention_windows IN SHARE ROW EXCLUSIVE MODE");
    const observed = fixture.store.observePurgeWindow(setting, GRACE_MS);
    await waitForLockWaits(fixture.pool, 1);
    await blocker.query("UPDATE retention_windows SET effective_days = 0, set_days = 0; COMMIT");
    await observed;
  } finally {
    blocker.release();
  }
  const { rows } = await fixture.pool.query("SELECT effective_days, set_days FROM retention_windows");
  expect(rows).toEqual([{ effective_days: 0, set_days: 0 }]);
});
