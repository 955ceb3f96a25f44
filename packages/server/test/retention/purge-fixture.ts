import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";

import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import type pg from "pg";
import { pino } from "pino";
import { Registry } from "prom-client";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { createLog } from "../../src/log.ts";
import { purgeMetrics } from "../../src/metrics/purge-metrics.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { tryPurgeLock } from "../../src/postgres/purge-lock.ts";
import type { Pace } from "../../src/retention/pace.ts";
import { createDebugRunsPolicy } from "../../src/retention/policies/debug-runs.ts";
import type { PurgeTickDependencies } from "../../src/retention/purge-tick.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestDatabase } from "../postgres/test-database.ts";

/** The moment at which every tick of these tests starts, unless a test moves the clock. */
export const NOW = new Date("2026-03-01T00:00:00.000Z");

export const MS_PER_DAY = 86_400_000;

/** A pace at which nothing but the size of a batch and the duty cycle decides. */
export const PACE: Pace = {
  batchSize: 200,
  batchTargetMs: 60_000,
  dutyPercent: 25,
  budgetMs: 300_000,
  isForegroundSlow: () => false,
};

export interface LogRecord {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** One replica's purge over a test database, with everything a test wants to look at. */
export interface Purger {
  readonly dependencies: PurgeTickDependencies;
  readonly registry: Registry;
  readonly records: LogRecord[];
}

export interface PurgeFixture {
  readonly pool: pg.Pool;
  readonly url: string;
  readonly clock: FakeClock;
  /** The store as it is, for what a test sets up. */
  readonly store: Store;
  readonly chatId: string;
  /** A further replica on the same database; it runs the policy of debug runs alone unless told. */
  createPurger(changes?: Partial<PurgeTickDependencies>): Purger;
  setWindow(value: string): Promise<void>;
}

/** A database with one person and one chat, and a clock that a sleep moves by itself. */
export async function createPurgeFixture(): Promise<PurgeFixture> {
  const database = await createTestDatabase();
  const { pool } = database;
  const clock = new FakeClock(NOW, { autoAdvance: true });
  const kysely = openDatabase(pool);
  const store = createStore({ database: kysely, directDatabase: kysely, clock });
  const chatId = randomUUID();
  await pool.query(
    `WITH owner AS (INSERT INTO users (email) VALUES ('owner@example.com') RETURNING id)
     INSERT INTO chats (id, owner_id, organization_id) SELECT $1, owner.id, organizations.id FROM owner, organizations`,
    [chatId],
  );
  return {
    pool,
    url: database.url,
    clock,
    store,
    chatId,
    createPurger(changes = {}) {
      const records: LogRecord[] = [];
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          records.push(JSON.parse(chunk.toString()) as LogRecord);
          done();
        },
      });
      const log = createLog("debug", sink);
      const registry = new Registry();
      return {
        registry,
        records,
        dependencies: {
          store: authorizedStore(store, { kind: "purger" }),
          policies: [createDebugRunsPolicy()],
          clock,
          log,
          metrics: purgeMetrics(registry),
          notifiers: [],
          pace: PACE,
          graceMs: 0,
          tryLock: () => tryPurgeLock(pool),
          // The tests' clock stands where they put it, and the database's does not follow.
          readDatabaseTime: () => Promise.resolve(clock.now()),
          enabled: true,
          replica: "test",
          ...changes,
        },
      };
    },
    async setWindow(value) {
      await pool.query(
        "INSERT INTO site_configs (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [RETENTION_SETTINGS["debug-retention-days"].key, value],
      );
    },
  };
}

/** The moment so many days before a tick at `NOW`, moved by some milliseconds: the cutoff of that window, or close to it. */
export function daysBefore(days: number, plusMs = 0): Date {
  return new Date(NOW.getTime() - days * MS_PER_DAY + plusMs);
}

/** Stores runs by SQL, each last written at one of these moments (a Date, or SQL text with microseconds), newest id last. */
export async function insertRuns(
  { pool, chatId }: PurgeFixture,
  updatedAt: readonly (Date | string)[],
  { finished = true } = {},
): Promise<string[]> {
  const ids = updatedAt.map(() => randomUUID());
  await pool.query(
    `INSERT INTO chat_debug_runs (id, chat_id, status, started_at, updated_at, finished_at)
     SELECT id, $2, CASE WHEN $4 THEN 'completed' ELSE 'in_progress' END, clock, clock, CASE WHEN $4 THEN clock END
     FROM unnest($1::uuid[], $3::timestamptz[]) AS item (id, clock)`,
    [ids, chatId, updatedAt, finished],
  );
  return ids;
}

export async function remainingRuns({ pool }: PurgeFixture): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>("SELECT id FROM chat_debug_runs");
  return new Set(rows.map((row) => row.id));
}

/** A connection of its own, for a test that holds a lock or cuts one. */
export function createOtherPool(url: string): pg.Pool {
  const log = pino({ level: "silent" });
  return createPool({ url, applicationName: "test-other", log, max: 2, connectionTimeoutMs: 240_000 });
}

/** The value of a sample in a registry; undefined where there is none. */
export async function sample(
  registry: Registry,
  name: string,
  labels: Record<string, string>,
): Promise<number | undefined> {
  const metrics = await registry.getMetricsAsJSON();
  const wanted = JSON.stringify(labels);
  for (const metric of metrics) {
    for (const value of metric.values as { metricName?: string; labels: object; value: number }[]) {
      if ((value.metricName ?? metric.name) === name && JSON.stringify(value.labels) === wanted) return value.value;
    }
  }
  return undefined;
}

/** How many iterations were counted, by whether they succeeded. */
export async function iterations(registry: Registry): Promise<{ succeeded: number; failed: number }> {
  const name = "shelflife_purge_iteration_duration_seconds_count";
  return {
    succeeded: (await sample(registry, name, { success: "true" })) ?? 0,
    failed: (await sample(registry, name, { success: "false" })) ?? 0,
  };
}

/** The counter of purged runs; undefined where it does not exist yet. */
export function purgedRuns(registry: Registry): Promise<number | undefined> {
  return sample(registry, "shelflife_purge_records_purged_total", { record_type: "chat_debug_runs" });
}
