import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, embedMany } from "ai";
import { describe, expect, it } from "vitest";

import { inChat } from "@shelflife/recorder";

import { type ProviderAnswer, errorAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording, messagesOf } from "./recording.ts";

/** As the embeddings endpoint of OpenAI answers; the numbers of a vector are never recorded, so any will do. */
function embeddings(count: number): ProviderAnswer {
  const data = Array.from({ length: count }, (_, index) => ({
    object: "embedding",
    index,
    embedding: Array.from({ length: 32 }, () => 0.123456),
  }));
  const usage = { prompt_tokens: 7 * count, total_tokens: 7 * count };
  const headers = { "x-ratelimit-remaining-tokens": "999" };
  return { status: 200, headers, body: JSON.stringify({ object: "list", model: "test-embedding", data, usage }) };
}

function modelOf(
  recording: Recording,
  {
    maxEmbeddingsPerCall = 2,
    supportsParallelCalls = false,
  }: { maxEmbeddingsPerCall?: number; supportsParallelCalls?: boolean } = {},
) {
  const { provider } = recording;
  const compatible = createOpenAICompatible({ baseURL: provider.url, apiKey: "provider-key", name: "compatible" });
  const model = compatible.embeddingModel("test-embedding");
  return Object.defineProperties(model, {
    maxEmbeddingsPerCall: { value: maxEmbeddingsPerCall },
    supportsParallelCalls: { value: supportsParallelCalls },
  });
}

it("records an embedding as a run with one step, its text, its tokens and no vector", async () => {
  await using recording = await Recording.start([embeddings(1)]);
  await embed({ model: modelOf(recording), value: "Where is the invoice?", ...recording.options });
  await recording.recorder.flush();
  const { run, step } = recording.ingest;
  expect(run).toMatchObject({ status: "completed", kind: "quickgen", model: "test-embedding", chat_id: CHAT_ID });
  expect(step).toMatchObject({
    operation: "generate",
    status: "completed",
    normalized_request: { messages: [{ role: "user", parts: [{ type: "text", text: "Where is the invoice?" }] }] },
    normalized_response: {
      content: [{ type: "embedding", text: "1 × 32 numbers" }],
      finish_reason: "stop",
      usage: { input_tokens: 7, total_tokens: 7 },
    },
    usage: { input_tokens: 7, total_tokens: 7 },
    metadata: { operation_name: "ai.embed", embeddings: 1, dimensions: 32 },
    attempts: [
      {
        number: 1,
        status: "completed",
        response_headers: { "x-ratelimit-remaining-tokens": "999" },
        response_body: { data: [{ index: 0, embedding: "[32 NUMBERS]" }] },
      },
    ],
  });
  expect(JSON.stringify(recording.ingest.batches)).not.toContain("0.123456");
});

it("records a step for each model call that many texts take", async () => {
  await using recording = await Recording.start([embeddings(2), embeddings(2), embeddings(1)]);
  const values = ["one", "two", "three", "four", "five"];
  await embedMany({ model: modelOf(recording), values, ...recording.options });
  await recording.recorder.flush();
  expect(recording.ingest.run.status).toBe("completed");
  const steps = recording.ingest.stepsInOrder;
  expect(steps.map((step) => messagesOf(step)[0]?.parts.map(({ text }) => text))).toEqual([
    ["one", "two"],
    ["three", "four"],
    ["five"],
  ]);
  expect(steps.map(({ usage }) => usage?.["input_tokens"])).toEqual([14, 14, 7]);
  expect(steps.map(({ attempts }) => attempts?.[0]?.["response_body"])).toMatchObject([
    { data: [{}, {}] },
    { data: [{}, {}] },
    { data: [{}] },
  ]);
});

it("records the first hundred texts of a call, and how many more there were", async () => {
  await using recording = await Recording.start([embeddings(250)]);
  const model = modelOf(recording, { maxEmbeddingsPerCall: 1000 });
  const values = Array.from({ length: 250 }, (_, index) => `text ${index}`);
  await embedMany({ model, values, ...recording.options });
  await recording.recorder.flush();
  const [message] = messagesOf(recording.ingest.step);
  expect(message?.parts).toHaveLength(101);
  expect(message?.parts.at(-1)).toEqual({ type: "text", text: "[150 MORE TEXTS]" });
});

describe("an embedding that is tried again", () => {
  it("is one step, whose tries are its attempts", async () => {
    await using recording = await Recording.start([errorAnswer(500), errorAnswer(429), embeddings(1)]);
    await embed({ model: modelOf(recording), value: "again", ...recording.options });
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [
        { status: "error", method: "POST", path: "/v1/embeddings", response_status: 500 },
        { status: "error", response_status: 429 },
        { status: "completed", response_status: 200, request_headers: { authorization: "[REDACTED]" } },
      ],
    });
  });

  it("is one step too where several calls are made at once", async () => {
    await using recording = await Recording.start([embeddings(2), errorAnswer(500), embeddings(2), embeddings(2)]);
    const model = modelOf(recording, { supportsParallelCalls: true });
    await embedMany({ model, values: ["one", "two", "three", "four", "five", "six"], ...recording.options });
    await recording.recorder.flush();
    const steps = recording.ingest.stepsInOrder;
    expect(steps.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
    const tries = steps.map(({ attempts }) => attempts?.map((attempt) => attempt["response_status"]).join(" ") ?? "");
    expect(tries.toSorted((one, other) => one.localeCompare(other))).toEqual(["200", "200", "500 200"]);
  });

  it("ends as an error when every try failed, with what each of them failed for", async () => {
    await using recording = await Recording.start([errorAnswer(500, "Oops."), errorAnswer(429, "Too fast.")]);
    const embedding = embed({ model: modelOf(recording), value: "again", maxRetries: 1, ...recording.options });
    await expect(embedding).rejects.toThrow("Too fast.");
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "Too fast.", status_code: 429 },
      attempts: [
        { status: "error", response_status: 500, error: { message: "Oops." } },
        { status: "error", response_status: 429, error: { message: "Too fast." } },
      ],
    });
  });
});

it("is interrupted when it is aborted", async () => {
  await using recording = await Recording.start([{ events: [], finally: "hold" }]);
  const abort = new AbortController();
  const options = { ...recording.options, abortSignal: abort.signal };
  const embedding = embed({ model: modelOf(recording), value: "never", ...options });
  await expect.poll(() => recording.provider.requests.length).toBe(1);
  abort.abort();
  await expect(embedding).rejects.toThrow();
  await recording.recorder.flush();
  expect(recording.ingest.run.status).toBe("interrupted");
  expect(recording.ingest.step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
});

it("is interrupted when the application shuts the recorder down", async () => {
  await using recording = await Recording.start([{ events: [], finally: "hold" }]);
  const abort = new AbortController();
  const options = { ...recording.options, abortSignal: abort.signal };
  const embedding = embed({ model: modelOf(recording), value: "never", ...options }).catch(() => undefined);
  await expect.poll(() => recording.provider.requests.length).toBe(1);
  await recording.recorder.shutdown();
  expect(recording.ingest.run.status).toBe("interrupted");
  expect(recording.ingest.step.status).toBe("interrupted");
  abort.abort();
  await embedding;
});

it("obeys an application that hides inputs and outputs from telemetry", async () => {
  await using recording = await Recording.start([errorAnswer(500), embeddings(1)]);
  const { telemetry, ...options } = recording.options;
  const hidden = { ...telemetry, recordInputs: false, recordOutputs: false };
  await embed({ model: modelOf(recording), value: "secret-question", ...options, telemetry: hidden });
  await recording.recorder.flush();
  expect(JSON.stringify(recording.ingest.batches)).not.toContain("secret-question");
  expect(recording.ingest.step).toMatchObject({
    status: "completed",
    usage: { input_tokens: 7 },
    attempts: [{ status: "error" }, { status: "completed" }],
  });
  expect(recording.ingest.step.normalized_response?.["content"]).toEqual([]);
});

it("keeps the kind that the application gives it", async () => {
  await using recording = await Recording.start([embeddings(1)]);
  const { telemetry } = recording.options;
  const { runtimeContext } = inChat({ chatId: CHAT_ID, kind: "compaction" });
  await embed({ model: modelOf(recording), value: "old news", runtimeContext, telemetry });
  await recording.recorder.flush();
  expect(recording.ingest.run.kind).toBe("compaction");
});
