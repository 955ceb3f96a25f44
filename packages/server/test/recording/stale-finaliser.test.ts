import { STALE_AFTER_MS } from "@shelflife/api-contract";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { tryPurgeLock } from "../../src/postgres/purge-lock.ts";
import {
  FINALISER_INTERVAL_MS,
  finaliseStale,
  startStaleFinaliser,
  type Finalised,
} from "../../src/recording/stale-finaliser.ts";
import { chatItem, completeRun, requestSaying, runItem, stepItem, type SentRun } from "../debug-batches.ts";
import { storedRow } from "../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;

let app: TestApp;
let owner: TestUser;

beforeEach(async () => {
  app = await createTestApp();
  owner = await app.createUser();
});

function finalise({ old = true } = {}): Promise<Finalised> {
  return finaliseStale(dependencies(), { signal, old });
}

function dependencies() {
  return {
    store: authorizedStore(app.store, { kind: "finaliser" }),
    clock: app.clock,
    log: pino({ level: "silent" }),
  };
}

/** A run in the middle of its only call, as a recorder that has died leaves it. */
async function startRun(fields: Partial<SentRun> = {}): Promise<{ run: SentRun; stepId: string }> {
  const run = runItem({ status: "in_progress", ...fields });
  const step = stepItem(run, {
    step_number: 1,
    status: "in_progress",
    normalized_request: requestSaying("Are you there?"),
    usage: { input_tokens: 7 },
  });
  await app.client(owner.key).recordDebugBatch({ runs: [run], steps: [step] });
  return { run, stepId: step.id };
}

const storedRun = (id: string): Promise<Record<string, unknown> | undefined> =>
  storedRow(app.pool, "chat_debug_runs", id);
const storedStep = (id: string): Promise<Record<string, unknown> | undefined> =>
  storedRow(app.pool, "chat_debug_steps", id);

describe("a run that nobody has touched for five minutes", () => {
  test("is closed as interrupted with its step, at the moment when it was last written to, which stays its clock", async () => {
    const { run, stepId } = await startRun();
    const touched = app.clock.now();
    await app.clock.advance(STALE_AFTER_MS + 1);
    expect(await finalise()).toEqual({ runs: 1, steps: 1, chats: 0 });
    const closed = { status: "interrupted", finished_at: touched, updated_at: touched };
    expect(await storedRun(run.id)).toMatchObject(closed);
    expect(await storedStep(stepId)).toMatchObject(closed);
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
  });

  test("is summed up as one that ended by itself", async () => {
    const { run } = await startRun();
    await app.clock.advance(STALE_AFTER_MS + 1);
    await finalise();
    expect(await storedRun(run.id)).toMatchObject({
      summary: {
        first_message: "Are you there?",
        step_count: 1,
        total_input_tokens: 7,
        total_output_tokens: 0,
        has_error: false,
      },
    });
  });

  test("is not stale before: exactly at five minutes it goes on", async () => {
    const { run } = await startRun();
    await app.clock.advance(STALE_AFTER_MS);
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
    expect(await storedRun(run.id)).toMatchObject({ status: "in_progress", finished_at: null });
  });

  test("goes on where a heartbeat of its step came in between", async () => {
    const { run, stepId } = await startRun();
    await app.clock.advance(STALE_AFTER_MS);
    await app.client(owner.key).recordDebugBatch({ steps: [stepItem(run, { id: stepId, status: "in_progress" })] });
    await app.clock.advance(STALE_AFTER_MS);
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
  });

  test("keeps the steps that had ended as they ended", async () => {
    const { run } = await startRun();
    const done = stepItem(run, { step_number: 2, status: "error", error: { message: "no" } });
    await app.client(owner.key).recordDebugBatch({ steps: [done] });
    const before = await storedStep(done.id);
    await app.clock.advance(STALE_AFTER_MS + 1);
    expect(await finalise()).toMatchObject({ steps: 1 });
    expect(await storedStep(done.id)).toEqual(before);
    expect(await storedRun(run.id)).toMatchObject({ status: "interrupted", summary: { has_error: true } });
  });

  test("is left to another pass while somebody is writing to it", async () => {
    const { run } = await startRun();
    await app.clock.advance(STALE_AFTER_MS + 1);
    const writer = await app.pool.connect();
    try {
      await writer.query("BEGIN");
      await writer.query("SELECT FROM chat_debug_runs WHERE id = $1 FOR UPDATE", [run.id]);
      expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
      await writer.query("COMMIT");
    } finally {
      writer.release();
    }
    expect(await finalise()).toMatchObject({ runs: 1 });
  });
});

describe("what comes late to a run that was closed", () => {
  async function closedRun(): Promise<{ run: SentRun; stepId: string; closedAt: Date }> {
    const started = await startRun();
    const closedAt = app.clock.now();
    await app.clock.advance(STALE_AFTER_MS + 1);
    await finalise();
    return { ...started, closedAt };
  }

  test.each(["completed", "error"] as const)("is believed where it is stronger: %s", async (status) => {
    const { run, stepId, closedAt } = await closedRun();
    const step = stepItem(run, { id: stepId, status, usage: { input_tokens: 7, output_tokens: 3 } });
    expect(await app.client(owner.key).recordDebugBatch({ runs: [{ ...run, status }], steps: [step] })).toEqual({
      accepted: 2,
      rejected: [],
    });
    const late = { status, updated_at: app.clock.now(), finished_at: closedAt };
    expect(await storedRun(run.id)).toMatchObject({ ...late, summary: { total_output_tokens: 3 } });
    expect(await storedStep(stepId)).toMatchObject(late);
  });

  test("moves its clock where it is a heartbeat, and does not open it again", async () => {
    const { run, stepId } = await closedRun();
    await app.client(owner.key).recordDebugBatch({ steps: [stepItem(run, { id: stepId, status: "in_progress" })] });
    const touched = { status: "interrupted", updated_at: app.clock.now() };
    expect(await storedRun(run.id)).toMatchObject(touched);
    expect(await storedStep(stepId)).toMatchObject(touched);
  });
});

describe("a step that nobody has touched for five minutes", () => {
  test("is closed by itself where its run goes on, whose summary is not computed yet", async () => {
    const { run, stepId } = await startRun();
    const touched = app.clock.now();
    await app.clock.advance(STALE_AFTER_MS);
    const next = stepItem(run, { step_number: 2, status: "in_progress" });
    await app.client(owner.key).recordDebugBatch({ steps: [next] });
    await app.clock.advance(1);
    expect(await finalise()).toEqual({ runs: 0, steps: 1, chats: 0 });
    expect(await storedStep(stepId)).toMatchObject({
      status: "interrupted",
      finished_at: touched,
      updated_at: touched,
    });
    expect(await storedStep(next.id)).toMatchObject({ status: "in_progress" });
    expect(await storedRun(run.id)).toMatchObject({
      status: "in_progress",
      summary: { first_message: "Are you there?" },
      updated_at: new Date(touched.getTime() + STALE_AFTER_MS),
    });
  });

  test("is closed where its run has ended without it", async () => {
    const { run, stepId } = await startRun();
    await app.client(owner.key).recordDebugBatch({ runs: [{ ...run, status: "completed" }] });
    const before = await storedRun(run.id);
    await app.clock.advance(STALE_AFTER_MS + 1);
    expect(await finalise()).toEqual({ runs: 0, steps: 1, chats: 0 });
    expect(await storedStep(stepId)).toMatchObject({ status: "interrupted" });
    expect(await storedRun(run.id)).toEqual(before);
  });
});

describe("a chat that is running", () => {
  async function runningChat(run?: SentRun): Promise<string> {
    const chat = chatItem({ ...(run === undefined ? {} : { id: run.chat_id }), status: "running" });
    await app.client(owner.key).recordDebugBatch({ chats: [chat] });
    return chat.id;
  }

  test("ends with its last run, and keeps its place in the list", async () => {
    const { run } = await startRun();
    const chatId = await runningChat(run);
    const touched = app.clock.now();
    await app.clock.advance(STALE_AFTER_MS + 1);
    expect(await finalise()).toEqual({ runs: 1, steps: 1, chats: 1 });
    expect(await storedRow(app.pool, "chats", chatId)).toMatchObject({ status: "waiting", updated_at: touched });
  });

  test("goes on while one of its runs does, however long ago it was touched itself", async () => {
    const { run, stepId } = await startRun();
    const chatId = await runningChat(run);
    for (let beats = 0; beats < 4; beats += 1) {
      await app.clock.advance(STALE_AFTER_MS / 2);
      await app.client(owner.key).recordDebugBatch({ steps: [stepItem(run, { id: stepId, status: "in_progress" })] });
    }
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
    await app.client(owner.key).recordDebugBatch({ runs: [{ ...run, status: "completed" }] });
    await app.clock.advance(STALE_AFTER_MS);
    expect(await finalise(), "a run that has just ended may be followed by another").toMatchObject({ chats: 0 });
    await app.clock.advance(1);
    expect(await finalise()).toMatchObject({ chats: 1 });
    expect(await storedRow(app.pool, "chats", chatId)).toMatchObject({ status: "waiting" });
  });

  test("goes on while an old run of it does, though many have come and gone since that one began", async () => {
    const { run, stepId } = await startRun();
    await runningChat(run);
    await app.clock.advance(1000);
    const others = Array.from({ length: 20 }, () => runItem({ chat_id: run.chat_id, status: "completed" }));
    await app.client(owner.key).recordDebugBatch({ runs: others });
    await app.clock.advance(STALE_AFTER_MS);
    await app.client(owner.key).recordDebugBatch({ steps: [stepItem(run, { id: stepId, status: "in_progress" })] });
    await app.clock.advance(1);
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 0 });
  });

  test("ends where it never had a run, and other statuses stay", async () => {
    const running = await runningChat();
    const paused = chatItem({ status: "paused" });
    await app.client(owner.key).recordDebugBatch({ chats: [paused] });
    await app.clock.advance(STALE_AFTER_MS + 1);
    expect(await finalise()).toEqual({ runs: 0, steps: 0, chats: 1 });
    expect(await storedRow(app.pool, "chats", running)).toMatchObject({ status: "waiting" });
    expect(await storedRow(app.pool, "chats", paused.id)).toMatchObject({ status: "paused" });
  });
});

describe("a backlog of more than one batch", () => {
  beforeEach(async () => {
    const { run } = completeRun();
    await app.client(owner.key).recordDebugBatch({ runs: [run] });
    await app.pool.query(
      `WITH run AS (
         INSERT INTO chat_debug_runs (chat_id, started_at, updated_at)
         SELECT $1, '2001-01-01', '2001-01-01' FROM generate_series(1, 450) RETURNING id
       )
       INSERT INTO chat_debug_steps (run_id, chat_id, step_number, started_at, updated_at)
       SELECT id, $1, 1, '2001-01-01', '2001-01-01' FROM run`,
      [run.chat_id],
    );
  });

  test("is closed in one pass", async () => {
    expect(await finalise()).toEqual({ runs: 450, steps: 450, chats: 0 });
  });

  test("is closed once by two replicas that work on it together", async () => {
    const passes = [...(await Promise.all([finalise(), finalise()])), await finalise()];
    expect(passes.reduce((sum, { runs }) => sum + runs, 0)).toBe(450);
    const { rows } = await app.pool.query(
      "SELECT FROM chat_debug_runs WHERE finished_at IS NULL UNION ALL SELECT FROM chat_debug_steps WHERE finished_at IS NULL",
    );
    expect(rows).toEqual([]);
  });
});

describe("a run that a purge may be after", () => {
  /** One that was left a day ago, and one of just under 23 hours. */
  async function leaveTwo(): Promise<{ older: SentRun; younger: SentRun }> {
    const { run: older } = await startRun();
    await app.clock.advance(2 * HOUR_MS);
    const { run: younger } = await startRun();
    await app.clock.advance(23 * HOUR_MS);
    return { older, younger };
  }

  test("is left alone while a purge is running, so that neither passes over the other's rows", async () => {
    const { older, younger } = await leaveTwo();
    const lock = await tryPurgeLock(app.pool);
    expect(await finalise()).toMatchObject({ runs: 1, steps: 1 });
    expect(await storedRun(younger.id)).toMatchObject({ status: "interrupted" });
    expect(await storedRun(older.id)).toMatchObject({ status: "in_progress" });
    await lock?.release();
    expect(await finalise()).toMatchObject({ runs: 1, steps: 1 });
    expect(await storedRun(older.id)).toMatchObject({ status: "interrupted" });
  });

  test("is left alone by the pass of a start, with its steps", async () => {
    const { older } = await leaveTwo();
    await app.pool.query("UPDATE chat_debug_runs SET finished_at = updated_at, status = 'completed' WHERE id = $1", [
      older.id,
    ]);
    expect(await finalise({ old: false })).toMatchObject({ runs: 1, steps: 1 });
    expect(await finalise()).toMatchObject({ runs: 0, steps: 1 });
  });
});

describe("the loop", () => {
  test("makes a pass at once and then every minute, also after one that failed", async () => {
    let failing = true;
    let passes = 0;
    const store = authorizedStore(app.store, { kind: "finaliser" });
    const loop = startStaleFinaliser({
      ...dependencies(),
      store: {
        ...store,
        // The last thing that a pass does.
        async endDeadChats(request) {
          if (failing) throw new Error("no answer");
          passes += 1;
          return store.endDeadChats(request);
        },
      },
    });
    await app.clock.waitForSleepers();
    failing = false;
    const { run } = await startRun();
    await app.clock.advance(FINALISER_INTERVAL_MS - 1);
    expect(passes).toBe(0);
    await app.clock.advance(1);
    await app.clock.waitForSleepers();
    expect(passes).toBe(1);
    // Five minutes after the run was touched it goes on yet, and a minute later it is closed.
    for (const status of ["in_progress", "in_progress", "in_progress", "in_progress", "interrupted"]) {
      await app.clock.advance(FINALISER_INTERVAL_MS);
      await app.clock.waitForSleepers();
      expect(await storedRun(run.id)).toMatchObject({ status });
    }
    expect(passes).toBe(6);
    await loop.stop();
    await app.clock.advance(10 * FINALISER_INTERVAL_MS);
    expect(passes).toBe(6);
  });

  test("closes at the start what was left lately, and what is old a minute later", async () => {
    const { run: old } = await startRun();
    await app.clock.advance(23 * HOUR_MS);
    const { run: late } = await startRun();
    await app.clock.advance(HOUR_MS);
    const loop = startStaleFinaliser(dependencies());
    await app.clock.waitForSleepers();
    expect(await storedRun(late.id)).toMatchObject({ status: "interrupted" });
    expect(await storedRun(old.id)).toMatchObject({ status: "in_progress" });
    await app.clock.advance(FINALISER_INTERVAL_MS);
    await app.clock.waitForSleepers();
    expect(await storedRun(old.id)).toMatchObject({ status: "interrupted" });
    await loop.stop();
  });
});
