import type { NormalizedPart, StepItem } from "@shelflife/api-contract";
import { generateText, streamText } from "ai";
import { describe, expect, it } from "vitest";

import { FetchRecording } from "./fetch-recording.ts";
import { fixtureNames, readStreamFixture } from "./provider-fixtures.ts";
import { fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording } from "./recording.ts";

/** Google's only recording is an error; the other one holds the answers to several calls. */
const names = fixtureNames().filter((name) => !/^google\/|reasoning-encrypted-content/.test(name));

type Api = "openai.chat" | "openai.responses" | "anthropic.messages";

/** OpenAI's recordings are of its responses API, but for the one called "text"; most others speak its older one. */
function apiOf(name: string): Api {
  if (name.startsWith("anthropic/")) return "anthropic.messages";
  return name.startsWith("openai/") && !name.startsWith("openai/openai-text.") ? "openai.responses" : "openai.chat";
}

const isStream = (name: string): boolean => !name.endsWith(".json");

/** Makes a call through an official library, and answers all that it gives, or how it fails. */
async function call(recording: FetchRecording, name: string, fetch: typeof globalThis.fetch): Promise<unknown> {
  const stream = isStream(name);
  const given: unknown[] = [];
  const collect = async (answer: unknown): Promise<void> => {
    if (!stream) given.push(answer);
    else for await (const event of answer as AsyncIterable<unknown>) given.push(event);
  };
  try {
    switch (apiOf(name)) {
      case "anthropic.messages": {
        const client = recording.anthropic(fetch);
        const messages = [{ role: "user" as const, content: "Hello" }];
        await collect(await client.messages.create({ model: "test-model", max_tokens: 10, messages, stream }));
        break;
      }
      case "openai.responses":
        await collect(await recording.openai(fetch).responses.create({ model: "test-model", input: "Hello", stream }));
        break;
      case "openai.chat": {
        const messages = [{ role: "user" as const, content: "Hello" }];
        const client = recording.openai(fetch);
        await collect(await client.chat.completions.create({ model: "test-model", messages, stream }));
        break;
      }
    }
  } catch (error) {
    given.push(String(error));
  }
  return given;
}

describe.each(names)("%s", (name) => {
  it("reaches the application unchanged and the record whole", async () => {
    await using recording = await FetchRecording.start([fixtureAnswer(name)]);
    const unrecorded = await call(recording, name, globalThis.fetch);
    expect(await call(recording, name, recording.fetch)).toEqual(unrecorded);

    expect(await recording.fetch.flush()).toBe(true);
    expect(recording.warnings).toEqual([]);
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ chat_id: CHAT_ID, kind: "chat_turn", status: step.status, model: "test-model" });
    expect(step).toMatchObject({ run_id: run.id, step_number: 1, operation: isStream(name) ? "stream" : "generate" });
    expect(step.normalized_request).toMatchObject({
      messages: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }],
    });
    expect(step.attempts).toMatchObject([
      {
        number: 1,
        status: step.status,
        method: "POST",
        response_status: 200,
        request_body: { model: "test-model" },
        response_body: expect.anything(),
      },
    ]);
    expect(step.status).toBe(/openai-error/.test(name) ? "error" : "completed");
    const recordedByAiSdk = await recordThroughAiSdk(name);
    expect(contentOf(step, name)).toEqual(contentOf(recordedByAiSdk, name));
  });
});

/** The same answer as the AI SDK understands it. */
async function recordThroughAiSdk(name: string): Promise<StepItem> {
  await using recording = await Recording.start([fixtureAnswer(name)]);
  const provider = /openai\/openai-text/.test(name) ? "openai.chat" : name.slice(0, name.indexOf("/"));
  const call = { model: recording.model(provider), prompt: "Hello", maxRetries: 0, ...recording.options };
  if (isStream(name)) await streamText({ ...call, onError: () => undefined }).consumeStream();
  else await generateText(call).catch(() => undefined);
  await recording.recorder.flush();
  return recording.ingest.step;
}

/** The AI SDK has ways of its own to show the tools that a provider runs. */
const PROVIDER_TOOLS = /mcp|code-interpreter|file-search|web-search|apply-patch/;

/** The AI SDK adds up what xAI counts apart. */
const COUNTED_APART = /\/xai-/;

/** What both have to agree on. */
function contentOf(step: StepItem, name: string): unknown {
  const response = (step.normalized_response ?? {}) as { content?: NormalizedPart[]; finish_reason?: string };
  const texts = (type: string): string =>
    (response.content ?? [])
      .filter((part) => part.type === type)
      .map((part) => part.text)
      .join("");
  const calls = (response.content ?? []).filter(({ type }) => type === "tool-call");
  const counts = Object.entries(step.usage ?? {}).filter(([, count]) => count !== 0);
  return {
    status: step.status,
    finish: response.finish_reason,
    usage: Object.fromEntries(counts.filter(([field]) => field !== "total_tokens" || !COUNTED_APART.test(name))),
    text: texts("text"),
    reasoning: texts("reasoning"),
    calls: PROVIDER_TOOLS.test(name) ? [] : calls.map((part) => [part.tool_call_id, part.tool_name, part.arguments]),
  };
}

it.each(["text/plain; charset=utf-8", "application/json", ""])(
  "understands a stream whose media type is said to be %j",
  async (mediaType) => {
    const body = readStreamFixture("openai/openai-text.chunks.txt").join("");
    const headers = { "content-type": mediaType };
    await using recording = await FetchRecording.start([{ status: 200, headers, body }]);
    await call(recording, "openai/openai-text.chunks.txt", recording.fetch);
    await recording.fetch.flush();
    const { step } = recording.ingest;
    expect(step).toMatchObject({
      status: "completed",
      operation: "stream",
      usage: { output_tokens: expect.any(Number) },
    });
    expect(step.normalized_response?.["content"]).toMatchObject([{ type: "text" }]);
  },
);
