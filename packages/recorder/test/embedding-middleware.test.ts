import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as ai7 from "ai";
import * as ai6 from "ai-v6";
import { createOpenAICompatible as createOpenAICompatible2 } from "openai-compatible-v2";
import { describe, expect, it } from "vitest";

import type { ShelflifeMiddleware, ShelflifeMiddlewareOptions } from "@shelflife/recorder/ai-sdk-middleware";

import { MiddlewareRecording } from "./middleware-recording.ts";
import { type ProviderAnswer, errorAnswer, fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, messagesOf } from "./recording.ts";

/** As the embeddings endpoint of OpenAI answers; the numbers of a vector are never recorded, so any will do. */
function embeddings(count: number): ProviderAnswer {
  const embedding = Array.from({ length: 32 }, () => 0.123456);
  const data = Array.from({ length: count }, (_, index) => ({ object: "embedding", index, embedding }));
  const usage = { prompt_tokens: 7 * count, total_tokens: 7 * count };
  return { status: 200, body: JSON.stringify({ object: "list", model: "test-embedding", data, usage }) };
}

interface Embedder {
  embed: (value: string) => Promise<unknown>;
  embedMany: (values: string[]) => Promise<unknown>;
}

/** The compiler sees that each version takes the middleware for one of its embedding models. */
const VERSIONS: Record<string, (baseURL: string, middleware: ShelflifeMiddleware) => Embedder> = {
  "AI SDK 6": (baseURL, middleware) => {
    const provider = createOpenAICompatible2({ baseURL, apiKey: "provider-key", name: "compatible" });
    const model = ai6.wrapEmbeddingModel({ model: provider.embeddingModel("test-embedding"), middleware });
    return {
      embed: (value) => ai6.embed({ model, value }),
      embedMany: (values) => ai6.embedMany({ model, values }),
    };
  },
  "AI SDK 7": (baseURL, middleware) => {
    const provider = createOpenAICompatible({ baseURL, apiKey: "provider-key", name: "compatible" });
    const model = ai7.wrapEmbeddingModel({ model: provider.embeddingModel("test-embedding"), middleware });
    return {
      embed: (value) => ai7.embed({ model, value }),
      embedMany: (values) => ai7.embedMany({ model, values }),
    };
  },
};

async function start(version: string, answers: ProviderAnswer[], options: ShelflifeMiddlewareOptions = {}) {
  const recording = await MiddlewareRecording.start(version, answers, options);
  const embedder = VERSIONS[version]?.(recording.provider.url, recording.middleware);
  if (!embedder) throw new Error(`No version is called ${version}.`);
  return Object.assign(recording, embedder);
}

describe.each(Object.keys(VERSIONS))("the middleware around an embedding model of %s", (version) => {
  it("records an embedding as a run with one step, its text, its tokens and no vector", async () => {
    await using recording = await start(version, [embeddings(1)], { chat: { chatId: CHAT_ID } });
    await recording.embed("Where is the invoice?");
    await recording.middleware.flush();
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
      metadata: { integration: "ai-sdk-middleware", embeddings: 1, dimensions: 32 },
      attempts: [
        {
          number: 1,
          status: "completed",
          method: "POST",
          path: "/v1/embeddings",
          request_headers: { authorization: "[REDACTED]" },
          response_status: 200,
          response_body: { data: [{ index: 0, embedding: "[32 NUMBERS]" }] },
        },
      ],
    });
    expect(JSON.stringify(recording.ingest.batches)).not.toContain("0.123456");
  });

  it("makes one run of it with what else is asked in the same work", async () => {
    const text = fixtureAnswer("openai-compatible/xai-text.json");
    await using recording = await start(version, [embeddings(1), text]);
    await recording.inChat(async () => {
      await recording.embed("Where is the invoice?");
      await recording.sdk.generateText({ model: recording.model, prompt: "Say it." });
    });
    await recording.middleware.flush();
    expect(recording.ingest.run).toMatchObject({ status: "completed", kind: "chat_turn" });
    expect(recording.ingest.stepsInOrder.map((step) => messagesOf(step)[0]?.parts[0]?.text)).toEqual([
      "Where is the invoice?",
      "Say it.",
    ]);
  });

  it("makes one step of its tries", async () => {
    await using recording = await start(version, [errorAnswer(500), errorAnswer(429), embeddings(2)]);
    await recording.inChat(() => recording.embedMany(["one", "two"]));
    await recording.middleware.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [
        { status: "error", response_status: 500 },
        { status: "error", response_status: 429 },
        { status: "completed", response_status: 200 },
      ],
    });
  });

  it("records why it failed", async () => {
    await using recording = await start(version, [errorAnswer(401, "Who are you?")]);
    await expect(recording.inChat(() => recording.embed("one"))).rejects.toThrow("Who are you?");
    await recording.middleware.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({ status: "error", error: { status_code: 401 } });
  });

  it("hides what it is told to hide", async () => {
    const hidden = { recordInputs: false, recordOutputs: false };
    await using recording = await start(version, [embeddings(1)], hidden);
    await recording.inChat(() => recording.embed("Where is the invoice?"));
    await recording.middleware.flush();
    expect(recording.ingest.step).toMatchObject({ status: "completed", usage: { input_tokens: 7 } });
    expect(JSON.stringify(recording.ingest.step)).not.toMatch(/invoice|numbers|NUMBERS/);
  });
});
