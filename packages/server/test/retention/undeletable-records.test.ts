import { beforeEach, describe, expect, it } from "vitest";

import { runPurgeTick, type TickReport } from "../../src/retention/purge-tick.ts";
import {
  createPurgeFixture,
  PACE,
  daysBefore,
  insertRuns,
  iterations,
  purgedRuns,
  remainingRuns,
  type PurgeFixture,
  type Purger,
} from "./purge-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const SMALL_BATCHES = { ...PACE, batchSize: 16 };

const tick = (purger: Purger): Promise<TickReport> => runPurgeTick(purger.dependencies, new AbortController().signal);

/** An operator's own table that points at runs, as they exist in the field: its rows keep runs from being deleted. */
async function pinRuns(ids: readonly string[]): Promise<void> {
  await fixture.pool.query(`
    CREATE TABLE incident_reports (
      run_id uuid, chat_id uuid, FOREIGN KEY (run_id, chat_id) REFERENCES chat_debug_runs (id, chat_id)
    )`);
  await fixture.pool.query("INSERT INTO incident_reports SELECT id, $2 FROM unnest($1::uuid[]) AS pinned (id)", [
    ids,
    fixture.chatId,
  ]);
}

describe("a record that cannot be deleted", () => {
  it("is halved down to, named and stepped over, while every other record of its batch goes", async () => {
    const ids = await insertRuns(
      fixture,
      Array.from({ length: 60 }, (_, index) => daysBefore(40, index)),
    );
    const pinned = [ids[5], ids[6], ids[40]].flatMap((id) => id ?? []);
    await pinRuns(pinned);
    const purger = fixture.createPurger({ pace: SMALL_BATCHES });

    expect(await tick(purger)).toMatchObject({
      outcome: "failure",
      policies: [{ expired: 60, deleted: 57, left: 3, error: { code: "records_not_deletable" } }],
    });
    expect(await remainingRuns(fixture)).toEqual(new Set(pinned));
    expect(await purgedRuns(purger.registry)).toBe(57);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    const named = purger.records.flatMap((record) => (record["record_id"] === undefined ? [] : record["record_id"]));
    expect(named).toEqual(pinned);
    const { rows } = await fixture.pool.query("SELECT outcome, deleted, remaining FROM purge_ledger");
    expect(rows).toEqual([{ outcome: "failure", deleted: 57, remaining: 3 }]);
  });

  it("is named once where its clock has microseconds, which a cursor of milliseconds would fall behind", async () => {
    const clocks = ["000001", "000002", "000900", "001000"].map((fraction) => `2026-01-01 00:00:00.${fraction}+00`);
    const ids = await insertRuns(fixture, clocks);
    await pinRuns(ids.slice(1, 2));
    const purger = fixture.createPurger({ pace: { ...PACE, batchSize: 1 } });
    expect(await tick(purger)).toMatchObject({ policies: [{ deleted: 3, left: 1 }] });
    expect(purger.records.filter((record) => record["record_id"] !== undefined)).toHaveLength(1);
  });

  it("is tried again in the next tick, and goes once nothing holds it", async () => {
    const ids = await insertRuns(fixture, [daysBefore(40), daysBefore(39)]);
    await pinRuns(ids.slice(0, 1));
    const purger = fixture.createPurger({ pace: SMALL_BATCHES });
    await tick(purger);
    await fixture.pool.query("DROP TABLE incident_reports");
    expect(await tick(purger)).toMatchObject({ outcome: "success", policies: [{ deleted: 1, left: 0 }] });
  });

  it("makes the drain give up where nothing can be deleted, instead of naming a million records", async () => {
    const ids = await insertRuns(
      fixture,
      Array.from({ length: 60 }, (_, index) => daysBefore(40, index)),
    );
    await pinRuns(ids);
    const purger = fixture.createPurger({ pace: SMALL_BATCHES });
    expect(await tick(purger)).toMatchObject({ outcome: "failure", policies: [{ deleted: 0, left: 60 }] });
    expect(purger.records.filter((record) => record["record_id"] !== undefined)).toHaveLength(10);
  });

  it("never shows what the row holds: the log names the id and the constraint", async () => {
    const ids = await insertRuns(fixture, [daysBefore(40)]);
    await pinRuns(ids);
    const purger = fixture.createPurger({ pace: SMALL_BATCHES });
    await tick(purger);
    expect(JSON.stringify(purger.records)).not.toContain("Key (id, chat_id)");
  });
});
