import { generateText, streamText } from "ai";
import { describe, expect, it } from "vitest";

import { fixtureNames } from "./provider-fixtures.ts";
import { fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording } from "./recording.ts";

/** Google's provider is not installed, and its only recording is an error. */
const names = fixtureNames().filter((name) => !name.startsWith("google/"));

const wholeResponses = names.filter((name) => name.endsWith(".json"));
const streams = names.filter((name) => !name.endsWith(".json"));

/** OpenAI's recordings are of its responses API, but for the one called "text". */
function providerOf(name: string): string {
  if (name.startsWith("openai/openai-text.")) return "openai.chat";
  return name.slice(0, name.indexOf("/"));
}

type RecordingOptions = Recording["options"] | Record<string, never>;

/** What an application sees of a call, but for what is made anew each time: ids and times. */
interface Seen {
  text: string;
  totalTokens?: number | undefined;
  error?: unknown;
}

async function generate(recording: Recording, name: string, options: RecordingOptions): Promise<Seen> {
  try {
    const model = recording.model(providerOf(name));
    const { content, text, usage, finishReason, warnings, providerMetadata } = await generateText({
      model,
      prompt: "Hello",
      maxRetries: 0,
      ...options,
    });
    return withoutIdsAndTimes({
      content,
      text,
      usage,
      finishReason,
      warnings,
      providerMetadata,
      totalTokens: usage.totalTokens,
    });
  } catch (error) {
    return { text: "", error: String(error) };
  }
}

async function stream(recording: Recording, name: string, options: RecordingOptions): Promise<Seen> {
  const model = recording.model(providerOf(name));
  const parts: unknown[] = [];
  let text = "";
  const errors: string[] = [];
  const onError = ({ error }: { error: unknown }) => void errors.push(String(error));
  const result = streamText({ model, prompt: "Hello", maxRetries: 0, onError, ...options });
  for await (const part of result.stream) {
    if (part.type === "text-delta") text += part.text;
    parts.push(
      part.type === "finish-step" || part.type === "finish" ? { type: part.type, reason: part.finishReason } : part,
    );
  }
  // A stream without any output has no usage, which the AI SDK says by an error.
  const usage = await Promise.resolve(result.totalUsage).catch(() => undefined);
  return withoutIdsAndTimes({ parts, text, errors, totalTokens: usage?.totalTokens });
}

/** The AI SDK makes up ids where a provider gives none, and two answers may lie in two different seconds. */
function withoutIdsAndTimes<Value>(value: Value): Value {
  const json = JSON.stringify(value, (key, field: unknown) =>
    /^(?:id|toolCallId|timestamp|date)$/.test(key) ? undefined : field,
  );
  return JSON.parse(json) as Value;
}

describe.each([
  ["a whole response", "generate" as const, wholeResponses, generate],
  ["a stream", "stream" as const, streams, stream],
])("%s", (_, operation, fixtures, call) => {
  it.each(fixtures)("of %s reaches the application unchanged and the record whole", async (name) => {
    await using recording = await Recording.start([fixtureAnswer(name)]);
    const unrecorded = await call(recording, name, {});
    const recorded = await call(recording, name, recording.options);
    expect(recorded).toEqual(unrecorded);

    expect(await recording.recorder.flush()).toBe(true);
    expect(recording.warnings).toEqual([]);
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ chat_id: CHAT_ID, kind: "chat_turn", status: step.status });
    expect(step).toMatchObject({ run_id: run.id, chat_id: CHAT_ID, step_number: 1, operation });
    expect(step.finished_at).toBeDefined();
    expect(step.normalized_request).toMatchObject({
      messages: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }],
    });
    expect(step.attempts).toMatchObject([{ number: 1, status: step.status }]);
    expect(textOf(step.normalized_response)).toBe(recorded.text);
    expect(step.status).toBe(/openai-error/.test(name) ? "error" : "completed");
    if (step.status === "error") expect(step.error).toMatchObject({ message: expect.any(String) });
    else expect(step.usage?.["total_tokens"]).toBe(recorded.totalTokens);
  });
});

function textOf(response: Record<string, unknown> | undefined): string {
  const content = (response?.["content"] ?? []) as { type: string; text?: string }[];
  return content
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("");
}
