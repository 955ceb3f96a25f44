import { metrics } from "@opentelemetry/api";
import { OpenAIInstrumentation as OpenInferenceInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import { OpenAIInstrumentation as OpenTelemetryInstrumentation } from "@opentelemetry/instrumentation-openai";
import { OpenAIInstrumentation as TraceloopInstrumentation } from "@traceloop/instrumentation-openai";
import type { DebugRun } from "@shelflife/api-contract";
import OpenAI from "openai";
import { beforeEach, describe, expect, test } from "vitest";

import {
  errorAnswer,
  fixtureAnswer,
  ProviderReplayServer,
  type ProviderAnswer,
} from "../../../../recorder/test/provider-replay-server.ts";
import { startExportingApplication, type ExportingApplication } from "./exporting-application.ts";
import { chatOf, newTraceId, runOf } from "./sent-spans.ts";

/** Turns an instrumentation on, and answers how it is turned off. */
type TurnOn = (exporting: ExportingApplication) => () => void;

/**
 * None of these sees the ES module that an application imports, so each is handed the class to instrument. The first two
 * never end the span of a call that the provider refuses with this client's version, so that nothing of it is exported.
 */
const openInference: TurnOn = ({ provider }) => {
  const instrumentation = new OpenInferenceInstrumentation({ tracerProvider: provider });
  instrumentation.manuallyInstrument(OpenAI);
  return () => instrumentation.disable();
};

const traceloop: TurnOn = ({ provider }) => {
  const instrumentation = new TraceloopInstrumentation();
  instrumentation.setTracerProvider(provider);
  instrumentation.manuallyInstrument(OpenAI);
  return () => (instrumentation as unknown as Patches).unpatch(OpenAI);
};

/** It declares that it supports the client below version 7, and works with version 7 when it is given the module itself. */
const openTelemetry: TurnOn = ({ provider }) => {
  const instrumentation = new OpenTelemetryInstrumentation({ captureMessageContent: true });
  instrumentation.setTracerProvider(provider);
  instrumentation.setMeterProvider(metrics.getMeterProvider());
  const [definition] = (instrumentation as unknown as { init(): Patches[] }).init();
  definition?.patch({ OpenAI });
  return () => definition?.unpatch({ OpenAI });
};

/** What an instrumentation does to a module; only loaders of modules are meant to call it. */
interface Patches {
  patch(module: unknown): void;
  unpatch(module: unknown): void;
}

let exporting: ExportingApplication;

beforeEach(async () => {
  exporting = await startExportingApplication();
  return () => exporting[Symbol.asyncDispose]();
});

const TOOLS = [
  {
    type: "function" as const,
    function: {
      name: "weather",
      description: "Tells the weather.",
      parameters: { type: "object", properties: { location: { type: "string" } } },
    },
  },
];

const MESSAGES = [
  { role: "system" as const, content: "Answer briefly." },
  { role: "user" as const, content: "Is it warm in San Francisco?" },
];

/** One call of the official client in a conversation, answered by a recorded response, and the run that came of it. */
async function recordCall(
  turnOn: TurnOn,
  answer: ProviderAnswer,
  call: (client: OpenAI) => Promise<unknown>,
): Promise<DebugRun> {
  await using provider = await ProviderReplayServer.start(answer);
  const turnOff = turnOn(exporting);
  const id = newTraceId();
  try {
    const client = new OpenAI({ baseURL: provider.url, apiKey: "provider-key", maxRetries: 0 });
    await exporting.tracer.startActiveSpan("POST /chat", { attributes: { "session.id": id } }, async (span) => {
      await call(client).catch(() => undefined);
      span.end();
    });
    await exporting.flush();
  } finally {
    turnOff();
  }
  expect(exporting.complaints).toEqual([]);
  return runOf(exporting.app, exporting.user, chatOf(id));
}

const WHOLE = fixtureAnswer("deepseek/deepseek-tool-call.json");

function complete(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create({
    model: "test-model",
    temperature: 0.5,
    max_tokens: 100,
    messages: MESSAGES,
    tools: TOOLS,
  });
}

async function stream(client: OpenAI): Promise<void> {
  const chunks = await client.chat.completions.create({
    model: "test-model",
    stream: true,
    stream_options: { include_usage: true },
    messages: MESSAGES,
    tools: TOOLS,
  });
  for await (const chunk of chunks) void chunk;
}

const REQUEST = {
  messages: [
    { role: "system", parts: [{ type: "text", text: "Answer briefly." }] },
    { role: "user", parts: [{ type: "text", text: "Is it warm in San Francisco?" }] },
  ],
  tools: [{ name: "weather", description: "Tells the weather.", input_schema: { type: "object" } }],
};

const TOOL_CALL = { type: "tool-call", tool_name: "weather", arguments: { location: "San Francisco" } };

describe.each([
  [
    "OpenInference",
    openInference,
    { finish_reason: "tool_calls", usage: { cache_read_tokens: 320, reasoning_tokens: 48 } },
  ],
  ["Traceloop", traceloop, { finish_reason: "tool_call", usage: {} }],
] as const)("the instrumentation of OpenAI's client by %s", (_name, turnOn, expected) => {
  test("has a call recorded with its messages, tools, options, answer and figures", async () => {
    const run = await recordCall(turnOn, WHOLE, complete);
    expect(run).toMatchObject({
      status: "completed",
      summary: { first_message: "Is it warm in San Francisco?", total_input_tokens: 339, total_output_tokens: 92 },
      steps: [
        {
          operation: "generate",
          normalized_request: { ...REQUEST, options: { temperature: 0.5, max_output_tokens: 100 } },
          normalized_response: { content: [TOOL_CALL], finish_reason: expected.finish_reason },
          usage: { input_tokens: 339, output_tokens: 92, total_tokens: 431, ...expected.usage },
        },
      ],
    });
  });

  test("has a stream recorded", async () => {
    const run = await recordCall(turnOn, fixtureAnswer("deepseek/deepseek-tool-call.chunks.txt"), stream);
    expect(run).toMatchObject({
      status: "completed",
      steps: [
        {
          normalized_request: REQUEST,
          normalized_response: { content: [TOOL_CALL], finish_reason: expected.finish_reason },
        },
      ],
    });
  });
});

describe("OpenTelemetry's own instrumentation of OpenAI's client", () => {
  test("has a call recorded with its figures: it puts what was said into logs, which are not taken", async () => {
    const run = await recordCall(openTelemetry, WHOLE, complete);
    expect(run).toMatchObject({
      status: "completed",
      provider: "openai",
      model: "test-model",
      steps: [
        {
          normalized_request: { messages: [], tools: [], options: { temperature: 0.5, max_output_tokens: 100 } },
          normalized_response: { content: [], finish_reason: "tool_calls" },
          usage: { input_tokens: 339, output_tokens: 92, total_tokens: 431 },
          metadata: { response_model: "deepseek-reasoner" },
        },
      ],
    });
  });

  test("has a call recorded that the provider refused", async () => {
    const run = await recordCall(openTelemetry, errorAnswer(429, "You exceeded your quota."), complete);
    expect(run).toMatchObject({
      status: "error",
      steps: [{ status: "error", error: { name: "RateLimitError", message: "429 You exceeded your quota." } }],
    });
  });
});
