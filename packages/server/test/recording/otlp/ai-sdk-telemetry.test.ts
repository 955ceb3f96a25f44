import { LegacyOpenTelemetry, OpenTelemetry } from "@ai-sdk/otel";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { inChat } from "@shelflife/recorder";
import { embed, generateText, isStepCount, streamText, tool, type Telemetry } from "ai";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";

import {
  errorAnswer,
  fixtureAnswer,
  partOfStream,
  ProviderReplayServer,
  type ProviderAnswer,
} from "../../../../recorder/test/provider-replay-server.ts";
import { startExportingApplication, type ExportingApplication } from "./exporting-application.ts";
import { chatOf, newTraceId, runOf } from "./sent-spans.ts";

let exporting: ExportingApplication;

beforeEach(async () => {
  // One by one, so that the root, which alone names the chat in version 7, is the last to come.
  exporting = await startExportingApplication({ batches: false });
  return () => exporting[Symbol.asyncDispose]();
});

const weather = tool({
  description: "Tells the weather.",
  inputSchema: z.object({ location: z.string() }),
  execute: ({ location }) => ({ location, degrees: 21 }),
});

const failing = tool({
  inputSchema: z.object({ location: z.string() }),
  execute: (): string => {
    throw new Error("The station is offline.");
  },
});

/** Options of a call in a chat, which the AI SDK lets through to its telemetry. */
function inRecordedChat(chatId: string, telemetry: Telemetry) {
  const chat = inChat({ chatId });
  return { ...chat, telemetry: { ...chat.telemetry, functionId: "answer", integrations: [telemetry] } };
}

async function withProvider<T>(answers: readonly ProviderAnswer[], work: (url: string) => Promise<T>): Promise<T> {
  await using provider = await ProviderReplayServer.start(...answers);
  const result = await work(provider.url);
  await exporting.flush();
  expect(exporting.complaints).toEqual([]);
  return result;
}

const REASONS = { generate: ["tool-calls", "length"], stream: ["tool-calls", "length"] };

describe.each([
  ["the semantic conventions", () => new OpenTelemetry({ runtimeContext: true, usage: true }), "deepseek"],
  ["its own attributes", () => new LegacyOpenTelemetry(), "deepseek.chat"],
] as const)("the AI SDK's telemetry in %s", (_name, telemetry, provider) => {
  test.each(["generate", "stream"] as const)("has an agent's turn recorded: %s", async (operation) => {
    const chatId = newTraceId();
    const answers =
      operation === "generate"
        ? [fixtureAnswer("deepseek/deepseek-tool-call.json"), fixtureAnswer("deepseek/deepseek-text.json")]
        : [fixtureAnswer("deepseek/deepseek-tool-call.chunks.txt"), fixtureAnswer("deepseek/deepseek-text.chunks.txt")];
    const totals = await withProvider(answers, async (url) => {
      const options = {
        model: createDeepSeek({ baseURL: url, apiKey: "provider-key" })("test-model"),
        system: "Answer briefly.",
        prompt: "What is the weather in San Francisco?",
        temperature: 0.5,
        tools: { weather },
        stopWhen: isStepCount(3),
        ...inRecordedChat(chatId, telemetry()),
      };
      if (operation === "generate") return (await generateText(options)).totalUsage;
      const result = streamText(options);
      await result.consumeStream();
      return result.totalUsage;
    });

    const run = await runOf(exporting.app, exporting.user, chatOf(chatId));
    expect(run).toMatchObject({
      status: "completed",
      provider,
      model: "test-model",
      summary: {
        first_message: "What is the weather in San Francisco?",
        step_count: 2,
        total_input_tokens: totals.inputTokens,
        total_output_tokens: totals.outputTokens,
        total_reasoning_tokens: totals.outputTokenDetails.reasoningTokens,
        total_cache_read_tokens: totals.inputTokenDetails.cacheReadTokens,
        has_error: false,
      },
    });
    const [first, second] = run.steps;
    expect(run.steps.map((step) => [step.operation, step.normalized_response?.["finish_reason"]])).toEqual(
      REASONS[operation].map((reason) => [operation, reason]),
    );
    expect(first?.normalized_request).toMatchObject({
      messages: [
        { role: "system", parts: [{ type: "text", text: "Answer briefly." }] },
        { role: "user", parts: [{ type: "text", text: "What is the weather in San Francisco?" }] },
      ],
      tools: [{ name: "weather", description: "Tells the weather.", input_schema: { type: "object" } }],
      options: { temperature: 0.5 },
    });
    const toolCall = {
      type: "tool-call",
      tool_call_id: expect.any(String) as string,
      tool_name: "weather",
      arguments: { location: "San Francisco" },
    };
    expect(first?.normalized_response).toMatchObject({
      content: [{ type: "reasoning", text: expect.stringContaining("San Francisco") as string }, toolCall],
    });
    expect(first?.metadata["tools"]).toMatchObject([
      {
        tool_name: "weather",
        status: "completed",
        arguments: { location: "San Francisco" },
        result: { location: "San Francisco", degrees: 21 },
      },
    ]);
    expect(second?.normalized_request).toMatchObject({
      messages: [
        {},
        {},
        { role: "assistant" },
        { role: "tool", parts: [{ type: "tool-result", result: { location: "San Francisco", degrees: 21 } }] },
      ],
    });
    expect(second?.normalized_response).toMatchObject({
      content: [{ type: "text", text: expect.stringContaining("Holiday Name") as string }],
    });
  });

  test("has a call recorded that the provider refused", async () => {
    const chatId = newTraceId();
    await withProvider([errorAnswer(429, "You exceeded your quota.")], async (url) => {
      const model = createDeepSeek({ baseURL: url, apiKey: "provider-key" })("test-model");
      const call = generateText({ model, prompt: "Hello", maxRetries: 0, ...inRecordedChat(chatId, telemetry()) });
      await expect(call).rejects.toThrow("quota");
    });
    expect(await runOf(exporting.app, exporting.user, chatOf(chatId))).toMatchObject({
      status: "error",
      summary: { has_error: true },
      steps: [{ status: "error", error: { name: "AI_APICallError", message: "You exceeded your quota." } }],
    });
  });

  test("has a tool recorded that failed", async () => {
    const chatId = newTraceId();
    await withProvider([fixtureAnswer("deepseek/deepseek-tool-call.json")], async (url) => {
      const model = createDeepSeek({ baseURL: url, apiKey: "provider-key" })("test-model");
      const tools = { weather: failing };
      await generateText({
        model,
        prompt: "Hello",
        tools,
        stopWhen: isStepCount(1),
        ...inRecordedChat(chatId, telemetry()),
      });
    });
    expect(await runOf(exporting.app, exporting.user, chatOf(chatId))).toMatchObject({
      status: "completed",
      steps: [
        {
          status: "completed",
          metadata: { tools: [{ status: "error", error: { message: "The station is offline." } }] },
        },
      ],
    });
  });

  test("has a stream recorded as interrupted that was given up", async () => {
    const chatId = newTraceId();
    const answer = partOfStream("deepseek/deepseek-text.chunks.txt", 5, "hold");
    await withProvider([answer], async (url) => {
      const abort = new AbortController();
      const model = createDeepSeek({ baseURL: url, apiKey: "provider-key" })("test-model");
      const result = streamText({
        model,
        prompt: "Hello",
        abortSignal: abort.signal,
        ...inRecordedChat(chatId, telemetry()),
      });
      for await (const part of result.fullStream) {
        if (part.type === "text-delta") abort.abort();
      }
    });
    expect(await runOf(exporting.app, exporting.user, chatOf(chatId))).toMatchObject({
      status: "interrupted",
      steps: [{ status: "interrupted", normalized_request: { messages: [{ role: "user" }] } }],
    });
  });

  test("has an embedding recorded", async () => {
    const chatId = newTraceId();
    const body = JSON.stringify({
      object: "list",
      model: "embed-1",
      data: [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    });
    await withProvider([{ status: 200, body }], async (url) => {
      const model = createOpenAICompatible({ name: "compatible", baseURL: url }).embeddingModel("embed-1");
      await embed({ model, value: "A text.", ...inRecordedChat(chatId, telemetry()) });
    });
    const run = await runOf(exporting.app, exporting.user, chatOf(chatId));
    expect(run).toMatchObject({ model: "embed-1", summary: { total_input_tokens: 5 } });
  });
});
