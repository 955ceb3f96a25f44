import { beforeEach, describe, expect, it } from "vitest";

import { createDebugPayloadsPolicy } from "../../src/retention/policies/debug-payloads.ts";
import { createDebugRunsPolicy } from "../../src/retention/policies/debug-runs.ts";
import type { RetentionPolicy } from "../../src/retention/policy.ts";
import { runPurgeTick, type TickReport } from "../../src/retention/purge-tick.ts";
import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { waitForLockWaits } from "../lock-waits.ts";
import { partitionsOf, payloadRows, readBody, recordRun, recordStep, type RecordedRun } from "./payload-fixture.ts";
import {
  createOtherPool,
  createPurgeFixture,
  daysBefore,
  MS_PER_DAY,
  NOW,
  sample,
  type PurgeFixture,
  type Purger,
} from "./purge-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

/** The policies of debug data, with what the one for payloads remembers from tick to tick. */
const POLICIES = [createDebugRunsPolicy(), createDebugPayloadsPolicy()];

/** A tick of the policies of debug data; the store may be one that a test has put something in front of. */
function tick(changes: { store?: Store } = {}): Promise<TickReport> & { purger: Purger } {
  const purger = fixture.createPurger({
    policies: POLICIES,
    ...(changes.store === undefined ? {} : { store: authorizedStore(changes.store, { kind: "purger" }) }),
  });
  return Object.assign(runPurgeTick(purger.dependencies, new AbortController().signal), { purger });
}

const names = async (): Promise<string[]> => (await partitionsOf(fixture)).map(({ name }) => name);

describe("making partitions", () => {
  it("takes a payload of any day from 1970 on, and of every day between", async () => {
    const starts = [
      "1970-01-01T00:00:00Z",
      "1999-12-31T23:59:59.999Z",
      "2024-02-29T12:00:00Z",
      "2026-02-28T23:59:59.999Z",
    ];
    for (const start of starts) {
      const run = await recordRun(fixture, { startedAt: new Date(start) });
      expect(await readBody(fixture, run)).toBe(run.body);
    }
    expect((await partitionsOf(fixture)).map(({ from }) => from.toISOString().slice(0, 10))).toEqual(
      starts.map((start) => start.slice(0, 10)),
    );
  });

  it.each([
    ["hour", ["2026-03-01T00:00", "2026-03-01T01:00", "2026-03-01T02:00"]],
    ["day", ["2026-03-01T00:00", "2026-03-02T00:00", "2026-03-03T00:00"]],
    // The first of March 2026 is a Sunday, so that its week began on the Monday before.
    ["week", ["2026-02-23T00:00", "2026-03-02T00:00", "2026-03-09T00:00"]],
  ] as const)("makes the current %s and the two after it ahead of time", async (partitionLength, expected) => {
    const database = openDatabase(fixture.pool);
    const store = createStore({ database, directDatabase: database, clock: fixture.clock, partitionLength });
    await store.preparePayloadPartitions(NOW);
    await store.preparePayloadPartitions(NOW);
    expect((await partitionsOf(fixture)).map(({ from }) => from.toISOString().slice(0, 16))).toEqual(expected);
  });

  it("fits a week in between days that are there already", async () => {
    await recordRun(fixture, { startedAt: new Date("2026-02-25T12:00:00Z") });
    const database = openDatabase(fixture.pool);
    const weekly = createStore({ database, directDatabase: database, clock: fixture.clock, partitionLength: "week" });
    await recordRun({ ...fixture, store: weekly }, { startedAt: new Date("2026-02-24T12:00:00Z") });
    await recordRun({ ...fixture, store: weekly }, { startedAt: new Date("2026-02-28T12:00:00Z") });
    const spans = (await partitionsOf(fixture)).map(({ from, to }) => [from.getUTCDate(), to.getUTCDate()]);
    expect(spans).toEqual([
      [23, 25],
      [25, 26],
      [26, 2],
    ]);
  });

  it("lets two replicas that have never heard of each other make the same partition at once", async () => {
    const database = openDatabase(fixture.pool);
    const replicas = Array.from({ length: 4 }, () =>
      createStore({ database, directDatabase: database, clock: fixture.clock }),
    );
    await Promise.all(replicas.map((store) => recordRun({ ...fixture, store }, { startedAt: daysBefore(3) })));
    expect(await names()).toHaveLength(1);
    expect(await payloadRows(fixture)).toBe(4);
  });
});

describe("dropping partitions", () => {
  it("gives the disk back once no run lives in a partition, and counts it", async () => {
    await recordRun(fixture, { startedAt: daysBefore(40) });
    await recordRun(fixture, { startedAt: daysBefore(40, 1000) });
    const young = await recordRun(fixture, { startedAt: daysBefore(5) });
    const ticking = tick();
    expect(await ticking).toMatchObject({
      outcome: "success",
      policies: [{ deleted: 2 }, { policy: "debug-payloads", expired: 1, deleted: 1, left: 0 }],
    });
    expect(await names()).toHaveLength(1);
    expect(await readBody(fixture, young)).toBe(young.body);
    const { registry } = ticking.purger;
    expect(
      await sample(registry, "shelflife_purge_records_purged_total", { record_type: "chat_debug_payload_partitions" }),
    ).toBe(1);
    const { rows } = await fixture.pool.query<{ bytes: number }>(
      "SELECT bytes FROM purge_ledger WHERE policy = 'debug-payloads'",
    );
    expect(rows[0]?.bytes).toBeGreaterThan(8_192);
    expect(await sample(registry, "shelflife_payload_bytes_reclaimed_total", {})).toBe(rows[0]?.bytes);
  });

  it("keeps a partition in which one run lives that is not expired", async () => {
    const runs = [
      await recordRun(fixture, { startedAt: daysBefore(29) }),
      await recordRun(fixture, { startedAt: daysBefore(29, 1) }),
    ];
    expect(await tick()).toMatchObject({ policies: [{ deleted: 0 }, { expired: 0, deleted: 0 }] });
    for (const run of runs) expect(await readBody(fixture, run)).toBe(run.body);
  });

  it("keeps an empty partition until an hour after its end, since batches may be under way into it", async () => {
    await fixture.store.preparePayloadPartitions(daysBefore(1));
    expect(await names()).toHaveLength(3);
    await tick();
    expect(await names(), "the day that has just ended").toHaveLength(3);
    fixture.clock.set(new Date(NOW.getTime() + 3_600_000));
    await tick();
    expect(await names()).toHaveLength(2);
  });

  it("works where the window is 0 too, for what belongs to runs that are gone already", async () => {
    await recordRun(fixture, { startedAt: daysBefore(40) });
    const living = await recordRun(fixture, { startedAt: daysBefore(50) });
    await fixture.pool.query("DELETE FROM chat_debug_runs WHERE id <> $1", [living.id]);
    await fixture.setWindow("0");
    expect(await tick()).toMatchObject({ policies: [{ cutoff: null }, { deleted: 1 }] });
    expect(await readBody(fixture, living)).toBe(living.body);
  });
});

describe("long-lived runs", () => {
  /** One run that is written to again and again among many that are not. */
  async function recordCrowd(lasting: number, passing: number): Promise<RecordedRun[]> {
    const runs: RecordedRun[] = [];
    for (let index = 0; index < lasting + passing; index += 1) {
      const startedAt = daysBefore(40, index);
      runs.push(await recordRun(fixture, { startedAt, updatedAt: index < lasting ? daysBefore(1) : startedAt }));
    }
    return runs.slice(0, lasting);
  }

  it("do not pin their partition: their payloads are moved, their clock is not, and they stay readable", async () => {
    const [lasting] = await recordCrowd(1, 30);
    if (lasting === undefined) throw new Error("no run was recorded");
    const clockOf = "SELECT updated_at FROM chat_debug_runs ORDER BY updated_at DESC LIMIT 1";
    const before = (await fixture.pool.query(clockOf)).rows;
    const reading = new AbortController();
    const seen = new Set<unknown>();
    const reader = (async () => {
      while (!reading.signal.aborted) seen.add(await readBody(fixture, lasting));
    })();
    expect(await tick()).toMatchObject({ policies: [{ deleted: 30 }, { deleted: 1 }] });
    reading.abort();
    await reader;
    expect([...seen]).toEqual([lasting.body]);
    expect(await names()).toEqual([]);
    expect((await fixture.pool.query(clockOf)).rows).toEqual(before);
    expect((await fixture.pool.query("SELECT payload_at::text FROM chat_debug_runs")).rows).toEqual([
      { payload_at: "infinity" },
    ]);

    // It goes on being recorded where its payloads are now.
    await recordStep(fixture, { ...lasting, body: "later" }, { startedAt: daysBefore(40), updatedAt: daysBefore(0) });
    expect(await readBody(fixture, lasting)).toBe("later");
    expect(await payloadRows(fixture)).toBe(1);
  });

  it("stay readable for whoever began before their payloads were moved, and reads them after that", async () => {
    const [lasting] = await recordCrowd(1, 30);
    if (lasting === undefined) throw new Error("no run was recorded");
    const tickOf = (policy: RetentionPolicy): Promise<TickReport> =>
      runPurgeTick(fixture.createPurger({ policies: [policy] }).dependencies, new AbortController().signal);
    await tickOf(createDebugRunsPolicy());

    const other = createOtherPool(fixture.url);
    const holder = await other.connect();
    await holder.query("BEGIN; LOCK TABLE chat_debug_steps IN ACCESS EXCLUSIVE MODE");
    const reading = readBody(fixture, lasting);
    // The reader has seen where the run's payloads are, and waits for its steps.
    await waitForLockWaits(fixture.pool, 1);
    const moving = tickOf(createDebugPayloadsPolicy());
    await Promise.race([moving, waitForLockWaits(fixture.pool, 2)]);
    await holder.query("ROLLBACK");
    holder.release();
    expect(await reading).toBe(lasting.body);
    expect(await moving).toMatchObject({ policies: [{ deleted: 1 }] });
    expect(await names()).toEqual([]);
    await other.end();
  });

  it("take their kept payloads along when they expire at last", async () => {
    await recordCrowd(1, 30);
    await tick();
    fixture.clock.set(new Date(NOW.getTime() + 30 * MS_PER_DAY));
    expect(await tick()).toMatchObject({ policies: [{ deleted: 1 }, {}] });
    expect(await payloadRows(fixture)).toBe(0);
  });

  it("are not moved where the window is 0", async () => {
    await recordCrowd(1, 30);
    await fixture.pool.query("DELETE FROM chat_debug_runs WHERE updated_at < $1", [daysBefore(30)]);
    await fixture.setWindow("0");
    await tick();
    expect(await names()).toHaveLength(1);
  });

  it("that are many stay where they are, and the rows of runs that are gone are swept from between them", async () => {
    const lasting = await recordCrowd(10, 10);
    expect(await tick()).toMatchObject({ policies: [{ deleted: 10 }, { deleted: 0 }] });
    expect(await names()).toHaveLength(1);
    expect(await payloadRows(fixture)).toBe(10);
    for (const run of lasting) expect(await readBody(fixture, run)).toBe(run.body);
  });
});

describe("a detach that is interrupted", () => {
  /** Reads from the partition in a transaction that stays open, so that a detach cannot come to its end. */
  async function holdPartition(): Promise<() => Promise<void>> {
    const other = createOtherPool(fixture.url);
    const reader = await other.connect();
    await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await reader.query("SELECT count(*) FROM chat_debug_payloads");
    return async () => {
      await reader.query("COMMIT");
      reader.release();
      await other.end();
    };
  }

  it("holds nobody up, is tried again, and is finished first thing by a later tick", async () => {
    await recordRun(fixture, { startedAt: daysBefore(40) });
    await recordRun(fixture, { startedAt: daysBefore(41) });
    const letGo = await holdPartition();
    expect(await tick()).toMatchObject({
      outcome: "success",
      policies: [{ deleted: 2 }, { expired: 2, deleted: 0, left: 2 }],
    });
    expect((await partitionsOf(fixture)).map(({ state }) => state)).toContain("detaching");

    // An import into that very range goes through meanwhile, as soon as the reader has let go.
    await letGo();
    const imported = await recordRun(fixture, { startedAt: daysBefore(41, 5), updatedAt: daysBefore(1) });
    expect(await readBody(fixture, imported)).toBe(imported.body);

    await tick();
    expect(await readBody(fixture, imported)).toBe(imported.body);
    expect((await partitionsOf(fixture)).every(({ state }) => state === "attached")).toBe(true);
    expect(await payloadRows(fixture)).toBe(1);
  });

  it("is found again by its own mark where the process died between the detach and the drop", async () => {
    const run = await recordRun(fixture, { startedAt: daysBefore(40) });
    const [partition] = await partitionsOf(fixture);
    if (partition === undefined) throw new Error("no partition was made");
    await fixture.store.detachPayloadPartition(partition);
    expect(await readBody(fixture, run)).toBeNull();
    // The run has been written to since, so that it lives: its payloads are brought back, and not dropped.
    await fixture.pool.query("UPDATE chat_debug_runs SET updated_at = $1", [daysBefore(1)]);
    expect(await tick()).toMatchObject({ outcome: "success", policies: [{ deleted: 0 }, { expired: 1, deleted: 1 }] });
    expect(await readBody(fixture, run)).toBe(run.body);
    expect(await names()).toEqual([]);
  });

  it("leaves alone a table that only looks like a partition", async () => {
    await fixture.pool.query("CREATE TABLE chat_debug_payloads_backup (LIKE chat_debug_payloads)");
    await tick();
    expect((await fixture.pool.query("SELECT to_regclass('chat_debug_payloads_backup')::text AS name")).rows).toEqual([
      { name: "chat_debug_payloads_backup" },
    ]);
  });
});

describe("an import that commits while its partition is on its way out", () => {
  it("loses nothing, before the detach or after it", async () => {
    await recordRun(fixture, { startedAt: daysBefore(40) });
    const imported: RecordedRun[] = [];
    const importOne = async (minute: number): Promise<void> => {
      imported.push(await recordRun(fixture, { startedAt: daysBefore(40, minute * 60_000), updatedAt: daysBefore(1) }));
    };
    const racing: Store = {
      ...fixture.store,
      async detachPayloadPartition(partition) {
        await importOne(1);
        await fixture.store.detachPayloadPartition(partition);
        await importOne(2);
      },
      async dropPayloadPartition(batch) {
        await importOne(3);
        return fixture.store.dropPayloadPartition(batch);
      },
    };
    expect(await tick({ store: racing })).toMatchObject({
      outcome: "success",
      policies: [{ deleted: 1 }, { deleted: 1 }],
    });
    expect(imported).toHaveLength(3);
    for (const run of imported) expect(await readBody(fixture, run)).toBe(run.body);
  });

  it("keeps a detached partition whose run could not be moved, because somebody was writing to it", async () => {
    const run = await recordRun(fixture, { startedAt: daysBefore(40) });
    await fixture.pool.query("UPDATE chat_debug_runs SET updated_at = $1", [daysBefore(1)]);
    const [partition] = await partitionsOf(fixture);
    if (partition === undefined) throw new Error("no partition was made");
    await fixture.store.detachPayloadPartition(partition);
    const other = createOtherPool(fixture.url);
    const writer = await other.connect();
    await writer.query("BEGIN");
    await writer.query("UPDATE chat_debug_runs SET model = 'other'");
    expect(await tick()).toMatchObject({ policies: [{}, { deleted: 0, left: 1 }] });
    await writer.query("COMMIT");
    writer.release();
    await other.end();
    await tick();
    expect(await readBody(fixture, run)).toBe(run.body);
  });
});
