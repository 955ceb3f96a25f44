import { SpanStatusCode, type Attributes } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";

import { startExportingApplication, type ExportingApplication } from "./exporting-application.ts";
import { chatOf, newTraceId, runOf } from "./sent-spans.ts";

const ASKED = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "Is it warm in Oslo?" }] }]);
const CALLED = JSON.stringify([
  { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }] },
]);
const ANSWERED = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "It is." }] }]);

const CALL = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-5",
  "gen_ai.request.temperature": 0.5,
  "gen_ai.input.messages": ASKED,
  "gen_ai.usage.input_tokens": 40,
};

/** A chat turn as an instrumented agent makes one: a call, a tool, a second call. */
function takeTurn({ tracer }: ExportingApplication, attributes: Attributes): void {
  tracer.startActiveSpan(
    "invoke_agent",
    { attributes: { "gen_ai.operation.name": "invoke_agent", ...attributes } },
    (agent) => {
      const spans: [string, Attributes][] = [
        ["chat gpt-5", { ...CALL, "gen_ai.usage.output_tokens": 5, "gen_ai.output.messages": CALLED }],
        [
          "execute_tool weather",
          { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather", "gen_ai.tool.call.id": "call_1" },
        ],
        ["chat gpt-5", { ...CALL, "gen_ai.usage.output_tokens": 3, "gen_ai.output.messages": ANSWERED }],
      ];
      for (const [name, ofSpan] of spans) {
        tracer.startActiveSpan(name, { attributes: ofSpan }, (span) => {
          const until = performance.now() + 2;
          // Spans are told apart by the millisecond in which they started.
          while (performance.now() < until);
          span.end();
        });
      }
      agent.end();
    },
  );
}

describe.each(["protobuf", "json"] as const)("the SDK's exporter for %s", (encoding) => {
  test.each([
    ["in a batch", true, "none"],
    ["in a batch, compressed", true, "gzip"],
    ["one by one", false, "none"],
  ] as const)("has a turn recorded whose spans it sends %s", async (_name, batches, compression) => {
    await using exporting = await startExportingApplication({ encoding, batches, compression });
    const id = newTraceId();
    takeTurn(exporting, { "gen_ai.conversation.id": id });
    await exporting.flush();

    const run = await runOf(exporting.app, exporting.user, chatOf(id));
    expect(run).toMatchObject({
      status: "completed",
      provider: "openai",
      model: "gpt-5",
      summary: { first_message: "Is it warm in Oslo?", step_count: 2, total_input_tokens: 80, total_output_tokens: 8 },
    });
    expect(run.steps).toMatchObject([
      {
        step_number: 1,
        normalized_request: { options: { temperature: 0.5 } },
        normalized_response: { content: [{ type: "tool-call", tool_call_id: "call_1" }] },
        metadata: {
          service_name: "test-application",
          instrumentation: "test-application",
          tools: [{ tool_name: "weather", tool_call_id: "call_1" }],
        },
      },
      { step_number: 2, normalized_response: { content: [{ type: "text", text: "It is." }] } },
    ]);
    expect(exporting.complaints).toEqual([]);
  });

  test("finds all that it needs in the environment", async () => {
    await using exporting = await startExportingApplication({ encoding, byEnvironment: true });
    const id = newTraceId();
    takeTurn(exporting, { "gen_ai.conversation.id": id });
    await exporting.flush();
    expect((await runOf(exporting.app, exporting.user, chatOf(id))).steps).toHaveLength(2);
  });

  test("records what a span recorded as an exception", async () => {
    await using exporting = await startExportingApplication({ encoding });
    const id = newTraceId();
    const span = exporting.tracer.startSpan("chat gpt-5", { attributes: { ...CALL, "session.id": id } });
    span.recordException(new TypeError("The model is not available."));
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    await exporting.flush();
    const run = await runOf(exporting.app, exporting.user, chatOf(id));
    expect(run).toMatchObject({
      status: "error",
      steps: [{ error: { name: "TypeError", message: "The model is not available." } }],
    });
  });

  test("tells its operator what was not recorded, and who turns recording on", async () => {
    await using exporting = await startExportingApplication({ encoding, recordingForced: false });
    takeTurn(exporting, {});
    await exporting.flush();
    expect(exporting.complaints.join()).toMatch(/Partial Success.*SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED/);
  });

  test("is told that its key is wrong", async () => {
    await using exporting = await startExportingApplication({ encoding, key: "no-such-key" });
    takeTurn(exporting, {});
    const failure: unknown = await exporting.flush().catch((error: unknown) => error);
    expect(failure).toMatchObject([{ code: 401, data: expect.stringContaining("The key is not in force") }]);
  });
});
