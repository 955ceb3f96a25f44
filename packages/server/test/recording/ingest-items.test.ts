import { randomUUID } from "node:crypto";

import { INGEST_ITEMS, type DebugBatchResult, type Rejection } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { chatItem, completeRun, requestSaying, runItem, stepItem } from "../debug-batches.ts";
import { storedRow, storedRows } from "../stored-rows.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = `${CHATS}/debug/batch`;

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

/** Sends a batch of which nothing is checked on this side. */
async function send(batch: unknown): Promise<DebugBatchResult> {
  const response = await app.request("POST", PATH, { key: user.key, json: batch });
  expect(response.status).toBe(200);
  return (await response.json()) as DebugBatchResult;
}

function codes({ rejected }: DebugBatchResult): Pick<Rejection, "kind" | "id" | "code">[] {
  return rejected.map(({ kind, id, code }) => ({ kind, id, code }));
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { deeper: nested(depth - 1) };
}

describe("sending a batch again", () => {
  test("leaves the rows exactly as they are", async () => {
    const { run, batch } = completeRun();
    const whole = { chats: [chatItem({ id: run.chat_id, title: "A chat", labels: { a: "b" } })], ...batch };
    expect(await send(whole)).toEqual({ accepted: 3, rejected: [] });
    const before = await storedRows(app.pool);
    expect(await send(whole)).toEqual({ accepted: 3, rejected: [] });
    expect(await storedRows(app.pool)).toEqual(before);
  });

  test("moves the retention clock to the server's now", async () => {
    const { run, step, batch } = completeRun();
    await send(batch);
    await app.clock.advance(60_000);
    await send(batch);
    const touched = { updated_at: app.clock.now() };
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject(touched);
    expect(await storedRow(app.pool, "chat_debug_steps", step.id)).toMatchObject(touched);
  });

  test("keeps what a later item leaves out, part by part", async () => {
    const { run, step, batch } = completeRun({ status: "in_progress" });
    await send(batch);
    await send({
      runs: [{ id: run.id, chat_id: run.chat_id, model: "gpt-6" }],
      steps: [{ id: step.id, run_id: run.id, chat_id: run.chat_id, normalized_response: { content: [] } }],
    });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read).toMatchObject({ provider: run.provider, model: "gpt-6" });
    expect(read.steps).toMatchObject([
      { normalized_request: step.normalized_request, normalized_response: { content: [] }, usage: step.usage },
    ]);
  });
});

describe("an id that stands twice in one batch", () => {
  test("is merged, and each of its items counts", async () => {
    const run = runItem({ provider: "first", model: "first" });
    const result = await send({ runs: [run, { ...run, model: "second", provider: undefined }] });
    expect(result).toEqual({ accepted: 2, rejected: [] });
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({ provider: "first", model: "second" });
  });

  test("is one item in upper and lower case", async () => {
    const { run, step } = completeRun();
    const shouted = { ...step, id: step.id.toUpperCase(), run_id: step.run_id.toUpperCase() };
    expect(await send({ runs: [{ ...run, id: run.id.toUpperCase() }, run], steps: [step, shouted] })).toEqual({
      accepted: 4,
      rejected: [],
    });
  });

  test("keeps the stronger status, whichever stands first", async () => {
    const run = runItem({ status: "completed" });
    await send({ runs: [run, { ...run, status: "in_progress" }] });
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({
      status: "completed",
      finished_at: app.clock.now(),
    });
  });

  test("keeps the later clock, whichever stands first", async () => {
    const run = runItem({ updated_at: "2026-01-02T00:00:00Z" });
    await send({ runs: [run, { ...run, updated_at: "2026-01-01T00:00:00Z" }] });
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({
      updated_at: new Date("2026-01-02T00:00:00Z"),
    });
  });

  test("keeps one item where the other is refused", async () => {
    const run = runItem();
    const result = await send({ runs: [run, { ...run, kind: "unknown" }] });
    expect(result.accepted).toBe(1);
    expect(codes(result)).toEqual([{ kind: "run", id: run.id, code: "invalid" }]);
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toBeDefined();
  });

  test("keeps the first item where the second names another chat", async () => {
    const run = runItem();
    const result = await send({ runs: [run, { ...run, chat_id: randomUUID() }] });
    expect(codes(result)).toEqual([{ kind: "run", id: run.id, code: "invalid" }]);
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({ chat_id: run.chat_id });
  });

  test("is refused as often as it was sent, with its id as it was sent", async () => {
    const step = stepItem({ id: randomUUID(), chat_id: randomUUID() });
    const result = await send({ steps: [step, { ...step, id: step.id.toUpperCase() }] });
    expect(result.accepted).toBe(0);
    expect(codes(result)).toEqual([
      { kind: "step", id: step.id, code: "run_not_found" },
      { kind: "step", id: step.id.toUpperCase(), code: "run_not_found" },
    ]);
  });
});

describe("an item that is wrong by itself is refused, and its neighbours are kept", () => {
  const chat_id = randomUUID();
  const id = randomUUID();
  const step = { id, run_id: randomUUID(), chat_id };

  test.each<[string, "chats" | "runs" | "steps", unknown, string]>([
    ["null", "runs", null, ""],
    ["a number", "runs", 7, ""],
    ["a list", "steps", [], ""],
    ["no id", "runs", { chat_id }, ""],
    ["an id that is no UUID", "runs", { id: "run-1", chat_id }, "run-1"],
    ["an id that is no text", "runs", { id: { toString: 1 }, chat_id }, ""],
    ["no chat", "runs", { id }, id],
    ["an unknown kind", "runs", { id, chat_id, kind: "chat" }, id],
    ["an unknown status", "runs", { id, chat_id, status: "done" }, id],
    ["null where nothing would be right", "runs", { id, chat_id, provider: null }, id],
    ["a model name of 201 characters", "runs", { id, chat_id, model: "x".repeat(201) }, id],
    ["a time without a zone", "runs", { id, chat_id, started_at: "2026-01-01T00:00:00" }, id],
    ["a day that does not exist", "runs", { id, chat_id, started_at: "2026-02-30T00:00:00Z" }, id],
    ["a time before 1970", "runs", { id, chat_id, started_at: "1969-12-31T23:59:59.999Z" }, id],
    ["a time after 9999", "runs", { id, chat_id, updated_at: "9999-12-31T23:59:59-00:01" }, id],
    ["a message id that is no integer", "runs", { id, chat_id, trigger_message_id: 1.5 }, id],
    ["a message id beyond what JSON numbers hold", "runs", { id, chat_id, trigger_message_id: 2 ** 53 }, id],
    ["an empty title", "chats", { id, title: "  " }, id],
    ["a title of 201 characters", "chats", { id, title: "x".repeat(201) }, id],
    ["an unknown chat status", "chats", { id, status: "archived" }, id],
    ["a label that is no text", "chats", { id, labels: { a: 1 } }, id],
    ["a label of 201 characters", "chats", { id, labels: { a: "x".repeat(201) } }, id],
    ["the name of a label of 201 characters", "chats", { id, labels: { ["x".repeat(201)]: "a" } }, id],
    ["51 labels", "chats", { id, labels: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, "a"])) }, id],
    ["a step number of 0", "steps", { ...step, step_number: 0 }, id],
    ["attempts that are no list", "steps", { ...step, attempts: {} }, id],
    ["a request that is no object", "steps", { ...step, normalized_request: "hello" }, id],
    ["a negative token count", "steps", { ...step, usage: { input_tokens: -1 } }, id],
    ["a token count that is no number", "steps", { ...step, usage: { output_tokens: "7" } }, id],
    ["U+0000 in a value", "runs", { id, chat_id, model: "a\0b" }, id],
    ["U+0000 in a key", "steps", { ...step, metadata: { "a\0b": 1 } }, id],
    ["U+0000 deep inside a payload", "steps", { ...step, attempts: [{ response_body: { a: ["\0"] } }] }, id],
    ["U+0000 in a field that is not known", "chats", { id, unknown: "\0" }, id],
    ["U+0000 in its id", "runs", { id: "a\0b", chat_id }, "ab"],
    ["nesting of 101 levels", "steps", { ...step, metadata: nested(100) }, id],
  ])("%s", async (_name, list, item, sentId) => {
    const good = completeRun();
    const batch: Record<string, unknown[]> = { chats: [], runs: [good.run], steps: [good.step] };
    batch[list]?.unshift(item);
    const result = await send(batch);
    expect(result.accepted).toBe(2);
    expect(codes(result)).toEqual([{ kind: list.slice(0, -1), id: sentId, code: "invalid" }]);
    expect(await storedRow(app.pool, "chat_debug_steps", good.step.id)).toBeDefined();
  });

  test("with a message that says which field is wrong, and that no hostile item makes long", async () => {
    const { rejected } = await send({
      runs: [{ id, chat_id, kind: "x" }],
      chats: [{ id: chat_id, labels: { ["k".repeat(100_000)]: 1 } }],
    });
    expect(rejected.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^labels\.k+$/),
      expect.stringMatching(/^kind: /),
    ]);
    for (const { message } of rejected) expect(message.length).toBeLessThanOrEqual(500);
  });
});

describe("an item at the edge of what is allowed is stored as it came", () => {
  test("nesting of 100 levels", async () => {
    const { run, step } = completeRun();
    // The item is the first level, its metadata the second.
    const deep = { ...step, metadata: nested(99) as Record<string, unknown> };
    expect(await send({ runs: [run], steps: [deep] })).toEqual({ accepted: 2, rejected: [] });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read.steps[0]?.metadata).toEqual(deep.metadata);
  });

  test("halves of surrogate pairs, which become U+FFFD where the database refuses them", async () => {
    const half = "a\ud83d b\ude00 \ud83d\ude00 \\ud83d c:\\\ud83d";
    const run = runItem({ model: half });
    const text = half.toWellFormed();
    const steps = [stepItem(run, { metadata: { [half]: half }, normalized_request: requestSaying(half) })];
    const chats = [chatItem({ id: run.chat_id, title: half, labels: { [half]: half } })];
    expect(await send({ chats, runs: [run], steps })).toEqual({ accepted: 3, rejected: [] });
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ title: text, labels: { [text]: text } });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read).toMatchObject({
      model: text,
      summary: { first_message: text },
      steps: [{ metadata: { [text]: text } }],
    });
  });

  test("a token count of null, which means that there is none", async () => {
    const { run, step } = completeRun();
    const usage = { input_tokens: 5, output_tokens: null, reasoning_tokens: null };
    expect(await send({ runs: [run], steps: [{ ...step, usage }] })).toEqual({ accepted: 2, rejected: [] });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read.steps[0]?.usage).toEqual({ input_tokens: 5 });
  });

  test("names that mean something to JavaScript", async () => {
    const { run, step } = completeRun();
    const metadata = '{"__proto__":{"a":1},"constructor":{"prototype":1},"toString":1,"length":-1}';
    const body = JSON.stringify({ runs: [run], steps: [{ ...step, metadata: 0 }] }).replace(
      '"metadata":0',
      `"metadata":${metadata}`,
    );
    const response = await app.request("POST", PATH, { key: user.key, body });
    expect(await response.json()).toEqual({ accepted: 2, rejected: [] });
    expect(Reflect.get({}, "a")).toBeUndefined();
  });

  test("a batch without any item", async () => {
    expect(await send({})).toEqual({ accepted: 0, rejected: [] });
    expect(await send({ chats: [], runs: [], steps: [] })).toEqual({ accepted: 0, rejected: [] });
  });

  test(`${INGEST_ITEMS} items in one batch, and not one more`, async () => {
    const run = runItem();
    const steps = Array.from({ length: INGEST_ITEMS - 1 }, () => stepItem(run));
    expect(await send({ runs: [run], steps })).toEqual({ accepted: INGEST_ITEMS, rejected: [] });
    const response = await app.request("POST", PATH, { key: user.key, json: { runs: [run, run], steps } });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "validation_failed" });
  });
});

describe("what only the database can refuse", () => {
  test("loses the run that holds it and no other", async () => {
    await app.pool.query("ALTER TABLE chat_debug_runs ADD CONSTRAINT no_cursed_model CHECK (model <> 'cursed')");
    const cursed = completeRun({ model: "cursed" });
    const fine = completeRun();
    const result = await send({ runs: [cursed.run, fine.run], steps: [cursed.step, fine.step] });
    expect(result.accepted).toBe(2);
    expect(codes(result)).toEqual([
      { kind: "run", id: cursed.run.id, code: "invalid" },
      { kind: "step", id: cursed.step.id, code: "invalid" },
    ]);
    expect(await storedRow(app.pool, "chat_debug_steps", fine.step.id)).toBeDefined();
    expect(JSON.stringify(app.logged)).not.toContain("cursed");
  });
});

describe("where recording is off", () => {
  test("every item is refused with debug_logging_off, whatever it looks like, and nothing is stored", async () => {
    const off = await createTestApp({ recordingForced: false });
    const { key } = await off.createUser();
    const { run, step } = completeRun();
    const ids = [run.chat_id, "chat", "", run.id, "", step.id];
    const json = {
      chats: [chatItem({ id: run.chat_id }), { id: "chat" }, null],
      runs: [run, { id: { toString: 1 } }],
      steps: [step],
    };
    const response = await off.request("POST", PATH, { key, json });
    expect(response.status).toBe(200);
    const { accepted, rejected } = (await response.json()) as DebugBatchResult;
    expect(accepted).toBe(0);
    expect(rejected.map(({ code }) => code)).toEqual(ids.map(() => "debug_logging_off"));
    expect(rejected.map(({ id }) => id)).toEqual(ids);
    expect(await storedRows(off.pool)).toEqual({ chats: [], runs: [], steps: [], payloads: [] });
  });
});
