import { describe, expect, test } from "vitest";

import { completeRun } from "../debug-batches.ts";
import { countRows } from "../stored-rows.ts";
import { createTestApp, type TestApp } from "../test-app.ts";

/** The names of all partitions but the kept one. */
async function partitions({ pool }: TestApp): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits
     WHERE inhparent = 'chat_debug_payloads'::regclass AND inhrelid::regclass::text <> 'chat_debug_payloads_kept'`,
  );
  return rows.map((row) => row.name);
}

describe("the partition of a payload", () => {
  test.each([
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T00:00:00.001+00:00",
    "1999-12-31T23:59:59.999Z",
    "2024-02-29T12:00:00Z",
    "2026-03-01T12:00:00.000Z",
  ])("exists for a run that started at %s", async (started_at) => {
    const app = await createTestApp();
    const { key } = await app.createUser();
    const { run, step, batch } = completeRun({ started_at });
    expect(await app.client(key).recordDebugBatch(batch)).toEqual({ accepted: 2, rejected: [] });
    const read = await app.client(key).getDebugRun(run.chat_id, run.id);
    expect(read.steps).toMatchObject([{ normalized_request: step.normalized_request }]);
  });

  test("is one for all runs of a day, to its last millisecond", async () => {
    const app = await createTestApp();
    const { key } = await app.createUser();
    const moments = ["2025-05-05T00:00:00.000Z", "2025-05-05T11:11:11.111Z", "2025-05-05T23:59:59.999Z"];
    for (const started_at of moments) await app.client(key).recordDebugBatch(completeRun({ started_at }).batch);
    expect(await partitions(app)).toHaveLength(1);
    await app.client(key).recordDebugBatch(completeRun({ started_at: "2025-05-06T00:00:00.000Z" }).batch);
    expect(await partitions(app)).toHaveLength(2);
  });

  test("is not made for what brings no payload or has no run", async () => {
    const app = await createTestApp();
    const { key } = await app.createUser();
    const { run, step } = completeRun();
    await app.client(key).recordDebugBatch({ runs: [run] });
    await app.client(key).recordDebugBatch({ steps: [{ id: step.id, run_id: run.id, chat_id: run.chat_id }] });
    await app.client(key).recordDebugBatch({ steps: [{ ...step, run_id: step.id }] });
    expect(await partitions(app)).toEqual([]);
  });

  test("exists for every day of an import that brings many in one batch", async () => {
    const app = await createTestApp();
    const { key } = await app.createUser();
    const day = (index: number): string => new Date(Date.UTC(2024, 0, 1 + 3 * index)).toISOString();
    const imported = Array.from({ length: 50 }, (_, index) => completeRun({ started_at: day(index) }));
    const batch = { runs: imported.map(({ run }) => run), steps: imported.map(({ step }) => step) };
    expect(await app.client(key).recordDebugBatch(batch)).toEqual({ accepted: 100, rejected: [] });
    expect(await partitions(app)).toHaveLength(50);
    expect(await countRows(app.pool)).toMatchObject({ payloads: 50 });
  });

  test("is made once where many batches on two servers need it at once, and none of them fails", async () => {
    const one = await createTestApp();
    const other = await createTestApp({ testDatabase: one.testDatabase });
    const { key } = await one.createUser();
    const days = [1, 2, 3, 4, 5, 6].map((day) => `2025-01-0${day}T12:00:00Z`);
    const sending = [one, other, one, other].flatMap((app) =>
      days.map((started_at) => app.client(key).recordDebugBatch(completeRun({ started_at }).batch)),
    );
    for (const result of await Promise.all(sending)) expect(result).toEqual({ accepted: 2, rejected: [] });
    expect(await partitions(one)).toHaveLength(days.length);
    expect(await countRows(one.pool)).toMatchObject({ runs: 24, payloads: 24 });
  });

  test("is made again where another process dropped it after this one had seen it", async () => {
    const app = await createTestApp();
    const { key } = await app.createUser();
    await app.client(key).recordDebugBatch(completeRun().batch);
    for (const name of await partitions(app)) await app.pool.query(`DROP TABLE ${name}`);
    const { run, step, batch } = completeRun();
    expect(await app.client(key).recordDebugBatch(batch)).toEqual({ accepted: 2, rejected: [] });
    const read = await app.client(key).getDebugRun(run.chat_id, run.id);
    expect(read.steps).toMatchObject([{ normalized_request: step.normalized_request }]);
  });
});
