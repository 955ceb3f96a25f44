import { describe, expect, it } from "vitest";

import { ADVISORY_LOCKS } from "../../src/postgres/locks.ts";
import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { until } from "../until.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { startCommand, urlOf, type CommandProcess } from "./server-process.ts";

const REPLICAS = 8;

const RUNS = 10_000;

/**
 * So slow that a drain lasts for minutes, whatever a test starts and stops meanwhile: by many small batches, since the
 * pause after one grows with the time that it took, which on a busy machine is long.
 */
const SLOW = {
  SHELFLIFE_PURGE_BATCH_SIZE: "1",
  SHELFLIFE_PURGE_DUTY_PERCENT: "20",
  SHELFLIFE_PURGE_BUDGET_SECONDS: "86400",
};

/** In ten batches, however long one takes. */
const FAST = {
  SHELFLIFE_PURGE_BATCH_SIZE: "1000",
  SHELFLIFE_PURGE_BATCH_MS: "10000",
  SHELFLIFE_PURGE_DUTY_PERCENT: "100",
};

function startReplica(database: TestDatabase, environment: Record<string, string>): CommandProcess {
  return startCommand(["serve"], {
    SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0",
    SHELFLIFE_DATABASE_URL: database.url,
    SHELFLIFE_LOG_LEVEL: "debug",
    ...environment,
  });
}

async function runsLeft({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ runs: number }>("SELECT count(*)::int AS runs FROM chat_debug_runs");
  return rows[0]?.runs ?? 0;
}

interface LedgerRow {
  readonly outcome: string;
  readonly deleted: number;
  readonly replica: string;
}

async function ledgerOfRuns({ pool }: TestDatabase): Promise<LedgerRow[]> {
  const { rows } = await pool.query<LedgerRow>(
    "SELECT outcome, deleted::int, replica FROM purge_ledger WHERE policy = 'debug-runs' ORDER BY started_at, id",
  );
  return rows;
}

/** How many iterations a replica counted, failed or not: those that missed the lock count none. */
async function iterationsOf(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = metrics.matchAll(/^shelflife_purge_iteration_duration_seconds_count\{[^}]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Waits until this replica has come to its first tick, and found another one purging. */
async function waitForMiss(replica: CommandProcess): Promise<void> {
  await replica.waitForLog(/another replica holds the purge lock/);
}

/** Waits for a drain's first batch, or for so many that fewer runs than this are left. */
function untilFewerRuns(database: TestDatabase, runs: number): Promise<void> {
  return until(`fewer than ${runs} runs are left`, async () => (await runsLeft(database)) < runs);
}

function untilNoneIsRunning(database: TestDatabase): Promise<void> {
  return until("no iteration is running", async () =>
    (await ledgerOfRuns(database)).every(({ outcome }) => outcome !== "running"),
  );
}

/** Cuts the connection that holds the purge lock, as a network would. */
async function cutLock({ pool }: TestDatabase): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [ADVISORY_LOCKS.purge],
  );
  return rowCount ?? 0;
}

describe("eight replicas on one database", () => {
  it("have one purger, and seven that count nothing", async () => {
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, RUNS);
    const replicas = Array.from({ length: REPLICAS }, () => startReplica(database, SLOW));
    const urls = await Promise.all(replicas.map(urlOf));
    // The first of them drains until the seven others have come to their first tick; then its window becomes 0. It may
    // still be at the policies before this one when they have, so that its first batch is waited for as well.
    let missed = 0;
    for (const replica of replicas)
      void waitForMiss(replica).then(
        () => (missed += 1),
        () => undefined,
      );
    await until("all but one have missed the lock", () => missed === REPLICAS - 1);
    await untilFewerRuns(database, RUNS);
    await database.pool.query("INSERT INTO site_configs VALUES ('agents_chat_debug_retention_days', '0')");
    const count = async (): Promise<number[]> => Promise.all(urls.map(iterationsOf));
    await until("one has counted an iteration", async () => (await count()).some((iterations) => iterations > 0));

    const left = await runsLeft(database);
    expect(left).toBeLessThan(RUNS);
    expect(await ledgerOfRuns(database)).toMatchObject([{ outcome: "success", deleted: RUNS - left }]);
    const counted = (await count()).toSorted((a, b) => b - a);
    expect(counted).toEqual([1, ...Array.from({ length: REPLICAS - 1 }, () => 0)]);
    expect(missed).toBe(REPLICAS - 1);
  });

  it("lose nothing when they are restarted one after the other in the middle of a drain", async () => {
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, RUNS);
    let purger = startReplica(database, SLOW);
    await untilFewerRuns(database, RUNS);
    // This one finds the lock taken, and would come back to it in ten minutes.
    let other = startReplica(database, SLOW);
    await waitForMiss(other);
    // The last of the purgers drains as fast as it can.
    for (const [index, pace] of [SLOW, SLOW, FAST].entries()) {
      const left = await runsLeft(database);
      await untilFewerRuns(database, left);
      purger.child.kill("SIGTERM");
      expect((await purger.finished).status).toBe(0);
      purger = startReplica(database, pace);
      await until("its successor purges", async () => (await ledgerOfRuns(database)).length === index + 2);
      other.child.kill("SIGTERM");
      expect((await other.finished).status).toBe(0);
      if (pace !== SLOW) break;
      other = startReplica(database, SLOW);
      await waitForMiss(other);
    }
    await until("no run is left", async () => (await runsLeft(database)) === 0);
    await untilNoneIsRunning(database);
    const ledger = await ledgerOfRuns(database);
    // Each run was counted once, by whoever deleted it, and every iteration that was stopped says so.
    expect(ledger.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(RUNS);
    expect(ledger.map(({ outcome }) => outcome)).toEqual(["aborted", "aborted", "aborted", "success"]);
    expect(new Set(ledger.map(({ replica }) => replica)).size).toBe(4);
  });
});

it("a purger whose lock is cut starts no further batch, and another replica goes on", async () => {
  const database = await createTestDatabase();
  await insertExpiredRuns(database.pool, RUNS);
  const purger = startReplica(database, SLOW);
  const url = await urlOf(purger);
  await untilFewerRuns(database, RUNS);
  expect(await cutLock(database)).toBe(1);
  await untilNoneIsRunning(database);
  const left = await runsLeft(database);
  expect(left).toBeGreaterThan(0);
  expect(await ledgerOfRuns(database)).toMatchObject([{ outcome: "failure", deleted: RUNS - left }]);
  await until("the iteration is counted", async () => (await iterationsOf(url)) === 1);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain(
    'shelflife_purge_iteration_duration_seconds_count{success="false"} 1',
  );

  const other = startReplica(database, FAST);
  await urlOf(other);
  await until("no run is left", async () => (await runsLeft(database)) === 0);
  // The one that lost its lock was still up, and deleted nothing more.
  await untilNoneIsRunning(database);
  expect(await ledgerOfRuns(database)).toMatchObject([
    { outcome: "failure", deleted: RUNS - left },
    { outcome: "success", deleted: left },
  ]);
});
