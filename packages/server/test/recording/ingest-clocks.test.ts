import fc from "fast-check";
import { RUN_STATUSES, type DebugBatch, type RunStatus } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { chatItem, completeRun, runItem, stepItem, type SentRun } from "../debug-batches.ts";
import { storedRow } from "../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

async function send(batch: DebugBatch): Promise<void> {
  expect(await app.client(user.key).recordDebugBatch(batch)).toMatchObject({ rejected: [] });
}

function storedRun(id: string): Promise<Record<string, unknown> | undefined> {
  return storedRow(app.pool, "chat_debug_runs", id);
}

function storedStep(id: string): Promise<Record<string, unknown> | undefined> {
  return storedRow(app.pool, "chat_debug_steps", id);
}

/** A moment so many milliseconds from the clock's now. */
function fromNow(ms: number): Date {
  return new Date(app.clock.now().getTime() + ms);
}

const OLD = "2020-01-02T03:04:05.678Z";

describe("a clock that the sender leaves out", () => {
  test("is the server's now, and so is the start", async () => {
    const run = runItem();
    const step = stepItem(run);
    await send({ runs: [run], steps: [step] });
    const now = app.clock.now();
    expect(await storedRun(run.id)).toMatchObject({ started_at: now, updated_at: now, finished_at: null });
    expect(await storedStep(step.id)).toMatchObject({ started_at: now, updated_at: now, finished_at: null });
  });

  test("is the run's for a step that comes with its run, so that an import stays as old as it is", async () => {
    const { run, step, batch } = completeRun({ updated_at: OLD });
    await send(batch);
    const old = new Date(OLD);
    expect(await storedRun(run.id)).toMatchObject({ started_at: old, updated_at: old, finished_at: old });
    expect(await storedStep(step.id)).toMatchObject({ started_at: old, updated_at: old, finished_at: old });
  });

  test("is the server's now for a step that comes without its run", async () => {
    const run = runItem({ updated_at: OLD });
    await send({ runs: [run] });
    const step = stepItem(run);
    await send({ steps: [step] });
    expect(await storedStep(step.id)).toMatchObject({ updated_at: app.clock.now() });
    expect(await storedRun(run.id)).toMatchObject({ started_at: new Date(OLD), updated_at: app.clock.now() });
  });
});

describe("a clock that the sender brings", () => {
  test("is kept to the millisecond, whatever its zone", async () => {
    const run = runItem({ started_at: "2024-02-29T23:59:59.999+05:30", updated_at: "2024-03-01T00:00:00.0009Z" });
    await send({ runs: [run] });
    expect(await storedRun(run.id)).toMatchObject({
      started_at: new Date("2024-02-29T18:29:59.999Z"),
      updated_at: new Date("2024-03-01T00:00:00.000Z"),
    });
  });

  test("is the server's now where it lies in the future, a millisecond or ten years", async () => {
    const now = app.clock.now();
    const late = {
      started_at: fromNow(1).toISOString(),
      updated_at: "2036-01-01T00:00:00Z",
      finished_at: "2036-01-01T00:00:00Z",
    };
    const run = runItem({ status: "completed", ...late });
    const step = stepItem(run, { status: "completed", ...late });
    const chat = chatItem({ id: run.chat_id, created_at: "2036-01-01T00:00:00Z", updated_at: "2036-01-01T00:00:00Z" });
    await send({ chats: [chat], runs: [run], steps: [step] });
    const clamped = { started_at: now, updated_at: now, finished_at: now };
    expect(await storedRun(run.id)).toMatchObject(clamped);
    expect(await storedStep(step.id)).toMatchObject(clamped);
    expect(await storedRow(app.pool, "chats", chat.id)).toMatchObject({
      created_at: now,
      updated_at: now,
      last_activity_at: now,
    });
  });

  test("never moves a stored clock back, and moves it forward", async () => {
    const run = runItem({ updated_at: fromNow(-5_000).toISOString() });
    const step = stepItem(run);
    await send({
      chats: [chatItem({ id: run.chat_id, updated_at: fromNow(-5_000).toISOString() })],
      runs: [run],
      steps: [step],
    });
    for (const [offset, stored] of [
      [-9_000, -5_000],
      [-4_000, -4_000],
      [-4_001, -4_000],
    ] as const) {
      const updated_at = fromNow(offset).toISOString();
      await send({ chats: [chatItem({ id: run.chat_id, updated_at })], runs: [{ ...run, updated_at }], steps: [step] });
      expect(await storedRun(run.id)).toMatchObject({ updated_at: fromNow(stored) });
      expect(await storedStep(step.id)).toMatchObject({ updated_at: fromNow(stored) });
      expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ updated_at: fromNow(stored) });
    }
  });

  test("of a step moves the clock of its run, and of no other run", async () => {
    const [touched, other] = [runItem({ updated_at: OLD }), runItem({ updated_at: OLD })];
    await send({ runs: [touched, other] });
    const later = "2020-05-05T05:05:05.555Z";
    await send({ steps: [stepItem(touched, { updated_at: later }), stepItem(touched, { updated_at: OLD })] });
    expect(await storedRun(touched.id)).toMatchObject({ updated_at: new Date(later) });
    expect(await storedRun(other.id)).toMatchObject({ updated_at: new Date(OLD) });
  });
});

describe("what the first write fixes", () => {
  test("is the run's start and kind, which later items do not move", async () => {
    const run = runItem({ kind: "compaction", started_at: OLD });
    await send({ runs: [run] });
    await send({ runs: [{ ...run, kind: "chat_turn", started_at: "2021-01-01T00:00:00Z" }] });
    expect(await storedRun(run.id)).toMatchObject({ kind: "compaction", started_at: new Date(OLD) });
  });

  test("is the start that its payloads are found by, also when a step brings them later", async () => {
    const { run, step } = completeRun({ started_at: OLD });
    await send({ runs: [run] });
    await send({ runs: [{ ...run, started_at: "2021-01-01T00:00:00Z" }], steps: [step] });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read.steps).toMatchObject([{ normalized_request: step.normalized_request }]);
  });
});

describe("a family's last activity", () => {
  async function lastActivity(chatId: string): Promise<unknown> {
    return (await storedRow(app.pool, "chats", chatId))?.["last_activity_at"];
  }

  test("is kept on the root, by the newest run start in the family", async () => {
    const root = chatItem({ created_at: OLD });
    const child = chatItem({ created_at: OLD, parent_chat_id: root.id });
    await send({ chats: [child, root] });
    expect(await lastActivity(root.id)).toEqual(new Date(OLD));
    for (const [started_at, newest] of [
      ["2021-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z"],
      ["2020-06-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z"],
    ] as const) {
      await send({ runs: [runItem({ chat_id: child.id, started_at })] });
      expect(await lastActivity(root.id)).toEqual(new Date(newest));
    }
  });

  test("does not move when a run is written to again", async () => {
    const run = runItem({ started_at: OLD });
    await send({ chats: [chatItem({ id: run.chat_id, created_at: OLD })], runs: [run] });
    await send({ runs: [{ ...run, status: "completed" }] });
    expect(await lastActivity(run.chat_id)).toEqual(new Date(OLD));
  });
});

describe("the status of a run and of a step", () => {
  const rank = (status: RunStatus): number => RUN_STATUSES.indexOf(status);
  const strongest = (signals: readonly RunStatus[]): RunStatus =>
    signals.toSorted((a, b) => rank(b) - rank(a))[0] ?? "in_progress";

  /** Signals as they arrive; `together` says whether one comes in the same batch as the one before it. */
  const signals = fc.array(
    fc.record({ status: fc.constantFrom(...RUN_STATUSES), together: fc.boolean(), ownClock: fc.boolean() }),
    { minLength: 1, maxLength: 6 },
  );

  test("ends at the strongest signal in whatever order they arrive, and finishes once, at the first that ends it", async () => {
    await fc.assert(
      fc.asyncProperty(signals, async (arriving) => {
        const run = runItem();
        const step = stepItem(run);
        let finished: Date | null = null;
        let batch: { runs: SentRun[]; steps: ReturnType<typeof stepItem>[] } = { runs: [], steps: [] };
        for (const [index, { status, together, ownClock }] of arriving.entries()) {
          if (!together && index > 0) {
            await send(batch);
            batch = { runs: [], steps: [] };
            await app.clock.advance(1_000);
          }
          const moment = ownClock ? fromNow(index - 900) : app.clock.now();
          const clocks = ownClock ? { updated_at: moment.toISOString() } : {};
          batch.runs.push({ ...run, status, ...clocks });
          batch.steps.push({
            ...step,
            status,
            started_at: fromNow(-900_000).toISOString(),
            updated_at: moment.toISOString(),
          });
          if (status !== "in_progress") finished ??= moment;
        }
        await send(batch);
        const expected = { status: strongest(arriving.map(({ status }) => status)), finished_at: finished };
        expect(await storedRun(run.id)).toMatchObject(expected);
        expect(await storedStep(step.id)).toMatchObject(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("takes the moment that the ending signal names as its finish", async () => {
    const run = runItem({ status: "error", finished_at: OLD });
    await send({ runs: [run] });
    await send({ runs: [{ ...run, status: "completed", finished_at: "2021-01-01T00:00:00Z" }] });
    expect(await storedRun(run.id)).toMatchObject({ status: "completed", finished_at: new Date(OLD) });
  });

  test("does not finish by a moment alone while it is in progress", async () => {
    const run = runItem({ status: "in_progress", finished_at: OLD });
    await send({ runs: [run] });
    await send({ runs: [{ id: run.id, chat_id: run.chat_id, finished_at: OLD }] });
    expect(await storedRun(run.id)).toMatchObject({ status: "in_progress", finished_at: null });
  });
});
