import fc from "fast-check";
import type { DebugBatch, RunSummaryFigures } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { requestSaying, runItem, stepItem, type SentRun } from "../debug-batches.ts";
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

async function summaryOf(run: SentRun): Promise<RunSummaryFigures> {
  return (await app.client(user.key).getDebugRun(run.chat_id, run.id)).summary;
}

async function labelOf(request: Record<string, unknown>): Promise<string | undefined> {
  const run = runItem();
  await send({ runs: [run], steps: [stepItem(run, { normalized_request: request })] });
  return (await summaryOf(run)).first_message;
}

describe("the label of a run", () => {
  test("is the newest user message of its first step, also while it is in progress", async () => {
    const messages = [
      { role: "user", parts: [{ type: "text", text: "yesterday's question" }] },
      { role: "assistant", parts: [{ type: "text", text: "an answer" }] },
      {
        role: "user",
        parts: [{ type: "text", text: "today's" }, { type: "file" }, { type: "text", text: "question" }],
      },
      { role: "tool", parts: [{ type: "tool-result", text: "a result" }] },
    ];
    expect(await labelOf({ messages })).toBe("today's question");
  });

  test("comes from the first step only, whenever that arrives", async () => {
    const run = runItem();
    const second = stepItem(run, { step_number: 2, normalized_request: requestSaying("second") });
    await send({ runs: [run], steps: [second] });
    expect(await summaryOf(run)).toEqual({});
    await send({ steps: [stepItem(run, { step_number: 1, normalized_request: requestSaying("first") })] });
    await send({ steps: [second] });
    expect(await summaryOf(run)).toEqual({ first_message: "first" });
  });

  test("is one line", async () => {
    expect(await labelOf(requestSaying("  two\n\n  lines\t and a tab "))).toBe("two lines and a tab");
  });

  test.each([
    [200, 200],
    [201, 200],
  ])("of %i characters has %i", async (sent, kept) => {
    expect(await labelOf(requestSaying("x".repeat(sent)))).toBe("x".repeat(kept));
  });

  test("is cut before a character of two halves that would not fit, and never inside of it", async () => {
    expect(await labelOf(requestSaying(`${"x".repeat(199)}😀`))).toBe("x".repeat(199));
    expect(await labelOf(requestSaying(`${"x".repeat(198)}😀y`))).toBe(`${"x".repeat(198)}😀`);
  });

  test("has at most 200 characters and is well-formed, whatever was said", async () => {
    const text = fc.string({ unit: "binary", minLength: 190, maxLength: 210 }).map((said) => said.replaceAll("\0", ""));
    await fc.assert(
      fc.asyncProperty(text, async (said) => {
        const label = (await labelOf(requestSaying(said))) ?? "";
        expect(label.length).toBeLessThanOrEqual(200);
        expect(label.isWellFormed()).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("is left out where nobody said anything", async () => {
    for (const messages of [
      undefined,
      "text",
      [],
      [null],
      [{ role: "user" }],
      [{ role: "user", parts: ["text", null] }],
    ]) {
      expect(await labelOf({ messages })).toBeUndefined();
    }
    expect(await labelOf(requestSaying("   "))).toBeUndefined();
  });

  test("holds no secret that the message held", async () => {
    const label = await labelOf(requestSaying("What is at https://me:hunter2@db.example/x?token=hunter2 now?"));
    expect(label).toContain("db.example/x");
    expect(label).not.toContain("hunter2");
  });
});

describe("the figures of a run", () => {
  test("are there once it has ended, and not before", async () => {
    const run = runItem();
    await send({ runs: [run], steps: [stepItem(run, { usage: { input_tokens: 5 } })] });
    expect(await summaryOf(run)).toEqual({});
    await send({ runs: [{ ...run, status: "interrupted" }] });
    expect(await summaryOf(run)).toEqual({
      step_count: 1,
      total_input_tokens: 5,
      total_output_tokens: 0,
      has_error: false,
    });
  });

  test("add up what its steps used, and leave out reasoning and cache totals of zero", async () => {
    const run = runItem({ status: "completed" });
    await send({
      runs: [run],
      steps: [
        stepItem(run, { usage: { input_tokens: 5, output_tokens: 1, reasoning_tokens: 0, cache_read_tokens: 4 } }),
        stepItem(run, {
          usage: { input_tokens: 6, reasoning_tokens: 0, cache_creation_tokens: 2, of_another_kind: "x" },
        }),
        stepItem(run),
      ],
    });
    expect(await summaryOf(run)).toEqual({
      step_count: 3,
      total_input_tokens: 11,
      total_output_tokens: 1,
      total_cache_creation_tokens: 2,
      total_cache_read_tokens: 4,
      has_error: false,
    });
  });

  test("of a run without steps are zero", async () => {
    const run = runItem({ status: "completed" });
    await send({ runs: [run] });
    expect(await summaryOf(run)).toEqual({
      step_count: 0,
      total_input_tokens: 0,
      total_output_tokens: 0,
      has_error: false,
    });
  });

  test("follow a step that is corrected after the end, also down to zero", async () => {
    const run = runItem({ status: "completed" });
    const step = stepItem(run, { usage: { input_tokens: 5, reasoning_tokens: 3 } });
    await send({ runs: [run], steps: [step] });
    expect(await summaryOf(run)).toMatchObject({ total_input_tokens: 5, total_reasoning_tokens: 3 });
    await send({ steps: [{ ...step, usage: { input_tokens: 4, reasoning_tokens: 0 } }] });
    expect(await summaryOf(run)).toEqual({
      step_count: 1,
      total_input_tokens: 4,
      total_output_tokens: 0,
      has_error: false,
    });
  });

  test("do not exceed what a JSON number holds", async () => {
    const run = runItem({ status: "completed" });
    const usage = { input_tokens: Number.MAX_SAFE_INTEGER };
    await send({ runs: [run], steps: [stepItem(run, { usage }), stepItem(run, { usage })] });
    expect(await summaryOf(run)).toMatchObject({ total_input_tokens: Number.MAX_SAFE_INTEGER });
  });

  test("say that there was an error where the run, a step or a step's error says so", async () => {
    const cases: [SentRun["status"], Parameters<typeof stepItem>[1], boolean][] = [
      ["completed", { status: "completed" }, false],
      ["interrupted", { status: "interrupted" }, false],
      ["completed", { status: "error" }, true],
      ["completed", { status: "completed", error: { message: "no" } }, true],
      ["error", { status: "completed" }, true],
    ];
    for (const [status, fields, has_error] of cases) {
      const run = runItem({ status });
      await send({ runs: [run], steps: [stepItem(run, fields)] });
      expect(await summaryOf(run)).toMatchObject({ has_error });
    }
  });

  test("survive damage to one stored usage, which no other step has to pay for", async () => {
    const run = runItem();
    const [damaged, fine] = [stepItem(run), stepItem(run, { usage: { input_tokens: 5 } })];
    await send({ runs: [run], steps: [damaged, fine] });
    for (const usage of [
      '{"input_tokens": "many"}',
      '{"input_tokens": 1e30}',
      "[]",
      '"text"',
      '{"input_tokens": 1.5}',
    ]) {
      await app.pool.query("UPDATE chat_debug_steps SET usage = $2 WHERE id = $1", [damaged.id, usage]);
      await send({ runs: [{ ...run, status: "completed" }] });
      expect(await summaryOf(run)).toMatchObject({ step_count: 2, total_input_tokens: 5 });
    }
  });
});
