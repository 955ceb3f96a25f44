import { redactJson, type DebugRun, type DebugStep, type NormalizedPart } from "@shelflife/api-contract";
import { inChat } from "@shelflife/recorder";
import { generateText, jsonSchema, registerTelemetry, streamText, type LanguageModelUsage, type ToolSet } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";

import { fixtureNames } from "../../../recorder/test/provider-fixtures.ts";
import { errorAnswer, fixtureAnswer, partOfStream } from "../../../recorder/test/provider-replay-server.ts";
import { startRecordedApplication, type RecordedApplication } from "./recorded-application.ts";

// The AI SDK says on the console what a model does not support, which is not what these tests are about.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** Google's provider is not installed, and its only recording is an error. */
const FIXTURES = fixtureNames().filter((name) => !name.startsWith("google/"));

/** OpenAI's recordings are of its responses API, but for the one called "text". */
function providerOf(name: string): string {
  if (name.startsWith("openai/")) return name.startsWith("openai/openai-text.") ? "openai chat" : "openai responses";
  return name.slice(0, name.indexOf("/"));
}

/** However busy the machine is. */
const PATIENCE = { timeoutMs: 120_000 };

/** What the AI SDK told the application of one call. */
interface Told {
  readonly text: string;
  readonly toolCalls: readonly { toolName: string; input: unknown }[];
  readonly finishReason: string;
  readonly usage: LanguageModelUsage | undefined;
  readonly failed: boolean;
}

const tools: ToolSet = {
  weather: {
    description: "The weather of a place.",
    inputSchema: jsonSchema<Record<string, unknown>>({ type: "object" }),
  },
};

async function callModel(application: RecordedApplication, name: string, chatId: string): Promise<Told> {
  application.provider.answerWith(fixtureAnswer(name));
  const options = {
    model: application.model(providerOf(name)),
    prompt: `Replay ${name}`,
    tools,
    maxRetries: 0,
    ...inChat({ chatId }),
  };
  try {
    if (name.endsWith(".json")) {
      const { text, toolCalls, finishReason, usage } = await generateText(options);
      return { text, toolCalls, finishReason, usage, failed: false };
    }
    let failed = false;
    const result = streamText({ ...options, onError: () => void (failed = true) });
    await result.consumeStream();
    const [text, toolCalls, finishReason, usage] = await Promise.all([
      result.text,
      result.toolCalls,
      result.finishReason,
      result.usage,
    ]);
    return { text, toolCalls, finishReason, usage, failed };
  } catch {
    return { text: "", toolCalls: [], finishReason: "error", usage: undefined, failed: true };
  }
}

describe("each recorded provider response, through the real provider package, the AI SDK, the recorder and the server", () => {
  let application: RecordedApplication;
  /** Of each recording the chat, what the application was told, and what the server has of it. */
  const chats = new Map<string, { chatId: string; told: Told; runs: readonly DebugRun[] }>();

  beforeAll(async () => {
    application = await startRecordedApplication();
    registerTelemetry(application.recorder);
    const { recorder, client } = application;
    const calls: { name: string; chatId: string; told: Told }[] = [];
    for (const name of FIXTURES) {
      const chatId = uuidv7();
      calls.push({ name, chatId, told: await callModel(application, name, chatId) });
    }
    expect(await recorder.flush(PATIENCE)).toBe(true);
    // Read before the tests, one of which purges all of it.
    for (const { name, chatId, told } of calls) {
      const summaries = await client.listDebugRuns(chatId);
      const runs = await Promise.all(summaries.map(({ id }) => client.getDebugRun(chatId, id)));
      chats.set(name, { chatId, told, runs });
    }
  });
  afterAll(() => application[Symbol.asyncDispose]());

  it("covers every provider, whole and streamed", () => {
    expect(
      new Set(FIXTURES.map((name) => `${name.split("/")[0]} ${name.endsWith(".json") ? "whole" : "streamed"}`)),
    ).toEqual(
      new Set(
        ["anthropic", "deepseek", "mistral", "openai", "openai-compatible"].flatMap((p) => [
          `${p} whole`,
          `${p} streamed`,
        ]),
      ),
    );
    expect(application.warnings).toEqual([]);
  });

  it.each(FIXTURES)("%s reads back as the SDK reported it", (name) => {
    const { told, runs = [] } = chats.get(name) ?? {};
    expect(runs).toHaveLength(1);
    const run = runs[0] as DebugRun;
    expect(run.steps).toHaveLength(1);
    const step = run.steps[0] as DebugStep;
    const expectedStatus = told?.failed === true ? "error" : "completed";
    expect({ run: run.status, step: step.status }).toEqual({ run: expectedStatus, step: expectedStatus });
    expect(step.operation).toBe(name.endsWith(".json") ? "generate" : "stream");
    expect(run.summary).toMatchObject({ first_message: `Replay ${name}`, step_count: 1, has_error: told?.failed });
    if (told?.failed !== false) {
      expect(step.error).toMatchObject({ message: expect.stringMatching(/./) as string });
      return;
    }

    const parts = ((step.normalized_response ?? {})["content"] ?? []) as NormalizedPart[];
    const text = parts
      .filter((part) => part.type === "text")
      .map((part) => part.text)
      .join("");
    expect(text).toBe(told.text);
    const toolCalls = parts.filter((part) => part.tool_name !== undefined && part.arguments !== undefined);
    expect(toolCalls.map((part) => ({ toolName: part.tool_name, input: part.arguments }))).toEqual(
      // A recorded answer has a field called "password", which is redacted like any other.
      expect.arrayContaining(told.toolCalls.map(({ toolName, input }) => ({ toolName, input: redactJson(input) }))),
    );
    expect((step.normalized_response ?? {})["finish_reason"]).toBe(told.finishReason);
    expect(step.usage ?? {}).toEqual(tokensOf(told.usage));
    expect(run.summary).toMatchObject({
      total_input_tokens: told.usage?.inputTokens ?? 0,
      total_output_tokens: told.usage?.outputTokens ?? 0,
    });
  });

  it("all of it is gone one tick after its window: runs, steps and payloads, while the chats stay", async () => {
    const total = chats.size;
    const rows = async (table: string): Promise<number> =>
      (await application.pool.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)).rows[0]?.rows ?? -1;
    expect(await rows("chat_debug_runs")).toBe(total);
    expect(await rows("chat_debug_payloads")).toBe(total);

    application.clock.set(new Date(application.clock.now().getTime() + 31 * 86_400_000));
    const { outcome, policies } = await application.tick();
    expect(outcome).toBe("success");
    expect(policies.filter(({ policy }) => policy.startsWith("debug-"))).toMatchObject([
      { policy: "debug-runs", expired: total, deleted: total, left: 0 },
      { policy: "debug-payloads", left: 0 },
    ]);
    expect(await rows("chat_debug_runs")).toBe(0);
    expect(await rows("chat_debug_steps")).toBe(0);
    expect(await rows("chat_debug_payloads")).toBe(0);
    expect(await rows("chats")).toBe(total);
    for (const { chatId } of chats.values()) expect(await application.client.listDebugRuns(chatId)).toEqual([]);

    expect(await application.registry.metrics()).toContain(
      `shelflife_purge_records_purged_total{record_type="chat_debug_runs"} ${total}`,
    );
    const { rows: ledger } = await application.pool.query(
      "SELECT outcome, expired, deleted, remaining FROM purge_ledger WHERE policy = 'debug-runs'",
    );
    expect(ledger).toEqual([{ outcome: "success", expired: total, deleted: total, remaining: 0 }]);
  });
});

describe("calls that go wrong", () => {
  it("a stream that the application aborts is recorded as interrupted, with what had arrived", async () => {
    await using application = await startRecordedApplication();
    const chatId = uuidv7();
    application.provider.answerWith(partOfStream("openai/openai-text.chunks.txt", 20, "hold"));
    const aborting = new AbortController();
    const result = streamText({
      model: application.model("openai chat"),
      prompt: "Tell me a story",
      abortSignal: aborting.signal,
      runtimeContext: inChat({ chatId }).runtimeContext,
      telemetry: { ...inChat({ chatId }).telemetry, integrations: application.recorder },
    });
    let seen = "";
    for await (const part of result.stream) {
      if (part.type === "text-delta") seen += part.text;
      if (seen.length > 10) aborting.abort();
    }
    expect(await application.recorder.flush(PATIENCE)).toBe(true);
    const [summary] = await application.client.listDebugRuns(chatId);
    const run = await application.client.getDebugRun(chatId, summary?.id ?? "");
    expect(run.status).toBe("interrupted");
    expect(run.steps).toMatchObject([{ status: "interrupted", operation: "stream" }]);
  });

  it("a call that succeeds at the third try is one step with three attempts", async () => {
    await using application = await startRecordedApplication();
    const chatId = uuidv7();
    application.provider.answerWith(errorAnswer(500), errorAnswer(429), fixtureAnswer("mistral/mistral-text.json"));
    await generateText({
      model: application.model("mistral"),
      prompt: "Hello",
      maxRetries: 2,
      runtimeContext: inChat({ chatId }).runtimeContext,
      telemetry: { ...inChat({ chatId }).telemetry, integrations: application.recorder },
    });
    expect(await application.recorder.flush(PATIENCE)).toBe(true);
    const [summary] = await application.client.listDebugRuns(chatId);
    const run = await application.client.getDebugRun(chatId, summary?.id ?? "");
    expect(run.steps).toHaveLength(1);
    expect(run.steps[0]).toMatchObject({
      status: "completed",
      attempts: [{ number: 1 }, { number: 2 }, { number: 3, status: "completed" }],
    });
  });
});

/** The token counts of a step as they must be, from what the AI SDK reported; a count that is unknown is left out. */
function tokensOf(usage: LanguageModelUsage | undefined): Record<string, number> {
  const counts = {
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    total_tokens: usage?.totalTokens,
    reasoning_tokens: usage?.outputTokenDetails.reasoningTokens,
    cache_read_tokens: usage?.inputTokenDetails.cacheReadTokens,
    cache_creation_tokens: usage?.inputTokenDetails.cacheWriteTokens,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined)) as Record<
    string,
    number
  >;
}
