import { randomUUID } from "node:crypto";

import { beforeEach, describe, expect, it } from "vitest";

import { createAuditLogPolicy } from "../../../src/retention/policies/audit-log.ts";
import { createPurgeLedgerPolicy } from "../../../src/retention/policies/purge-ledger.ts";
import type { Store } from "../../../src/store/store.ts";
import { createPurgeFixture, daysBefore, sample, type PurgeFixture } from "../purge-fixture.ts";
import { inBatchesOf, remaining, setWindow, tick, type Moment } from "./life-cycle-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const { signal } = new AbortController();

async function insertEntries(...times: Moment[]): Promise<string[]> {
  const ids = times.map(() => randomUUID());
  await fixture.pool.query(
    `INSERT INTO audit_logs (id, time, resource_type, action)
     SELECT id, time, 'chat', 'write' FROM unnest($1::uuid[], $2::timestamptz[]) AS entry (id, time)`,
    [ids, times],
  );
  return ids;
}

describe("the audit log", () => {
  it("loses an entry one microsecond before the cutoff of 365 days, and keeps one exactly at it", async () => {
    const [, at] = await insertEntries("2025-02-28 23:59:59.999999+00", "2025-03-01 00:00:00+00");
    const { of, purger } = await tick(fixture);
    expect(of("audit-log")).toMatchObject({ windowDays: 365, expired: 1, deleted: 1, left: 0 });
    expect(await remaining(fixture, "audit_logs")).toEqual(new Set([at]));
    expect(await sample(purger.registry, "shelflife_purge_records_purged_total", { record_type: "audit_logs" })).toBe(
      1,
    );
  });

  it("is kept for ever where the window is 0, and 3650 days at the longest", async () => {
    await setWindow(fixture, "audit-retention-days", 0);
    const [old, at] = await insertEntries(daysBefore(3650, -1), daysBefore(3650));
    await tick(fixture);
    expect(await remaining(fixture, "audit_logs")).toEqual(new Set([old, at]));
    await setWindow(fixture, "audit-retention-days", 3650);
    await tick(fixture);
    expect(await remaining(fixture, "audit_logs")).toEqual(new Set([at]));
  });

  it("drains in batches, stops when the window becomes 0, and says nothing of it in the audit", async () => {
    await insertEntries(...Array.from({ length: 30 }, (_, entry) => daysBefore(400, entry)));
    let batches = 0;
    const stopping: Store = {
      ...fixture.store,
      async purgeAuditBatch(request) {
        batches += 1;
        if (batches === 2) await setWindow(fixture, "audit-retention-days", 0);
        return fixture.store.purgeAuditBatch(request);
      },
    };
    const { of } = await tick(fixture, { store: stopping, ...inBatchesOf(10) });
    expect(of("audit-log")).toMatchObject({ expired: 30, deleted: 20, left: 10 });
    expect((await remaining(fixture, "audit_logs")).size).toBe(10);
  });

  it("is previewed, and measured for its lag, by the same predicate", async () => {
    const policy = createAuditLogPolicy();
    const [oldest] = await insertEntries(daysBefore(366), daysBefore(365));
    const at = { cutoff: daysBefore(365), tickStart: daysBefore(0), signal };
    expect(await policy.preview(fixture.store, at)).toMatchObject({
      count: 1,
      oldest: daysBefore(366),
      newest: daysBefore(366),
      sample: [{ id: oldest, clock: daysBefore(366) }],
    });
    expect(await policy.countExpired(fixture.store, at)).toBe(1);
    expect(await policy.lag?.(fixture.store, daysBefore(365))).toMatchObject({ oldestOverdueMs: 86_400_000 });
  });
});

interface TestRow {
  readonly policy?: string;
  readonly outcome?: string;
  readonly startedAt: Moment;
  readonly finishedAt?: Moment;
  readonly deleted?: number;
  readonly cutoff?: Moment;
}

async function insertRow({ policy = "debug-runs", outcome = "success", ...row }: TestRow): Promise<string> {
  const id = randomUUID();
  await fixture.pool.query(
    `INSERT INTO purge_ledger (id, tick_id, policy, record_type, outcome, started_at, finished_at, deleted, cutoff)
     VALUES ($1, gen_random_uuid(), $2, 'test', $3, $4, $5, $6, $7)`,
    [id, policy, outcome, row.startedAt, row.finishedAt ?? row.startedAt, row.deleted ?? 0, row.cutoff ?? null],
  );
  return id;
}

/** Rows of before the tick that are still there: the tick writes its own. */
async function oldRowsLeft(): Promise<Set<string>> {
  const { rows } = await fixture.pool.query<{ id: string }>("SELECT id FROM purge_ledger WHERE record_type = 'test'");
  return new Set(rows.map(({ id }) => id));
}

/** A tick of the ledger's own policy alone, so that no other policy gets a newer row. */
const purgeLedger = () => tick(fixture, { policies: [createPurgeLedgerPolicy()] });

describe("the ledger", () => {
  it("loses a row one microsecond before the cutoff of 400 days, and keeps one exactly at it", async () => {
    await insertRow({ startedAt: "2025-01-24 23:59:59.999999+00" });
    const at = await insertRow({ startedAt: "2025-01-25 00:00:00+00" });
    const newest = await insertRow({ startedAt: daysBefore(1) });
    expect((await purgeLedger()).of("purge-ledger")).toMatchObject({
      windowDays: 400,
      expired: 1,
      deleted: 1,
      left: 0,
    });
    expect(await oldRowsLeft()).toEqual(new Set([at, newest]));
  });

  it("is kept for ever where the window is 0", async () => {
    await setWindow(fixture, "ledger-retention-days", 0);
    const rows = [await insertRow({ startedAt: daysBefore(4_000) }), await insertRow({ startedAt: daysBefore(3_999) })];
    await purgeLedger();
    expect(await oldRowsLeft()).toEqual(new Set(rows));
  });

  it("keeps the newest row of each policy, however old it is", async () => {
    await insertRow({ policy: "one", outcome: "failure", startedAt: daysBefore(502) });
    const one = await insertRow({ policy: "one", outcome: "failure", startedAt: daysBefore(501) });
    const two = await insertRow({ policy: "two", outcome: "failure", startedAt: daysBefore(900) });
    await purgeLedger();
    expect(await oldRowsLeft()).toEqual(new Set([one, two]));
  });

  it("keeps the newest success of each policy, so that it is still known when it last did its work", async () => {
    await insertRow({ startedAt: daysBefore(503) });
    const success = await insertRow({ startedAt: daysBefore(502), outcome: "disabled" });
    await insertRow({ startedAt: daysBefore(501), outcome: "failure" });
    const newest = await insertRow({ startedAt: daysBefore(500), outcome: "failure" });
    const before = await fixture.store.readLastSuccesses(["debug-runs"]);
    expect(before.get("debug-runs")).toEqual(daysBefore(502));
    await purgeLedger();
    expect(await oldRowsLeft()).toEqual(new Set([success, newest]));
    expect(await fixture.store.readLastSuccesses(["debug-runs"])).toEqual(before);
  });

  it("keeps the latest cutoff by which something went, which the sweep of payloads goes by", async () => {
    await insertRow({ startedAt: daysBefore(505), deleted: 3, cutoff: daysBefore(540) });
    const furthest = await insertRow({ startedAt: daysBefore(504), deleted: 3, cutoff: daysBefore(510) });
    await insertRow({ startedAt: daysBefore(503), deleted: 3, cutoff: daysBefore(533) });
    const newest = await insertRow({ startedAt: daysBefore(1), deleted: 0, cutoff: daysBefore(31) });
    await purgeLedger();
    expect(await oldRowsLeft()).toEqual(new Set([furthest, newest]));
    expect(await fixture.store.lastPurgedCutoff()).toEqual(daysBefore(510));
  });

  it("never loses a row that is running", async () => {
    const running = await insertRow({ startedAt: daysBefore(500), outcome: "running" });
    const gone = await insertRow({ startedAt: daysBefore(499), outcome: "failure" });
    const newest = await insertRow({ startedAt: daysBefore(498), outcome: "failure" });
    // A tick closes what another purger left running before anything else, so that the store is asked here.
    const { store } = fixture;
    const ledgerId = await store.openLedgerRow({ tickId: randomUUID(), policy: "p", recordType: "r", replica: "" });
    const batch = await store.purgeLedgerBatch({ cutoff: daysBefore(400), limit: 10, after: null, ledgerId, signal });
    expect(batch).toMatchObject({ found: 1, deleted: 1, more: false });
    expect(await oldRowsLeft()).toEqual(new Set([running, newest]));
    expect(gone).toBeDefined();
  });

  it("is drained by a full tick of many old rows to what is needed", async () => {
    await fixture.pool.query(
      `INSERT INTO purge_ledger (tick_id, policy, record_type, outcome, started_at, finished_at)
       SELECT gen_random_uuid(), policy, 'test', 'success', moment, moment
       FROM unnest(ARRAY['debug-runs', 'chat-files']) AS policy,
         LATERAL (SELECT $1::timestamptz - make_interval(mins => 10 * n) AS moment FROM generate_series(1, 450) AS n) AS tick`,
      [daysBefore(400)],
    );
    const { of } = await tick(fixture);
    // Each policy has a newer row and a newer success by now: that of this tick.
    expect(of("purge-ledger")).toMatchObject({ expired: 900, deleted: 900, left: 0 });
    expect(await oldRowsLeft()).toEqual(new Set());
  });

  it("is previewed, and measured for its lag, by the same predicate", async () => {
    const policy = createPurgeLedgerPolicy();
    await insertRow({ startedAt: daysBefore(402) });
    await insertRow({ startedAt: daysBefore(401) });
    const at = { cutoff: daysBefore(400), tickStart: daysBefore(0), signal };
    expect(await policy.preview(fixture.store, at)).toMatchObject({ count: 1, oldest: daysBefore(402) });
    expect(await policy.countExpired(fixture.store, at)).toBe(1);
    expect(await policy.lag?.(fixture.store, daysBefore(400))).toMatchObject({ oldestOverdueMs: 2 * 86_400_000 });
  });
});
