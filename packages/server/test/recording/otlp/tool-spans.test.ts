import type { DebugStep } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { traceChatId } from "../../../src/store/trace-ids.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import {
  askingFor,
  chatOf,
  modelSpan,
  newSpanId,
  newTraceId,
  runOf,
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

function toolsOf(step: DebugStep | undefined): unknown {
  return step?.metadata["tools"];
}

describe("a tool's span", () => {
  test("is an event of the step that asked for it by its id, wherever in the trace it stands", async () => {
    const traceId = newTraceId();
    const first = modelSpan({ traceId, attributes: askingFor("call_1") });
    const second = modelSpan({ traceId, start: SPANS_START + 5_000 });
    const tool = toolSpan({ traceId, callId: "call_1", start: SPANS_START + 6_000, parentSpanId: second.spanId });
    expect(await sendSpans(app, user, [first, second, tool])).toEqual(TAKEN);
    const { steps } = await runOf(app, user, traceChatId(traceId));
    expect(toolsOf(steps[0])).toEqual([
      {
        span_id: tool.spanId,
        parent_span_id: second.spanId,
        tool_name: "weather",
        tool_call_id: "call_1",
        status: "completed",
        started_at: new Date(tool.start).toISOString(),
        finished_at: new Date(tool.end).toISOString(),
        duration_ms: 1_000,
        arguments: { city: "Oslo" },
        result: { degrees: 21 },
      },
    ]);
    expect(toolsOf(steps[1])).toBeUndefined();
  });

  test("without an id is an event of the call that it stands in, or else of the one before it", async () => {
    const traceId = newTraceId();
    const first = modelSpan({ traceId });
    const second = modelSpan({ traceId, start: SPANS_START + 5_000 });
    const inside = toolSpan({ traceId, parentSpanId: first.spanId, start: SPANS_START + 9_000 });
    const between = toolSpan({ traceId, start: SPANS_START + 2_000 });
    const after = toolSpan({ traceId, start: SPANS_START + 7_000 });
    const early = toolSpan({ traceId, start: SPANS_START - 7_000 });
    const together = toolSpan({ traceId, start: second.start });
    await sendSpans(app, user, [first, second, inside, between, after, early, together]);
    const { steps } = await runOf(app, user, traceChatId(traceId));
    const spans = (step: DebugStep | undefined) =>
      (toolsOf(step) as { span_id: string }[]).map(({ span_id }) => span_id);
    expect(spans(steps[0])).toEqual([early.spanId, between.spanId, inside.spanId]);
    expect(spans(steps[1])).toEqual([together.spanId, after.spanId]);
  });

  test("that is sent again counts as it came last", async () => {
    const traceId = newTraceId();
    const tool = toolSpan({ traceId });
    await sendSpans(app, user, [
      modelSpan({ traceId }),
      { ...tool, name: "earlier", attributes: { ...tool.attributes, "gen_ai.tool.name": "earlier" } },
    ]);
    await sendSpans(app, user, [tool]);
    expect(toolsOf((await runOf(app, user, traceChatId(traceId))).steps[0])).toMatchObject([{ tool_name: "weather" }]);
  });

  test("is one of the first two hundred of its step, or is left out", async () => {
    const traceId = newTraceId();
    const tools = Array.from({ length: 205 }, (_, index) => toolSpan({ traceId, start: SPANS_START + index }));
    await sendSpans(app, user, [modelSpan({ traceId }), ...tools.slice(100)]);
    await sendSpans(app, user, tools.slice(0, 100));
    const kept = toolsOf((await runOf(app, user, traceChatId(traceId))).steps[0]) as { span_id: string }[];
    expect(kept.map(({ span_id }) => span_id)).toEqual(tools.slice(0, 200).map(({ spanId }) => spanId));
  });

  test("says how it failed", async () => {
    const traceId = newTraceId();
    const tool = toolSpan({ traceId, error: "The station is offline.", attributes: { "error.type": "OfflineError" } });
    await sendSpans(app, user, [modelSpan({ traceId }), tool]);
    const run = await runOf(app, user, traceChatId(traceId));
    expect(toolsOf(run.steps[0])).toMatchObject([
      { status: "error", error: { name: "OfflineError", message: "The station is offline." } },
    ]);
    // A model call is not wrong because its tool was.
    expect(run).toMatchObject({ status: "completed", steps: [{ status: "completed" }] });
  });

  test("keeps the beginning of long arguments and results, with their lengths beside", async () => {
    const traceId = newTraceId();
    const long = { city: "O".repeat(5_000) };
    const attributes = {
      "gen_ai.tool.call.arguments": JSON.stringify(long),
      "gen_ai.tool.call.result": "R".repeat(3_000),
    };
    await sendSpans(app, user, [modelSpan({ traceId }), toolSpan({ traceId, attributes })]);
    expect(toolsOf((await runOf(app, user, traceChatId(traceId))).steps[0])).toMatchObject([
      {
        arguments: JSON.stringify(long).slice(0, 2_000),
        arguments_length: JSON.stringify(long).length,
        result: "R".repeat(2_000),
        result_length: 3_000,
      },
    ]);
  });

  test.each<[string, SentAttributes]>([
    [
      "the AI SDK's own attributes",
      {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "weather",
        "ai.toolCall.id": "call_1",
        "ai.toolCall.args": '{"city":"Oslo"}',
        "ai.toolCall.result": '{"degrees":21}',
      },
    ],
    [
      "OpenInference",
      {
        "openinference.span.kind": "TOOL",
        "tool.name": "weather",
        "tool_call.id": "call_1",
        "input.value": '{"city":"Oslo"}',
        "output.value": '{"degrees":21}',
      },
    ],
    [
      "Traceloop",
      {
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "weather",
        "gen_ai.tool.call.id": "call_1",
        "traceloop.entity.input": '{"city":"Oslo"}',
        "traceloop.entity.output": '{"degrees":21}',
      },
    ],
    [
      "Langfuse",
      {
        "langfuse.observation.type": "tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.id": "call_1",
        "langfuse.observation.input": '{"city":"Oslo"}',
        "langfuse.observation.output": '{"degrees":21}',
      },
    ],
  ])("is read in the words of %s", async (_name, attributes) => {
    const traceId = newTraceId();
    await sendSpans(app, user, [
      modelSpan({ traceId, attributes: askingFor("call_1") }),
      sentSpan({ traceId, attributes }),
    ]);
    expect(toolsOf((await runOf(app, user, traceChatId(traceId))).steps[0])).toMatchObject([
      { tool_name: "weather", tool_call_id: "call_1", arguments: { city: "Oslo" }, result: { degrees: 21 } },
    ]);
  });

  test("that comes before its model call waits in a step of its own, which goes when the call comes", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    const tool = toolSpan({ traceId, callId: "call_1", start: SPANS_START + 500 });
    expect(await sendSpans(app, user, [tool])).toEqual(TAKEN);
    const waiting = await runOf(app, user, traceChatId(traceId));
    expect(waiting).toMatchObject({ status: "completed", steps: [{ step_number: 1, status: "completed" }] });
    expect(toolsOf(waiting.steps[0])).toMatchObject([{ tool_call_id: "call_1" }]);

    const model = modelSpan({ traceId, attributes: { ...askingFor("call_1"), "session.id": id } });
    expect(await sendSpans(app, user, [model])).toEqual(TAKEN);
    const run = await runOf(app, user, chatOf(id));
    expect(run.steps).toMatchObject([{ step_number: 1, metadata: { span_id: model.spanId } }]);
    expect(toolsOf(run.steps[0])).toMatchObject([{ tool_call_id: "call_1" }]);
  });

  test("that says the chat of another conversation goes into no other", async () => {
    const [one, other, traceId] = [newTraceId(), newTraceId(), newTraceId()];
    const asking = askingFor("call_1");
    await sendSpans(app, user, [modelSpan({ traceId, attributes: { ...asking, "session.id": one } })]);
    await sendSpans(app, user, [toolSpan({ traceId, callId: "call_1", attributes: { "session.id": other } })]);
    expect(toolsOf((await runOf(app, user, chatOf(one))).steps[0])).toBeUndefined();
    expect(toolsOf((await runOf(app, user, chatOf(other))).steps[0])).toHaveLength(1);
  });

  test("without a chat finds the call that asked for it in whichever chat of its trace", async () => {
    const [one, other, traceId] = [newTraceId(), newTraceId(), newTraceId()];
    await sendSpans(app, user, [modelSpan({ traceId, attributes: { "session.id": one } })]);
    await sendSpans(app, user, [toolSpan({ traceId, callId: "call_2", start: SPANS_START + 100 })]);
    expect(toolsOf((await runOf(app, user, chatOf(one))).steps[0])).toHaveLength(1);
    await sendSpans(app, user, [modelSpan({ traceId, attributes: { ...askingFor("call_2"), "session.id": other } })]);
    expect(toolsOf((await runOf(app, user, chatOf(one))).steps[0])).toBeUndefined();
    expect(toolsOf((await runOf(app, user, chatOf(other))).steps[0])).toHaveLength(1);
  });

  test("leaves nothing behind where it was looked for, when its call is in another chat", async () => {
    const [one, other, traceId] = [newTraceId(), newTraceId(), newTraceId()];
    await sendSpans(app, user, [
      modelSpan({ traceId, parentSpanId: newSpanId(), attributes: { "session.id": one } }),
      modelSpan({ traceId, parentSpanId: newSpanId(), attributes: { ...askingFor("call_2"), "session.id": other } }),
      toolSpan({ traceId, callId: "call_2" }),
    ]);
    expect(toolsOf((await runOf(app, user, chatOf(other))).steps[0])).toHaveLength(1);
    const { rows } = await app.pool.query("SELECT FROM chats WHERE id = $1", [traceChatId(traceId)]);
    expect(rows).toEqual([]);
  });
});
