import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { createDebugRunsPolicy, debugRunRows } from "../../src/retention/policies/debug-runs.ts";
import type { RetentionPolicy } from "../../src/retention/policy.ts";
import { runPurgeTick, type TickReport } from "../../src/retention/purge-tick.ts";
import {
  createOtherPool,
  createPurgeFixture,
  PACE,
  daysBefore,
  insertRuns,
  iterations,
  MS_PER_DAY,
  purgedRuns,
  remainingRuns,
  type PurgeFixture,
  type Purger,
} from "./purge-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const tick = (purger: Purger, signal = new AbortController().signal): Promise<TickReport> =>
  runPurgeTick(purger.dependencies, signal);

describe("the cutoff", () => {
  it("purges a run one millisecond before the cutoff and keeps one exactly at it", async () => {
    const [before, at, after] = await insertRuns(fixture, [daysBefore(30, -1), daysBefore(30), daysBefore(30, 1)]);
    const purger = fixture.createPurger();
    expect(await tick(purger)).toMatchObject({ outcome: "success", policies: [{ expired: 1, deleted: 1, left: 0 }] });
    expect(await remainingRuns(fixture)).toEqual(new Set([at, after]));
    expect(before).toBeDefined();
  });

  it("purges a run one microsecond before the cutoff, which a JavaScript Date cannot tell from it", async () => {
    const [, at] = await insertRuns(fixture, ["2026-01-29 23:59:59.999999+00", "2026-01-30 00:00:00.000000+00"]);
    await tick(fixture.createPurger());
    expect(await remainingRuns(fixture)).toEqual(new Set([at]));
  });

  it("counts exact 24-hour days from the start of the tick, at midnight UTC too", async () => {
    await fixture.setWindow("1");
    const [, kept] = await insertRuns(fixture, [daysBefore(1, -1), daysBefore(1)]);
    await tick(fixture.createPurger());
    expect(await remainingRuns(fixture)).toEqual(new Set([kept]));
  });

  it("keeps everything where the window is 0, and says so in the ledger", async () => {
    await fixture.setWindow("0");
    const ids = await insertRuns(fixture, [daysBefore(4000)]);
    const purger = fixture.createPurger();
    expect(await tick(purger)).toMatchObject({
      outcome: "success",
      policies: [{ cutoff: null, windowDays: 0, expired: 0, deleted: 0 }],
    });
    expect(await remainingRuns(fixture)).toEqual(new Set(ids));
    const { rows } = await fixture.pool.query("SELECT outcome, cutoff, window_days FROM purge_ledger");
    expect(rows).toEqual([{ outcome: "disabled", cutoff: null, window_days: 0 }]);
  });

  it("takes the longest window, 3650 days", async () => {
    await fixture.setWindow("3650");
    const [, kept] = await insertRuns(fixture, [daysBefore(3650, -1), daysBefore(3650)]);
    await tick(fixture.createPurger());
    expect(await remainingRuns(fixture)).toEqual(new Set([kept]));
  });

  it("purges an unfinished run: an abandoned one must not live for ever", async () => {
    await insertRuns(fixture, [daysBefore(31)], { finished: false });
    expect(await tick(fixture.createPurger())).toMatchObject({ policies: [{ deleted: 1 }] });
    expect(await remainingRuns(fixture)).toEqual(new Set());
  });

  it("purges exactly the runs whose last write lies before the cutoff, whatever the history", async () => {
    const touch = fc.record({ run: fc.nat({ max: 9 }), offsetMs: fc.integer({ min: -3, max: 3 }) });
    const history = fc.record({
      days: fc.integer({ min: 1, max: 3650 }),
      touches: fc.array(touch, { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ days, touches }) => {
        await fixture.pool.query("DELETE FROM chat_debug_runs");
        await fixture.setWindow(String(days));
        const clocks = new Map<number, Date>();
        for (const { run, offsetMs } of touches) clocks.set(run, daysBefore(days, offsetMs));
        const order = [...clocks.values()];
        const ids = await insertRuns(fixture, order);
        await tick(fixture.createPurger({ pace: { ...PACE, batchSize: 2 } }));
        const expected = ids.filter((_, index) => (order[index]?.getTime() ?? 0) >= daysBefore(days).getTime());
        expect(await remainingRuns(fixture)).toEqual(new Set(expected));
      }),
      { numRuns: 40 },
    );
  });
});

describe("what goes with a run", () => {
  it("takes its steps along and leaves the chat", async () => {
    const [, young] = await insertRuns(fixture, [daysBefore(40), daysBefore(5)]);
    await fixture.pool.query(
      "INSERT INTO chat_debug_steps (run_id, chat_id, step_number) SELECT id, chat_id, 1 FROM chat_debug_runs",
    );
    await tick(fixture.createPurger());
    expect((await fixture.pool.query("SELECT run_id FROM chat_debug_steps")).rows).toEqual([{ run_id: young }]);
    expect((await fixture.pool.query("SELECT id FROM chats")).rows).toEqual([{ id: fixture.chatId }]);
  });

  it("keeps a run that somebody is writing to while the purge selects, whether or not the write is committed in time", async () => {
    const [touched = ""] = await insertRuns(fixture, [daysBefore(40), daysBefore(39), daysBefore(38)]);
    const other = createOtherPool(fixture.url);
    const writer = await other.connect();
    try {
      await writer.query("BEGIN");
      await writer.query("UPDATE chat_debug_runs SET updated_at = $2 WHERE id = $1", [touched, daysBefore(0)]);
      const purger = fixture.createPurger();
      // It neither waits for the writer nor deletes under it.
      expect(await tick(purger)).toMatchObject({ outcome: "success", policies: [{ expired: 3, deleted: 2, left: 1 }] });
      await writer.query("COMMIT");
      await tick(purger);
      expect(await remainingRuns(fixture)).toEqual(new Set([touched]));
    } finally {
      writer.release();
      await other.end();
    }
  });
});

describe("a backlog", () => {
  it("drains 2,500 expired runs in one tick, batch after batch", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 2_500 }, (_, index) => daysBefore(40, index % 7)),
    );
    const purger = fixture.createPurger();
    expect(await tick(purger)).toMatchObject({ policies: [{ expired: 2_500, deleted: 2_500, left: 0, batches: 13 }] });
    expect(await remainingRuns(fixture)).toEqual(new Set());
    expect(await purgedRuns(purger.registry)).toBe(2_500);
    const { rows } = await fixture.pool.query("SELECT outcome, expired, deleted, batches, remaining FROM purge_ledger");
    expect(rows).toEqual([{ outcome: "success", expired: 2_500, deleted: 2_500, batches: 13, remaining: 0 }]);
  });

  it("stops within one batch when the window becomes 0 during the drain", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 50 }, () => daysBefore(40)),
    );
    const watched = afterEachBatch(async (batch) => {
      if (batch === 2) await fixture.setWindow("0");
    });
    const purger = fixture.createPurger({ policies: [watched], pace: { ...PACE, batchSize: 10 } });
    expect(await tick(purger)).toMatchObject({ outcome: "success", policies: [{ deleted: 20, left: 30, batches: 2 }] });
    expect((await remainingRuns(fixture)).size).toBe(30);
  });

  it("goes by the new cutoff from the next batch on when the window becomes longer during the drain", async () => {
    const clocks = [
      ...Array.from({ length: 5 }, () => daysBefore(70)),
      ...Array.from({ length: 5 }, () => daysBefore(40)),
    ];
    await insertRuns(fixture, clocks);
    const watched = afterEachBatch(async (batch) => {
      if (batch === 1) await fixture.setWindow("60");
    });
    await tick(fixture.createPurger({ policies: [watched], pace: { ...PACE, batchSize: 2 } }));
    expect((await remainingRuns(fixture)).size).toBe(5);
  });

  it("writes the latest cutoff it went by into the ledger when the window becomes shorter during the drain", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 4 }, (_, index) => daysBefore(index < 2 ? 40 : 20)),
    );
    const watched = afterEachBatch(async (batch) => {
      if (batch === 1) await fixture.setWindow("10");
    });
    await tick(fixture.createPurger({ policies: [watched], pace: { ...PACE, batchSize: 2 } }));
    expect((await remainingRuns(fixture)).size).toBe(0);
    expect((await fixture.pool.query("SELECT cutoff FROM purge_ledger")).rows).toEqual([{ cutoff: daysBefore(10) }]);
  });

  it("ends when its time budget is used up, and says that there is more", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 50 }, () => daysBefore(40)),
    );
    const watched = afterEachBatch(() => fixture.clock.advance(60_000));
    const purger = fixture.createPurger({
      policies: [watched],
      pace: { ...PACE, batchSize: 10, dutyPercent: 100, budgetMs: 120_000 },
    });
    expect(await tick(purger)).toMatchObject({
      outcome: "success",
      policies: [{ deleted: 20, left: 30, budgetEnded: true }],
    });
  });

  it("pauses three times as long as it works at a duty of 25 percent", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 20 }, () => daysBefore(40)),
    );
    const worked = afterEachBatch(() => fixture.clock.advance(100));
    const started = fixture.clock.monotonic();
    await tick(fixture.createPurger({ policies: [worked], pace: { ...PACE, batchSize: 10 } }));
    // Two full batches and the empty one that ends the drain: 100 ms each, and a pause of 300 ms after each but the last.
    expect(fixture.clock.monotonic() - started).toBe(3 * 100 + 2 * 300);
  });
});

describe("a setting that cannot be read", () => {
  it("deletes nothing, fails the iteration once, is logged, and is healed by setting it again", async () => {
    await insertRuns(fixture, [daysBefore(40)]);
    await fixture.setWindow("thirty");
    const purger = fixture.createPurger();
    expect(await tick(purger)).toMatchObject({
      outcome: "failure",
      policies: [{ windowDays: null, cutoff: null, deleted: 0, error: { code: "setting_unreadable" } }],
    });
    expect((await remainingRuns(fixture)).size).toBe(1);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    expect(await purgedRuns(purger.registry)).toBe(0);
    expect(purger.records.filter((record) => record.level === "error")).toMatchObject([
      { policy: "debug-runs", code: "setting_unreadable" },
    ]);
    expect((await fixture.pool.query("SELECT outcome, error FROM purge_ledger")).rows).toMatchObject([
      { outcome: "failure", error: expect.stringContaining("setting_unreadable") as string },
    ]);

    await fixture.store.changeRetentionWindow(RETENTION_SETTINGS["debug-retention-days"], 30, { userId: null });
    expect(await tick(purger)).toMatchObject({ outcome: "success", policies: [{ deleted: 1 }] });
    expect(await iterations(purger.registry)).toEqual({ succeeded: 1, failed: 1 });
    expect(await purgedRuns(purger.registry)).toBe(1);
  });

  it("never turns a negative window into a cutoff in the future", async () => {
    await insertRuns(fixture, [daysBefore(0)]);
    await fixture.setWindow("-1");
    expect(await tick(fixture.createPurger())).toMatchObject({ outcome: "failure" });
    expect((await remainingRuns(fixture)).size).toBe(1);
  });

  it("stops the drain where the setting becomes unreadable in the middle, and counts what was committed", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 50 }, () => daysBefore(40)),
    );
    const watched = afterEachBatch((batch) => (batch === 1 ? fixture.setWindow("9e9") : undefined));
    const purger = fixture.createPurger({ policies: [watched], pace: { ...PACE, batchSize: 10 } });
    expect(await tick(purger)).toMatchObject({ outcome: "failure", policies: [{ deleted: 10, left: 40 }] });
    expect(await purgedRuns(purger.registry)).toBe(10);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
  });
});

describe("clocks", () => {
  it("deletes nothing where the database's clock is more than five minutes from ours", async () => {
    await insertRuns(fixture, [daysBefore(40)]);
    const ahead = (ms: number) => () => Promise.resolve(new Date(fixture.clock.now().getTime() + ms));
    for (const ms of [5 * 60_000 + 1, -5 * 60_000 - 1]) {
      const purger = fixture.createPurger({ readDatabaseTime: ahead(ms) });
      expect(await tick(purger)).toMatchObject({ outcome: "failure", error: { code: "clocks_differ" }, policies: [] });
      expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    }
    expect((await remainingRuns(fixture)).size).toBe(1);
    expect(await tick(fixture.createPurger({ readDatabaseTime: ahead(5 * 60_000) }))).toMatchObject({
      policies: [{ deleted: 1 }],
    });
  });

  it("asks the real database for its time", async () => {
    const measured = await fixture.store.readDatabaseTime();
    expect(Math.abs(measured.getTime() - Date.now())).toBeLessThan(MS_PER_DAY / 24);
  });
});

describe("the kill switch", () => {
  it("deletes nothing, takes no lock and records nothing where the purge is switched off", async () => {
    await insertRuns(fixture, [daysBefore(40)]);
    const purger = fixture.createPurger({ enabled: false });
    expect(await tick(purger)).toEqual({ outcome: "skipped", policies: [] });
    expect((await remainingRuns(fixture)).size).toBe(1);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 0 });
    expect((await fixture.pool.query("SELECT FROM purge_ledger")).rowCount).toBe(0);
  });
});

/** The policy as it is, with something that happens right after each of its batches has been committed. */
function afterEachBatch(then: (batch: number) => Promise<void> | void | undefined): RetentionPolicy {
  let batches = 0;
  return createDebugRunsPolicy({
    ...debugRunRows,
    async purgeBatch(store, request) {
      const result = await debugRunRows.purgeBatch(store, request);
      batches += 1;
      await then(batches);
      return result;
    },
  });
}
