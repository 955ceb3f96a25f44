import { chatUuid } from "@shelflife/recorder";
import { beforeAll, describe, expect, test } from "vitest";

import { traceChatId } from "../../../src/store/trace-ids.ts";
import { countRows } from "../../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import {
  askingFor,
  chatOf,
  modelSpan,
  newSpanId,
  newTraceId,
  runOf,
  runsOf,
  sendSpans,
  sentSpan,
  SPANS_START,
  TAKEN,
  toolSpan,
  type SentAttributes,
} from "./sent-spans.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

describe("the chat of a span", () => {
  test.each<[string, SentAttributes]>([
    ["gen_ai.conversation.id", { "gen_ai.conversation.id": "c", "session.id": "other" }],
    ["session.id", { "session.id": "c", "langfuse.session.id": "other" }],
    ["langfuse.session.id", { "langfuse.session.id": "c" }],
    ["the AI SDK's runtime context, as inChat() fills it", { "ai.settings.context.shelflife.chatId": "c" }],
    ["the AI SDK's telemetry metadata", { "ai.telemetry.metadata.chatId": "c" }],
    ["Traceloop's association properties", { "traceloop.association.properties.session_id": "c" }],
  ])("is named by %s", async (_name, attributes) => {
    // Every test has conversations of its own.
    const id = newTraceId();
    const named = Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, value === "c" ? `${id}-c` : `${id}-another`]),
    );
    expect(await sendSpans(app, user, [modelSpan({ attributes: named })])).toEqual(TAKEN);
    expect((await runOf(app, user, chatOf(`${id}-c`))).steps).toHaveLength(1);
    expect(await runsOf(app, user, chatOf(`${id}-c`))).toHaveLength(1);
  });

  test("is named by a number, too, and by the resource of the span", async () => {
    const number = 7_001;
    await sendSpans(app, user, [modelSpan({ attributes: { "session.id": number } })]);
    expect((await runOf(app, user, chatOf("7001"))).steps).toHaveLength(1);
    const ofProcess = newTraceId();
    await sendSpans(app, user, [modelSpan()], { "session.id": ofProcess });
    expect((await runOf(app, user, chatOf(ofProcess))).steps).toHaveLength(1);
  });

  test("is the one that the recorder maps the same id to", async () => {
    const id = newTraceId();
    await sendSpans(app, user, [modelSpan({ attributes: { "gen_ai.conversation.id": id } })]);
    expect((await runOf(app, user, chatUuid(id))).steps).toHaveLength(1);
    const attributes = { "gen_ai.conversation.id": id, "shelflife.chat_id_namespace": "shop" };
    await sendSpans(app, user, [modelSpan({ attributes })]);
    expect((await runOf(app, user, chatUuid(id, "shop"))).steps).toHaveLength(1);
  });

  test("keeps an id that is a UUID", async () => {
    const id = crypto.randomUUID();
    await sendSpans(app, user, [modelSpan({ attributes: { "gen_ai.conversation.id": id.toUpperCase() } })]);
    expect((await runOf(app, user, id)).chat_id).toBe(id);
  });

  test("is the trace's own where nothing names one", async () => {
    const span = modelSpan();
    expect(await sendSpans(app, user, [span])).toEqual(TAKEN);
    expect(await runOf(app, user, traceChatId(span.traceId))).toMatchObject({ kind: "chat_turn", status: "completed" });
  });
});

describe("a span that names no chat", () => {
  const names = { "session.id": newTraceId() };

  test.each(["in one request", "root last", "root first"])("goes where its trace belongs, %s", async (order) => {
    const id = newTraceId();
    const traceId = newTraceId();
    const root = sentSpan({ traceId, name: "POST /chat", attributes: { "session.id": id } });
    const model = modelSpan({ traceId, parentSpanId: root.spanId });
    const requests = {
      "in one request": [[root, model]],
      "root last": [[model], [root]],
      "root first": [[root], [model]],
    };
    for (const spans of requests[order as keyof typeof requests]) {
      expect(await sendSpans(app, user, spans)).toEqual(TAKEN);
    }
    const run = await runOf(app, user, chatOf(id));
    expect(run.steps).toMatchObject([{ step_number: 1, status: "completed", metadata: { span_id: model.spanId } }]);
    expect(run.steps[0]?.normalized_request).toMatchObject({ messages: [{ role: "user" }] });
    expect(run).toMatchObject({ status: "completed", summary: { first_message: "How long?", total_input_tokens: 7 } });
    // What was its own chat meanwhile is gone.
    await expect(runsOf(app, user, traceChatId(traceId))).rejects.toMatchObject({ status: 404 });
  });

  test("stays in its trace's own chat where people have used that one since", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const own = traceChatId(traceId);
    await sendSpans(app, user, [modelSpan({ traceId })]);
    await app.store.addMessage({
      chatId: own,
      ownerId: user.id,
      role: "user",
      content: [{ type: "text", text: "Hi" }],
      fileIds: [],
    });
    await sendSpans(app, user, [sentSpan({ traceId, attributes: { "session.id": id } })]);
    expect(await runsOf(app, user, own)).toEqual([]);
    expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  });

  test("stays by itself where its trace names several chats at once and its root none", async () => {
    const [traceId, one, other] = [newTraceId(), newTraceId(), newTraceId()];
    const unnamed = modelSpan({ traceId });
    await sendSpans(app, user, [
      unnamed,
      modelSpan({ traceId, parentSpanId: newSpanId(), attributes: { "session.id": one } }),
      modelSpan({ traceId, parentSpanId: newSpanId(), attributes: { "session.id": other } }),
    ]);
    for (const chatId of [traceChatId(traceId), chatOf(one), chatOf(other)]) {
      expect((await runOf(app, user, chatId)).steps).toHaveLength(1);
    }
  });

  test("goes where the root of its trace says, where other spans of it name other chats", async () => {
    const [traceId, ofRoot, other] = [newTraceId(), newTraceId(), newTraceId()];
    const root = sentSpan({ traceId, attributes: { "session.id": ofRoot } });
    await sendSpans(app, user, [
      modelSpan({ traceId, parentSpanId: root.spanId, attributes: { "session.id": other } }),
      modelSpan({ traceId, parentSpanId: root.spanId }),
      root,
    ]);
    for (const id of [ofRoot, other]) expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  });

  test("is not known to belong anywhere any more, when nothing of its trace has come for a day", async () => {
    const [traceId, id] = [newTraceId(), newTraceId()];
    await sendSpans(app, user, [sentSpan({ traceId, attributes: { "session.id": id } })]);
    await app.store.forgetOldTraces();
    await sendSpans(app, user, [modelSpan({ traceId })]);
    expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
    app.clock.set(new Date(app.clock.now().getTime() + 86_400_001));
    await app.store.forgetOldTraces();
    const { rows } = await app.pool.query("SELECT FROM otlp_traces");
    expect(rows).toEqual([]);
    await sendSpans(app, user, [modelSpan({ traceId })]);
    expect((await runOf(app, user, traceChatId(traceId))).steps).toHaveLength(1);
    app.clock.set(new Date(app.clock.now().getTime() - 86_400_001));
  });

  test("is nothing to another sender's trace of the same id", async () => {
    const traceId = newTraceId();
    const other = await app.createUser();
    await sendSpans(app, user, [sentSpan({ traceId, attributes: names })]);
    expect(await sendSpans(app, other, [modelSpan({ traceId })])).toEqual(TAKEN);
    const third = await app.createUser();
    await sendSpans(app, third, [sentSpan({ traceId, attributes: { "session.id": newTraceId() } })]);
    expect(await sendSpans(app, other, [modelSpan({ traceId })])).toEqual(TAKEN);
    expect((await runOf(app, other, traceChatId(traceId))).steps).toHaveLength(2);
  });

  test("brings its payloads along, also where its run turned out to have started earlier meanwhile", async () => {
    const [traceId, id] = [newTraceId(), newTraceId()];
    const root = sentSpan({ traceId, attributes: { "session.id": id } });
    const at = (second: number, asks: string) => modelSpan({ traceId, asks, start: SPANS_START + second * 1_000 });
    for (const span of [at(20, "second"), at(0, "first"), root]) await sendSpans(app, user, [span]);
    const { steps } = await runOf(app, user, chatOf(id));
    const asked = steps.map(({ normalized_request }) => JSON.stringify(normalized_request["messages"]));
    expect(asked).toEqual([expect.stringContaining("first"), expect.stringContaining("second")]);
  });
});

describe("a run", () => {
  test("has the steps of its trace in the order of their starts, whichever came first", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const attributes = { "session.id": id };
    const at = (second: number, asks: string) =>
      modelSpan({ traceId, asks, start: SPANS_START + second * 1_000, attributes });
    await sendSpans(app, user, [at(20, "third")]);
    await sendSpans(app, user, [at(0, "first"), at(10, "second")]);
    // The run has ended, as far as anybody knew.
    expect(await sendSpans(app, user, [at(90, "fourth")])).toEqual(TAKEN);
    const run = await runOf(app, user, chatOf(id));
    const said = run.steps.map(({ normalized_request: { messages } }) => JSON.stringify(messages));
    expect(run.steps.map(({ step_number }) => step_number)).toEqual([1, 2, 3, 4]);
    expect(said.map((text) => /first|second|third|fourth/.exec(text)?.[0])).toEqual([
      "first",
      "second",
      "third",
      "fourth",
    ]);
    expect(run).toMatchObject({
      started_at: new Date(SPANS_START).toISOString(),
      finished_at: new Date(SPANS_START + 91_000).toISOString(),
      summary: { first_message: "first", step_count: 4, total_input_tokens: 28 },
    });
  });

  test("takes its times and its outcome from the agent around it", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const agent = sentSpan({
      traceId,
      start: SPANS_START - 5_000,
      end: SPANS_START + 9_000,
      attributes: { "gen_ai.operation.name": "invoke_agent", "session.id": id },
      error: "The application gave up.",
    });
    await sendSpans(app, user, [modelSpan({ traceId, parentSpanId: agent.spanId })]);
    await sendSpans(app, user, [agent]);
    expect(await runOf(app, user, chatOf(id))).toMatchObject({
      status: "error",
      started_at: new Date(agent.start).toISOString(),
      finished_at: new Date(agent.end).toISOString(),
      summary: { has_error: true },
    });
  });

  test("takes them from the root where several agents are around it, whatever their clocks say", async () => {
    const [traceId, id] = [newTraceId(), newTraceId()];
    const attributes = { "gen_ai.operation.name": "invoke_agent", "session.id": id };
    const root = sentSpan({ traceId, attributes, start: SPANS_START - 1_000, end: SPANS_START + 5_000 });
    const early = { start: SPANS_START - 60_000, end: SPANS_START + 60_000 };
    const inner = sentSpan({ traceId, attributes, parentSpanId: root.spanId, ...early, error: "failed" });
    for (const spans of [[inner, modelSpan({ traceId, parentSpanId: inner.spanId })], [root], [inner]]) {
      await sendSpans(app, user, spans);
    }
    expect(await runOf(app, user, chatOf(id))).toMatchObject({
      status: "completed",
      started_at: new Date(root.start).toISOString(),
      finished_at: new Date(root.end).toISOString(),
    });
  });

  test("is no run's where a trace has neither model calls nor tools", async () => {
    const before = await countRows(app.pool);
    const answer = await sendSpans(app, user, [
      sentSpan({ name: "GET /", attributes: { "http.request.method": "GET", "session.id": newTraceId() } }),
      sentSpan({ attributes: { "gen_ai.operation.name": "invoke_agent" } }),
    ]);
    expect(answer).toEqual(TAKEN);
    expect(await countRows(app.pool)).toEqual(before);
  });

  test("is nothing to remember where its trace has nothing that is recorded, and names no chat", async () => {
    const span = sentSpan({ name: "GET /", attributes: { "http.request.method": "GET" } });
    await sendSpans(app, user, [span]);
    const { rows } = await app.pool.query("SELECT FROM otlp_traces WHERE trace_id = $1", [span.traceId]);
    expect(rows).toEqual([]);
  });

  test("has the names of its provider and model, and no texts in their place", async () => {
    const [id, long] = [newTraceId(), "m".repeat(500)];
    const attributes = { "session.id": id, "gen_ai.request.model": long, "gen_ai.provider.name": long };
    await sendSpans(app, user, [modelSpan({ name: long, attributes })]);
    const cut = long.slice(0, 200);
    expect(await runOf(app, user, chatOf(id))).toMatchObject({
      provider: cut,
      model: cut,
      steps: [{ metadata: { provider: cut, model: cut, span_name: cut } }],
    });
  });

  test("is the same after everything was sent again", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const spans = [modelSpan({ traceId, attributes: askingFor("a") }), toolSpan({ traceId, callId: "a" })];
    const root = sentSpan({ traceId, attributes: { "session.id": id } });
    await sendSpans(app, user, spans);
    await sendSpans(app, user, [root]);
    const before = await runOf(app, user, chatOf(id));
    await sendSpans(app, user, [...spans, root]);
    await sendSpans(app, user, spans);
    expect(await runOf(app, user, chatOf(id))).toEqual(before);
  });

  test("ends in an error where its span did, which says what happened", async () => {
    const id = newTraceId();
    const events = [
      { name: "exception", attributes: { "exception.type": "Error", "exception.message": "It was tried again." } },
      {
        name: "exception",
        attributes: {
          "exception.type": "RateLimitError",
          "exception.message": "You exceeded your quota.",
          "exception.stacktrace": "at secret.ts:1",
        },
      },
    ];
    const attributes = { "session.id": id, "http.response.status_code": 429 };
    await sendSpans(app, user, [modelSpan({ attributes, events, error: "429" })]);
    const run = await runOf(app, user, chatOf(id));
    expect(run).toMatchObject({ status: "error", summary: { has_error: true } });
    expect(run.steps).toMatchObject([
      { status: "error", error: { name: "RateLimitError", message: "You exceeded your quota.", status_code: 429 } },
    ]);
    expect(JSON.stringify(run)).not.toContain("secret.ts");
  });

  test.each([
    ["an error that says so", { error: "aborted", attributes: { "error.type": "AbortError" } }],
    ["a request without any answer", {}],
  ])("is interrupted where its span ended with %s", async (_name, fields) => {
    const id = newTraceId();
    const messages = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "How long?" }] }]);
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.input.messages": messages,
      "session.id": id,
    };
    await sendSpans(app, user, [
      sentSpan({ ...fields, attributes: { ...attributes, ...("attributes" in fields && fields.attributes) } }),
    ]);
    expect(await runOf(app, user, chatOf(id))).toMatchObject({
      status: "interrupted",
      steps: [{ status: "interrupted" }],
    });
  });
});

describe("times", () => {
  test("of a sender whose clock is ahead go back together, so that its steps keep their order and their length", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const now = app.clock.now().getTime();
    const ahead = 120_000;
    const attributes = { "session.id": id };
    const calls = [5, 3, 1, 4, 2].map((number) => {
      const start = now + ahead - 20_000 + number * 2_000;
      return modelSpan({ traceId, start, end: start + 1_500, asks: `Question ${number}`, attributes });
    });
    const root = sentSpan({
      traceId,
      start: now + ahead - 21_000,
      end: now + ahead,
      attributes: { "gen_ai.operation.name": "invoke_agent" },
    });
    expect(await sendSpans(app, user, [...calls, root])).toEqual(TAKEN);
    const run = await runOf(app, user, chatOf(id));
    const at = (milliseconds: number) => new Date(now - 20_000 + milliseconds).toISOString();
    expect(run).toMatchObject({
      started_at: at(-1_000),
      finished_at: at(20_000),
      summary: { first_message: "Question 1" },
    });
    expect(run.steps).toMatchObject(
      [1, 2, 3, 4, 5].map((number) => ({ started_at: at(number * 2_000), finished_at: at(number * 2_000 + 1_500) })),
    );
  });

  test("are no other process's, nor another trace's, whose clock is right", async () => {
    const [id, other] = [newTraceId(), newTraceId()];
    const now = app.clock.now().getTime();
    const right = modelSpan({ start: now - 9_000, end: now - 8_000, attributes: { "session.id": other } });
    const wrong = modelSpan({ start: now + 60_000, end: now + 61_000, attributes: { "session.id": id } });
    await sendSpans(app, user, [wrong, right]);
    expect(await runOf(app, user, chatOf(id))).toMatchObject({ finished_at: new Date(now).toISOString() });
    expect(await runOf(app, user, chatOf(other))).toMatchObject({ finished_at: new Date(now - 8_000).toISOString() });
  });

  test("further ahead than a day are taken back to now, and an end before the start to the start", async () => {
    const id = newTraceId();
    const attributes = { "session.id": id };
    const traceId = newTraceId();
    const now = app.clock.now().getTime();
    await sendSpans(app, user, [
      modelSpan({ traceId, start: now + 86_400_000, end: now + 86_400_001, attributes }),
      modelSpan({ traceId, start: SPANS_START, end: SPANS_START - 5_000, attributes }),
    ]);
    const run = await runOf(app, user, chatOf(id));
    expect(run.steps).toMatchObject([
      { started_at: new Date(SPANS_START).toISOString(), finished_at: new Date(SPANS_START).toISOString() },
      { started_at: new Date(now).toISOString(), finished_at: new Date(now).toISOString() },
    ]);
    expect(run.finished_at).toBe(new Date(now).toISOString());
  });

  test("that are missing leave a step in progress, which starts when it arrived", async () => {
    const id = newTraceId();
    await sendSpans(app, user, [modelSpan({ start: 0, end: 0, attributes: { "session.id": id } })]);
    expect(await runOf(app, user, chatOf(id))).toMatchObject({
      status: "in_progress",
      started_at: app.clock.now().toISOString(),
      steps: [{ status: "in_progress" }],
    });
  });
});
