import { randomUUID } from "node:crypto";

import type { DebugBatch, DebugBatchResult } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { runItem, stepItem, type SentRun, type SentStep } from "../debug-batches.ts";
import { waitForLockWaits } from "../lock-waits.ts";
import { storedRow } from "../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

function send(batch: DebugBatch): Promise<DebugBatchResult> {
  return app.client(user.key).recordDebugBatch(batch);
}

/** The numbers of a run's steps, by their ids. */
async function numbersOf(run: SentRun): Promise<Map<string, number>> {
  const { steps } = await app.client(user.key).getDebugRun(run.chat_id, run.id);
  return new Map(steps.map((step) => [step.id, step.step_number]));
}

function fromNow(ms: number): string {
  return new Date(app.clock.now().getTime() + ms).toISOString();
}

describe("step numbers", () => {
  test("are as they were given, also with gaps, and the run is read in their order", async () => {
    const run = runItem();
    const steps = [7, 2, 1_000_000].map((step_number) => stepItem(run, { step_number }));
    await send({ runs: [run], steps });
    const { steps: read } = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read.map((step) => step.step_number)).toEqual([2, 7, 1_000_000]);
    expect(read.map((step) => step.id)).toEqual([steps[1]?.id, steps[0]?.id, steps[2]?.id]);
  });

  test("follow the start of the steps where none is given, whatever their ids are", async () => {
    const run = runItem();
    const offsets = [-10, -40, -20, -30];
    const steps = offsets.map((offset) => stepItem(run, { started_at: fromNow(offset) }));
    await send({ runs: [run], steps });
    expect([...(await numbersOf(run)).keys()]).toEqual([1, 3, 2, 0].map((index) => steps[index]?.id));
  });

  test("follow the order of sending where steps start together", async () => {
    const run = runItem();
    const steps = Array.from({ length: 20 }, () => stepItem(run));
    await send({ runs: [run], steps });
    expect([...(await numbersOf(run)).keys()]).toEqual(steps.map((step) => step.id));
  });

  test("begin after the last one that is stored or given in the batch", async () => {
    const run = runItem();
    await send({ runs: [run], steps: [stepItem(run, { step_number: 4 })] });
    const [automatic, given] = [stepItem(run), stepItem(run, { step_number: 9 })];
    await send({ steps: [automatic, given] });
    expect((await numbersOf(run)).get(automatic.id)).toBe(10);
    const next = stepItem(run);
    await send({ steps: [next] });
    expect((await numbersOf(run)).get(next.id)).toBe(11);
  });

  test("that are given are never taken away by one that is not, whichever comes first", async () => {
    const run = runItem();
    const [automatic, given] = [stepItem(run, { started_at: fromNow(-1) }), stepItem(run, { step_number: 1 })];
    expect(await send({ runs: [run], steps: [automatic, given] })).toEqual({ accepted: 3, rejected: [] });
    expect(await numbersOf(run)).toEqual(
      new Map([
        [given.id, 1],
        [automatic.id, 2],
      ]),
    );
  });

  test("that another step of the run has are refused, in one batch and in two", async () => {
    const run = runItem();
    const [first, second, third] = [1, 1, 1].map((step_number) => stepItem(run, { step_number }));
    const same = await send({ runs: [run], steps: [first, second] as SentStep[] });
    expect(same.rejected).toMatchObject([{ kind: "step", id: second?.id, code: "invalid" }]);
    const later = await send({ steps: [third] as SentStep[] });
    expect(later.rejected).toMatchObject([{ kind: "step", id: third?.id, code: "invalid" }]);
    expect([...(await numbersOf(run)).keys()]).toEqual([first?.id]);
  });

  test("stay with their step, whatever a later item says", async () => {
    const run = runItem();
    const step = stepItem(run, { step_number: 3 });
    await send({ runs: [run], steps: [step] });
    expect(await send({ steps: [{ ...step, step_number: 8 }] })).toEqual({ accepted: 1, rejected: [] });
    expect(await numbersOf(run)).toEqual(new Map([[step.id, 3]]));
  });

  test("are distinct and without a gap where many batches write into one run at once", async () => {
    const run = runItem();
    const batches = Array.from({ length: 12 }, () => ({ runs: [run], steps: [stepItem(run), stepItem(run)] }));
    const results = await Promise.all(batches.map(send));
    expect(results.flatMap((result) => result.rejected)).toEqual([]);
    expect([...(await numbersOf(run)).values()]).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
  });

  test("of one run do not depend on another's", async () => {
    const [one, other] = [runItem(), runItem()];
    await send({ runs: [one, other], steps: [stepItem(one), stepItem(one), stepItem(other)] });
    expect([...(await numbersOf(other)).values()]).toEqual([1]);
  });
});

describe("a step without a run that it could go into", () => {
  test("is run_not_found where nobody has such a run", async () => {
    const chat = { id: randomUUID() };
    const step = stepItem({ id: randomUUID(), chat_id: chat.id });
    const { rejected } = await send({ chats: [chat], steps: [step] });
    expect(rejected).toMatchObject([{ kind: "step", id: step.id, code: "run_not_found" }]);
  });

  test("is run_not_found where its run has been purged meanwhile, which the reason says", async () => {
    const run = runItem({ updated_at: "2020-01-01T00:00:00Z" });
    const step = stepItem(run, { status: "in_progress" });
    await send({ runs: [run], steps: [step] });
    const { signal } = new AbortController();
    const cutoff = new Date("2021-01-01T00:00:00Z");
    await app.store.purgeDebugRunBatch({ cutoff, limit: 10, after: null, ledgerId: randomUUID(), signal });
    const { rejected } = await send({ steps: [{ ...step, status: "completed" }, stepItem(run)] });
    expect(rejected.map(({ code }) => code)).toEqual(["run_not_found", "run_not_found"]);
    expect(rejected[0]?.message).toContain("it may have been purged");
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toBeUndefined();
    expect(await storedRow(app.pool, "chat_debug_steps", step.id)).toBeUndefined();
  });

  test("does not create the chat that it names", async () => {
    const step = stepItem({ id: randomUUID(), chat_id: randomUUID() });
    const { rejected } = await send({ steps: [step] });
    expect(rejected).toMatchObject([{ kind: "step", id: step.id, code: "run_not_found" }]);
    expect(await storedRow(app.pool, "chats", step.chat_id)).toBeUndefined();
  });

  test("is run_not_found where its run is in another chat of the same person", async () => {
    const [run, other] = [runItem(), runItem()];
    const step = stepItem({ id: run.id, chat_id: other.chat_id });
    const { rejected } = await send({ runs: [run, other], steps: [step] });
    expect(rejected).toMatchObject([{ kind: "step", id: step.id, code: "run_not_found" }]);
  });

  test("is not_owner where the step is another run's already", async () => {
    const [run, other] = [runItem(), runItem()];
    const step = stepItem(run);
    await send({ runs: [run, other], steps: [step] });
    const { rejected } = await send({ steps: [{ ...step, run_id: other.id, chat_id: other.chat_id }] });
    expect(rejected).toMatchObject([{ kind: "step", id: step.id, code: "not_owner" }]);
    expect(await storedRow(app.pool, "chat_debug_steps", step.id)).toMatchObject({ run_id: run.id });
  });

  test("shares the refusal of its run", async () => {
    const [mine, taken] = [runItem(), runItem()];
    await send({ runs: [mine] });
    const stolen = { ...mine, chat_id: taken.chat_id };
    const step = stepItem(stolen);
    const { rejected } = await send({ runs: [stolen], steps: [step] });
    expect(rejected).toMatchObject([
      { kind: "run", id: mine.id, code: "not_owner" },
      { kind: "step", id: step.id, code: "not_owner" },
    ]);
  });
});

test("a run that a step is being written to is passed over by the purge, and lives on", async () => {
  const run = runItem({ updated_at: "2020-01-01T00:00:00Z" });
  await send({ runs: [run] });
  const { signal } = new AbortController();
  const expired = { cutoff: new Date("2021-01-01T00:00:00Z"), limit: 10, after: null, ledgerId: randomUUID(), signal };
  const blocker = await app.pool.connect();
  try {
    await blocker.query("BEGIN; LOCK TABLE chat_debug_steps IN SHARE ROW EXCLUSIVE MODE");
    const sending = send({ steps: [stepItem(run)] });
    await waitForLockWaits(app.pool, 1);
    expect(await app.store.purgeDebugRunBatch(expired)).toMatchObject({ found: 0, deleted: 0 });
    await blocker.query("COMMIT");
    expect(await sending).toEqual({ accepted: 1, rejected: [] });
  } finally {
    blocker.release();
  }
  expect(await app.store.purgeDebugRunBatch(expired)).toMatchObject({ found: 0, deleted: 0 });
});

describe("a finished run", () => {
  async function finishedRun(): Promise<SentRun> {
    const run = runItem({ status: "completed", started_at: fromNow(-60_000), finished_at: fromNow(-10_000) });
    await send({ runs: [run] });
    return run;
  }

  test.each([
    ["before it finished", -10_001],
    ["exactly when it finished", -10_000],
  ])("takes a new step that started %s", async (_name, offset) => {
    const run = await finishedRun();
    expect(await send({ steps: [stepItem(run, { started_at: fromNow(offset) })] })).toEqual({
      accepted: 1,
      rejected: [],
    });
  });

  test("refuses a new step that started a millisecond after it finished", async () => {
    const run = await finishedRun();
    const step = stepItem(run, { started_at: fromNow(-9_999) });
    const { rejected } = await send({ steps: [step] });
    expect(rejected).toMatchObject([{ kind: "step", id: step.id, code: "run_finished" }]);
  });

  test("refuses a new step that says nothing of its start, since that is now", async () => {
    const run = await finishedRun();
    const { rejected } = await send({ steps: [stepItem(run)] });
    expect(rejected).toMatchObject([{ code: "run_finished" }]);
  });

  test("takes every step of the batch that finishes it, also those without a start", async () => {
    const run = runItem({ status: "completed" });
    expect(await send({ runs: [run], steps: [stepItem(run), stepItem(run)] })).toEqual({ accepted: 3, rejected: [] });
  });

  test("takes every step of an import that brings its own clock", async () => {
    const run = runItem({ status: "completed", updated_at: "2020-01-01T00:00:00Z" });
    expect(await send({ runs: [run], steps: [stepItem(run)] })).toEqual({ accepted: 2, rejected: [] });
  });

  test("lets its known steps be updated, whenever that is", async () => {
    const run = runItem();
    const step = stepItem(run);
    await send({ runs: [run], steps: [step] });
    await send({ runs: [{ ...run, status: "completed" }] });
    await app.clock.advance(60_000);
    const late = { ...step, status: "completed" as const, started_at: fromNow(0) };
    expect(await send({ steps: [late] })).toEqual({ accepted: 1, rejected: [] });
    expect(await storedRow(app.pool, "chat_debug_steps", step.id)).toMatchObject({ status: "completed" });
  });
});
