import { setTimeout as pause } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { insertExpiredRuns } from "./expired-runs.ts";
import { startCommand, urlOf, type CommandProcess } from "./server-process.ts";

const REPLICAS = 8;
const RUNS = 3_000;

/** So slow that a drain lasts until all replicas have come to their first tick, and so small that many batches follow. */
const SLOW = { SHELFLIFE_PURGE_BATCH_SIZE: "20", SHELFLIFE_PURGE_DUTY_PERCENT: "4" };

function startReplica(database: TestDatabase, environment: Record<string, string> = {}): CommandProcess {
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

/** Waits for what another process does, which no clock of ours moves. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}

/** Cuts the connection that holds the purge lock, as a network would. */
async function cutLock({ pool }: TestDatabase): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)
       AND datname = current_database() AND state = 'idle in transaction'`,
  );
  return rowCount ?? 0;
}

describe("eight replicas on one database", () => {
  it("have one purger, and seven that count nothing", { timeout: 120_000 }, async () => {
    const database = await createTestDatabase();
    const runs = 50_000;
    await insertExpiredRuns(database.pool, runs);
    const replicas = Array.from({ length: REPLICAS }, () => startReplica(database, SLOW));
    const urls = await Promise.all(replicas.map(urlOf));
    // The first of them drains until the seven others have come to their first tick; then its window becomes 0. It may
    // still be at the policies before this one when they have, so that its first batch is waited for as well.
    const missing = replicas.map((replica) => replica.waitForLog(/another replica holds the purge lock/));
    let missed = 0;
    for (const waiting of missing) void waiting.then(() => (missed += 1)).catch(() => undefined);
    await until(async () => missed === REPLICAS - 1 && (await runsLeft(database)) < runs);
    await database.pool.query("INSERT INTO site_configs VALUES ('agents_chat_debug_retention_days', '0')");
    const count = async (): Promise<number[]> => Promise.all(urls.map(iterationsOf));
    await until(async () => (await count()).some((iterations) => iterations > 0));

    const left = await runsLeft(database);
    expect(left).toBeLessThan(runs);
    expect(await ledgerOfRuns(database)).toMatchObject([{ outcome: "success", deleted: runs - left }]);
    const counted = (await count()).toSorted((a, b) => b - a);
    expect(counted).toEqual([1, ...Array.from({ length: REPLICAS - 1 }, () => 0)]);
    expect(missed).toBe(REPLICAS - 1);
  });

  it(
    "lose nothing when they are restarted one after the other in the middle of a drain",
    { timeout: 120_000 },
    async () => {
      const database = await createTestDatabase();
      await insertExpiredRuns(database.pool, RUNS);
      let purger = startReplica(database, SLOW);
      await until(async () => (await runsLeft(database)) < RUNS);
      // This one finds the lock taken, and would come back to it in ten minutes.
      let other = startReplica(database, SLOW);
      await urlOf(other);
      for (const left of [2_600, 2_200, 1_800]) {
        await until(async () => (await runsLeft(database)) < left);
        purger.child.kill("SIGTERM");
        expect((await purger.finished).status).toBe(0);
        purger = startReplica(database, SLOW);
        await until(async () => (await ledgerOfRuns(database)).some(({ outcome }) => outcome === "running"));
        other.child.kill("SIGTERM");
        expect((await other.finished).status).toBe(0);
        other = startReplica(database, SLOW);
        await urlOf(other);
      }
      await until(async () => (await runsLeft(database)) === 0);
      await until(async () => (await ledgerOfRuns(database)).every(({ outcome }) => outcome !== "running"));
      const ledger = await ledgerOfRuns(database);
      // Each run was counted once, by whoever deleted it, and every iteration that was stopped says so.
      expect(ledger.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(RUNS);
      expect(ledger.map(({ outcome }) => outcome)).toEqual(["aborted", "aborted", "aborted", "success"]);
      expect(new Set(ledger.map(({ replica }) => replica)).size).toBe(4);
    },
  );
});

it(
  "a purger whose lock is cut starts no further batch, and another replica goes on",
  { timeout: 120_000 },
  async () => {
    const database = await createTestDatabase();
    await insertExpiredRuns(database.pool, RUNS);
    const purger = startReplica(database, SLOW);
    const url = await urlOf(purger);
    await until(async () => (await runsLeft(database)) < RUNS - 200);
    expect(await cutLock(database)).toBe(1);
    await until(async () => (await ledgerOfRuns(database)).every(({ outcome }) => outcome !== "running"));
    const left = await runsLeft(database);
    expect(left).toBeGreaterThan(0);
    expect(await ledgerOfRuns(database)).toMatchObject([{ outcome: "failure", deleted: RUNS - left }]);
    await until(async () => (await iterationsOf(url)) === 1);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'shelflife_purge_iteration_duration_seconds_count{success="false"} 1',
    );

    const other = startReplica(database);
    await urlOf(other);
    await until(async () => (await runsLeft(database)) === 0);
    // The one that lost its lock was still up, and deleted nothing more.
    await until(async () => (await ledgerOfRuns(database)).every(({ outcome }) => outcome !== "running"));
    expect(await ledgerOfRuns(database)).toMatchObject([
      { outcome: "failure", deleted: RUNS - left },
      { outcome: "success", deleted: left },
    ]);
  },
);
