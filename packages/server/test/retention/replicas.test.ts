import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, it } from "vitest";

import { tryPurgeLock } from "../../src/postgres/purge-lock.ts";
import { createDebugRunsPolicy, debugRunRows } from "../../src/retention/policies/debug-runs.ts";
import type { RetentionPolicy } from "../../src/retention/policy.ts";
import { runPurgeTick } from "../../src/retention/purge-tick.ts";
import { waitForSessions } from "../lock-waits.ts";
import { until } from "../until.ts";
import {
  createOtherPool,
  createPurgeFixture,
  PACE,
  daysBefore,
  insertRuns,
  iterations,
  purgedRuns,
  remainingRuns,
  type PurgeFixture,
} from "./purge-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const SMALL_BATCHES = { ...PACE, batchSize: 10 };
const quiet = (): AbortSignal => new AbortController().signal;

describe("two replicas", () => {
  it("delete everything once, and only the one that holds the lock counts an iteration", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 100 }, () => daysBefore(40)),
    );
    const second = fixture.createPurger({ pace: SMALL_BATCHES });
    let otherReport: unknown;
    const first = fixture.createPurger({
      pace: SMALL_BATCHES,
      policies: [
        duringBatch(async (batch) => {
          if (batch === 2) otherReport = await runPurgeTick(second.dependencies, quiet());
        }),
      ],
    });
    const report = await runPurgeTick(first.dependencies, quiet());

    expect(report).toMatchObject({ outcome: "success", policies: [{ deleted: 100, left: 0 }] });
    expect(otherReport).toEqual({ outcome: "skipped", policies: [] });
    expect(await iterations(first.registry)).toEqual({ succeeded: 1, failed: 0 });
    expect(await purgedRuns(first.registry)).toBe(100);
    // The one that missed the lock records nothing at all, not even a zero.
    expect(await iterations(second.registry)).toEqual({ succeeded: 0, failed: 0 });
    expect(await purgedRuns(second.registry)).toBeUndefined();
    expect(second.records).toMatchObject([{ level: "debug", msg: "another replica holds the purge lock" }]);
    expect((await fixture.pool.query("SELECT deleted FROM purge_ledger")).rows).toEqual([{ deleted: 100 }]);
  });

  it("take turns: the lock is free again after a tick, also after one that failed", async () => {
    await fixture.setWindow("corrupt");
    await runPurgeTick(fixture.createPurger().dependencies, quiet());
    expect(await runPurgeTick(fixture.createPurger().dependencies, quiet())).toMatchObject({ outcome: "failure" });
  });
});

describe("a lost lock", () => {
  it("lets no further batch start, and the iteration fails once", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 50 }, () => daysBefore(40)),
    );
    const lockPool = createOtherPool(fixture.url);
    const purger = fixture.createPurger({
      pace: SMALL_BATCHES,
      tryLock: () => tryPurgeLock(lockPool),
      policies: [
        duringBatch(async (batch) => {
          if (batch !== 2) return;
          const { rowCount } = await fixture.pool.query(
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          );
          expect(rowCount).toBe(1);
        }),
      ],
    });
    expect(await runPurgeTick(purger.dependencies, quiet())).toMatchObject({
      outcome: "failure",
      policies: [{ deleted: 20, left: 30, error: { code: "purge_lock_lost" } }],
    });
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    // Another replica takes over and finishes, once the server has cleared away behind the cut connection.
    await until("the lock to be free", async () => {
      const { rowCount } = await fixture.pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rowCount === 0;
    });
    expect(await runPurgeTick(fixture.createPurger().dependencies, quiet())).toMatchObject({
      outcome: "success",
      policies: [{ deleted: 30 }],
    });
    await lockPool.end();
  });

  it("is not mistaken for held while the connection stands: the lock's transaction holds no snapshot and no id", async () => {
    const lockPool = createOtherPool(fixture.url);
    const lock = await tryPurgeLock(lockPool);
    expect(await lock?.isHeld()).toBe(true);
    const { rows } = await fixture.pool.query(
      `SELECT backend_xid, backend_xmin, state FROM pg_stat_activity
       WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    );
    expect(rows).toEqual([{ backend_xid: null, backend_xmin: null, state: "idle in transaction" }]);
    await lock?.release();
    expect(await lock?.isHeld()).toBe(false);
    await lockPool.end();
  });
});

describe("being told to stop", () => {
  it("cancels the statement that is running and leaves the batch undone", async () => {
    await insertRuns(
      fixture,
      Array.from({ length: 30 }, () => daysBefore(40)),
    );
    await fixture.pool.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN OLD; END $$;
      CREATE TRIGGER linger BEFORE DELETE ON chat_debug_runs FOR EACH ROW EXECUTE FUNCTION linger()`);
    const stopping = new AbortController();
    const purger = fixture.createPurger({ pace: SMALL_BATCHES });
    const started = performance.now();
    const report = runPurgeTick(purger.dependencies, stopping.signal);
    await waitForSessions(fixture.pool, "wait_event = 'PgSleep'");
    stopping.abort();
    expect(await report).toMatchObject({
      outcome: "failure",
      policies: [{ deleted: 0, error: { code: "purge_cancelled" } }],
    });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect((await remainingRuns(fixture)).size).toBe(30);
    expect((await fixture.pool.query("SELECT outcome FROM purge_ledger")).rows).toEqual([{ outcome: "aborted" }]);
    const left = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    await until("the sleep to end", async () => (await fixture.pool.query(left)).rowCount === 0);
  });

  it("begins no further policy, and does not call the iteration a success", async () => {
    await insertRuns(fixture, [daysBefore(40)]);
    const stopping = new AbortController();
    const stop: RetentionPolicy = {
      ...createDebugRunsPolicy(),
      name: "stop",
      run: () => {
        stopping.abort();
        return Promise.resolve();
      },
    };
    const purger = fixture.createPurger({ policies: [stop, createDebugRunsPolicy()] });
    expect(await runPurgeTick(purger.dependencies, stopping.signal)).toMatchObject({
      outcome: "failure",
      policies: [{ policy: "stop", deleted: 0 }],
      error: { code: "purge_cancelled" },
    });
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    expect((await remainingRuns(fixture)).size).toBe(1);
  });
});

describe("a purger killed in the middle of a drain", () => {
  it("leaves a consistent database and a ledger that tells the truth, and the next purger finishes", async () => {
    const runs = 400;
    await insertRuns(
      fixture,
      Array.from({ length: runs }, () => daysBefore(4_000)),
    );
    await fixture.pool.query(
      `INSERT INTO chat_debug_steps (run_id, chat_id, step_number) SELECT id, chat_id, n FROM chat_debug_runs, generate_series(1, 3) AS n`,
    );
    const child = spawnPurge({ SHELFLIFE_PURGE_BATCH_SIZE: "5", SHELFLIFE_PURGE_DUTY_PERCENT: "5" });
    const exited = once(child, "exit");
    await until("its first batches", async () => (await remainingRuns(fixture)).size < runs - 20);
    child.kill("SIGKILL");
    await exited;
    // What it had sent until then the server still does, and only then is what is left the same for every look at it.
    await until("the killed purger's sessions to end", async () => {
      const others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'test'";
      return (await fixture.pool.query(others)).rowCount === 0;
    });

    const left = (await remainingRuns(fixture)).size;
    expect(left).toBeGreaterThan(0);
    expect((await fixture.pool.query("SELECT count(*) AS steps FROM chat_debug_steps")).rows).toEqual([
      { steps: left * 3 },
    ]);
    // A batch that the server committed after the kill is still counted in its own transaction.
    expect((await ledgerOfRuns()).rows).toEqual([{ outcome: "running", deleted: runs - left }]);
    // What the sweep of payload partitions goes by must not die with the purger.
    expect(await fixture.store.lastPurgedCutoff()).toBeInstanceOf(Date);
    expect(await runPurgeTick(fixture.createPurger().dependencies, quiet())).toMatchObject({ outcome: "success" });
    expect((await remainingRuns(fixture)).size).toBe(0);
    expect((await ledgerOfRuns()).rows).toEqual(
      expect.arrayContaining([
        { outcome: "aborted", deleted: runs - left },
        { outcome: "success", deleted: left },
      ]),
    );
  });
});

/** The policy as it is, with something that happens after each of its batches while the tick still holds the lock. */
function duringBatch(then: (batch: number) => Promise<void>): RetentionPolicy {
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

/** What the command did besides, policy by policy, is left out. */
function ledgerOfRuns() {
  return fixture.pool.query("SELECT outcome, deleted FROM purge_ledger WHERE policy = 'debug-runs'");
}

/** The real command in a process of its own, on this test's database. */
function spawnPurge(environment: Record<string, string>): ChildProcess {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  return spawn(process.execPath, ["--conditions=@shelflife/source", main, "purge", "--json"], {
    env: { ...process.env, SHELFLIFE_DATABASE_URL: fixture.url, ...environment },
    stdio: "ignore",
  });
}
