import { generateText, streamText, experimental_streamTextLowMemory as streamTextLowMemory } from "ai";
import { describe, expect, it } from "vitest";

import { READER_LEFT_AFTER_MS } from "../src/run-recording.ts";
import { FakeClock } from "./fake-clock.ts";
import { type ProviderAnswer, errorAnswer, fixtureAnswer, partOfStream } from "./provider-replay-server.ts";
import { Recording } from "./recording.ts";

const TEXT = fixtureAnswer("openai/openai-text.json");
const STREAM = "openai/openai-text.chunks.txt";

/** So short that the AI SDK has read all of it before its reader asks for the second word. */
const SHORT_STREAM = [
  { choices: [{ index: 0, delta: { content: "Hello" } }] },
  { choices: [{ index: 0, delta: { content: " again" }, finish_reason: "stop" }] },
].map((chunk) => `data: ${JSON.stringify({ id: "1", created: 1, model: "m", ...chunk })}\n\n`);

function call(recording: Recording) {
  return { model: recording.model("openai.chat"), prompt: "Hello", onError: () => undefined, ...recording.options };
}

function generate(recording: Recording, settings: { maxRetries?: number; abortSignal?: AbortSignal } = {}) {
  const { onError: _, ...options } = call(recording);
  return generateText({ ...options, ...settings });
}

describe("a call that is tried again", () => {
  it("is one step, whose tries are its attempts", async () => {
    await using recording = await Recording.start([errorAnswer(429, "Too fast."), errorAnswer(500, "Oops."), TEXT]);
    await generate(recording);
    await recording.recorder.flush();
    const { run, step } = recording.ingest;
    expect(run.status).toBe("completed");
    expect(step).toMatchObject({
      status: "completed",
      attempts: [
        {
          number: 1,
          status: "error",
          method: "POST",
          path: "/v1/chat/completions",
          response_status: 429,
          response_headers: { "retry-after-ms": "1" },
          error: { message: "Too fast.", retryable: true },
        },
        { number: 2, status: "error", response_status: 500, error: { message: "Oops." } },
        { number: 3, status: "completed", path: "/v1/chat/completions", response_status: 200 },
      ],
    });
    expect(step.error).toBeUndefined();
  });

  it("is one step as a stream too", async () => {
    await using recording = await Recording.start([errorAnswer(503), fixtureAnswer(STREAM)]);
    await streamText(call(recording)).consumeStream();
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [
        { number: 1, status: "error", response_status: 503 },
        { number: 2, status: "completed", response_status: 200, request_headers: { authorization: "[REDACTED]" } },
      ],
    });
  });

  it("shows a failed attempt while the next one is still on its way", async () => {
    await using recording = await Recording.start([errorAnswer(500), partOfStream(STREAM, 1, "hold")]);
    const abort = new AbortController();
    const answer = generate(recording, { abortSignal: abort.signal }).catch(() => undefined);
    await expect.poll(() => recording.provider.requests.length).toBe(2);
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({ status: "in_progress", attempts: [{ status: "error" }] });
    abort.abort();
    await answer;
  });

  it("ends as an error when every try failed", async () => {
    await using recording = await Recording.start([errorAnswer(500, "Down.")]);
    await expect(generate(recording, { maxRetries: 1 })).rejects.toThrow("Down.");
    await recording.recorder.flush();
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ status: "error", finished_at: expect.any(String) });
    expect(step).toMatchObject({
      status: "error",
      error: { name: "AI_APICallError", message: "Down.", status_code: 500, retryable: true },
      attempts: [{ number: 1 }, { number: 2 }],
    });
  });

  it("ends as an error at once where trying again is no use", async () => {
    await using recording = await Recording.start([errorAnswer(401, "Who are you?")]);
    await expect(generate(recording)).rejects.toThrow("Who are you?");
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({ status: "error", error: { status_code: 401, retryable: false } });
    expect(recording.ingest.step.attempts).toHaveLength(1);
  });

  it("ends as an error as a stream too", async () => {
    await using recording = await Recording.start([errorAnswer(400, "Bad request.")]);
    await streamText(call(recording)).consumeStream();
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({ status: "error", error: { message: "Bad request." } });
  });
});

describe("a call that is cut short", () => {
  it("is interrupted when the application aborts it, with what the model had said until then", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 4, "hold")]);
    const abort = new AbortController();
    const result = streamText({ ...call(recording), abortSignal: abort.signal });
    let heard = "";
    for await (const part of result.stream) {
      if (part.type === "text-delta") heard += part.text;
      if (heard.length > 5) abort.abort();
    }
    await recording.recorder.flush();
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ status: "interrupted", finished_at: expect.any(String) });
    expect(step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
    expect(heard).not.toBe("");
    expect(step.normalized_response).toMatchObject({
      content: [{ type: "text", text: heard }],
      finish_reason: "interrupted",
    });
  });

  it("is interrupted when a whole response is aborted while it is awaited", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 1, "hold")]);
    const abort = new AbortController();
    const answer = generate(recording, { abortSignal: abort.signal });
    await expect.poll(() => recording.provider.requests.length).toBe(1);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step).toMatchObject({ status: "interrupted", error: { name: "AbortError" } });
  });

  it.each(["end", "break"] as const)(
    "is interrupted when the stream comes to its %s without a finish part",
    async (end) => {
      await using recording = await Recording.start([partOfStream("anthropic/anthropic-text.chunks.txt", 5, end)]);
      await streamText({ ...call(recording), model: recording.model("anthropic") }).consumeStream({
        onError: () => undefined,
      });
      await recording.recorder.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step).toMatchObject({
        status: "interrupted",
        attempts: [{ status: "interrupted" }],
        normalized_response: {
          content: expect.arrayContaining([{ type: "text", text: expect.stringContaining("Hello") }]),
        },
      });
    },
  );

  it("is interrupted too where the provider makes up a finish part without a reason", async () => {
    await using recording = await Recording.start([partOfStream("deepseek/deepseek-text.chunks.txt", 5, "end")]);
    await streamText({ ...call(recording), model: recording.model("deepseek") }).consumeStream();
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
  });

  it("is interrupted too where the provider makes up an error of its own", async () => {
    await using recording = await Recording.start([partOfStream("openai-compatible/xai-text.chunks.txt", 5, "end")]);
    await streamText({ ...call(recording), model: recording.model("openai-compatible") }).consumeStream();
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step).toMatchObject({
      status: "interrupted",
      attempts: [{ status: "interrupted" }],
      error: { message: expect.stringContaining("finish reason") },
    });
  });

  it("leaves out what the model had said where the application hides outputs from telemetry", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 4, "break")]);
    const { telemetry, ...options } = call(recording);
    const hidden = { ...options, telemetry: { ...telemetry, recordOutputs: false } };
    await streamText(hidden).consumeStream({ onError: () => undefined });
    await recording.recorder.flush();
    expect(recording.ingest.step.status).toBe("interrupted");
    expect(recording.ingest.step.normalized_response).toBeUndefined();
  });

  it("is interrupted when the stream ends before anything was said", async () => {
    await using recording = await Recording.start([partOfStream("anthropic/anthropic-text.chunks.txt", 1, "end")]);
    await streamText({ ...call(recording), model: recording.model("anthropic") }).consumeStream({
      onError: () => undefined,
    });
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step.status).toBe("interrupted");
  });

  it("is interrupted when the only reader of the stream leaves, of which the AI SDK says nothing", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 4, "hold")]);
    for await (const text of streamTextLowMemory(call(recording)).textStream) if (text !== "") break;
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
  });

  it.each([
    ["long", fixtureAnswer("deepseek/deepseek-text.chunks.txt")],
    ["short", { events: SHORT_STREAM, finally: "end" as const }],
  ])(
    "is interrupted a minute after its reader left a %s stream, of which the AI SDK says nothing",
    async (_, answer) => {
      const clock = new FakeClock();
      await using recording = await Recording.start([answer], { clock });
      const { textStream } = streamText({ ...call(recording), model: recording.model("deepseek") });
      for await (const text of textStream) if (text !== "") break;
      await recording.recorder.flush();
      expect(recording.ingest.run.status).toBe("in_progress");
      await clock.advance(READER_LEFT_AFTER_MS * 2);
      await recording.recorder.flush();
      expect(recording.ingest.run).toMatchObject({ status: "interrupted", finished_at: expect.any(String) });
    },
  );

  it("is interrupted when the application shuts the recorder down", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 4, "hold")]);
    const reader = streamText(call(recording)).stream.getReader();
    await reader.read();
    await expect.poll(() => recording.provider.requests.length).toBe(1);
    expect(await recording.recorder.shutdown()).toBe(true);
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step.status).toBe("interrupted");
  });
});

/** A stream that says a few words and then that the provider is overloaded. */
function overloadedAnswer(): ProviderAnswer {
  const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  const beginning = partOfStream("anthropic/anthropic-text.chunks.txt", 5, "end") as { events: string[] };
  return { events: [...beginning.events, `event: error\ndata: ${JSON.stringify(error)}\n\n`], finally: "end" };
}

it("records a stream that is tried again in the middle as one step, without what the first try had said", async () => {
  await using recording = await Recording.start([
    overloadedAnswer(),
    fixtureAnswer("anthropic/anthropic-text.chunks.txt"),
  ]);
  const result = streamText({ ...call(recording), model: recording.model("anthropic"), streamRetries: 1 });
  await result.consumeStream();
  await recording.recorder.flush();
  expect(recording.ingest.run.status).toBe("completed");
  const { step } = recording.ingest;
  expect(step).toMatchObject({ status: "completed", attempts: [{ status: "error" }, { status: "completed" }] });
  expect(step.error).toBeUndefined();
  expect(step.normalized_response?.["content"]).toContainEqual({ type: "text", text: await result.text });
});

it("records what the provider said when it fails in the middle of a stream", async () => {
  await using recording = await Recording.start([overloadedAnswer()]);
  await streamText({ ...call(recording), model: recording.model("anthropic") }).consumeStream({
    onError: () => undefined,
  });
  await recording.recorder.flush();
  expect(recording.ingest.run.status).toBe("error");
  expect(recording.ingest.step).toMatchObject({
    status: "error",
    error: { message: expect.stringContaining("verloaded") },
    attempts: [{ status: "error" }],
    normalized_response: {
      content: expect.arrayContaining([{ type: "text", text: "Hello! I" }]),
      finish_reason: "error",
    },
  });
});

it("records that the provider failed and not what it said where the application hides inputs or outputs", async () => {
  await using recording = await Recording.start([overloadedAnswer()]);
  const { telemetry, ...options } = call(recording);
  const hidden = { ...options, telemetry: { ...telemetry, recordInputs: false } };
  await streamText({ ...hidden, model: recording.model("anthropic") }).consumeStream({ onError: () => undefined });
  await recording.recorder.flush();
  expect(recording.ingest.step).toMatchObject({ status: "error", error: { message: "The message is not recorded." } });
  expect(JSON.stringify(recording.ingest.batches)).not.toContain("verloaded");
});
