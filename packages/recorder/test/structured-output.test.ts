import { Output, generateObject, generateText, streamObject, streamText } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { inChat } from "@shelflife/recorder";

import { errorAnswer, fixtureAnswer, partOfStream } from "./provider-replay-server.ts";
import { CHAT_ID, Recording } from "./recording.ts";

const JSON_ANSWER = fixtureAnswer("deepseek/deepseek-json.json");
const STREAM = "deepseek/deepseek-text.chunks.txt";

/** What the recorded answer holds, as far as these tests ask for it. */
const schema = z.looseObject({});

function call(recording: Recording) {
  return { model: recording.model("deepseek"), prompt: "As JSON, please.", ...recording.options };
}

/** `generateObject` and `streamObject` have no runtime context, so that only the work that they are part of tells. */
function inWork<Answer>(recording: Recording, work: (options: object) => Answer | PromiseLike<Answer>) {
  return inChat({ chatId: CHAT_ID }, () => work({ telemetry: { integrations: recording.recorder } }));
}

describe("a text with an output", () => {
  it("records the shape that was asked for beside the other options", async () => {
    await using recording = await Recording.start([JSON_ANSWER]);
    const { output } = await generateText({ ...call(recording), output: Output.object({ schema }) });
    expect(output).toBeTypeOf("object");
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_request: { options: { response_format: { type: "json", schema: { type: "object" } } } },
    });
  });

  it("records it of a stream too, and none where a plain text was asked for", async () => {
    await using recording = await Recording.start([fixtureAnswer(STREAM)]);
    await streamText({ ...call(recording), output: Output.json() }).consumeStream();
    await streamText(call(recording)).consumeStream();
    await recording.recorder.flush();
    const options = [...recording.ingest.steps.values()].map(({ normalized_request: request }) => request?.["options"]);
    expect(options).toEqual([{ response_format: { type: "json" } }, {}]);
  });

  it("is completed though its output cannot be parsed, because the model did answer", async () => {
    await using recording = await Recording.start([fixtureAnswer("deepseek/deepseek-text.json")]);
    const parsed = generateText({ ...call(recording), output: Output.object({ schema }) });
    await expect(parsed).rejects.toThrow();
    await recording.recorder.flush();
    expect(recording.ingest.step.status).toBe("completed");
    expect(recording.ingest.step.normalized_response?.["content"]).toHaveLength(1);
  });
});

describe("generateObject", () => {
  it("is a run with one step: the prompt, the schema, the JSON, the usage and the exchange", async () => {
    await using recording = await Recording.start([JSON_ANSWER]);
    const { object, usage } = await inWork(recording, (options) =>
      generateObject({
        model: recording.model("deepseek"),
        instructions: "Be exact.",
        prompt: "As JSON, please.",
        temperature: 0.2,
        schema,
        schemaName: "order",
        providerOptions: { deepseek: { a: 1 } },
        ...options,
      }),
    );
    await recording.recorder.flush();
    expect(recording.ingest.run).toMatchObject({ status: "completed", chat_id: CHAT_ID, kind: "chat_turn" });
    const { step } = recording.ingest;
    expect(step).toMatchObject({
      operation: "generate",
      status: "completed",
      normalized_request: {
        messages: [
          { role: "system", parts: [{ type: "text", text: "Be exact." }] },
          { role: "user", parts: [{ type: "text", text: "As JSON, please." }] },
        ],
        options: { temperature: 0.2, response_format: { type: "json", name: "order", schema: { type: "object" } } },
        provider_option_count: 1,
      },
      normalized_response: { finish_reason: "stop" },
      usage: { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, total_tokens: usage.totalTokens },
      attempts: [{ number: 1, status: "completed", response_headers: { "content-type": "application/json" } }],
      metadata: { response_model: expect.any(String) },
    });
    const content = step.normalized_response?.["content"] as { type: string; text: string }[];
    expect(JSON.parse(content.find(({ type }) => type === "text")?.text ?? "")).toEqual(object);
  });

  it("shows the requests of all its tries, those of one that was tried again with success too", async () => {
    await using recording = await Recording.start([errorAnswer(503, "Busy."), errorAnswer(429), JSON_ANSWER]);
    await inWork(recording, (options) =>
      generateObject({ model: recording.model("deepseek"), prompt: "JSON?", schema, ...options }),
    );
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    const request = { method: "POST", path: "/v1/chat/completions", request_headers: { authorization: "[REDACTED]" } };
    const { step } = recording.ingest;
    expect(step).toMatchObject({
      status: "completed",
      attempts: [
        { ...request, number: 1, status: "error", response_status: 503 },
        { ...request, number: 2, status: "error", response_status: 429 },
        { ...request, number: 3, status: "completed", response_status: 200, response_body: { choices: [{}] } },
      ],
    });
    expect(step.error).toBeUndefined();
  });

  it("keeps its requests apart from those that are made beside it and after it", async () => {
    await using recording = await Recording.start([JSON_ANSWER]);
    const other = `${recording.provider.url}/other`;
    await inWork(recording, async (options) => {
      const call = { model: recording.model("deepseek"), prompt: "JSON?", schema, ...options };
      const first = generateObject(call);
      await fetch(other, { method: "POST" });
      await Promise.all([first, generateObject(call), fetch(other)]);
      await fetch(other);
    });
    await recording.recorder.flush();
    const steps = recording.ingest.stepsInOrder;
    expect(steps.map(({ attempts }) => attempts?.map(({ path }) => path))).toEqual([
      ["/v1/chat/completions"],
      ["/v1/chat/completions"],
    ]);
  });

  it("that is aborted while it is tried again shows both tries as they ended", async () => {
    await using recording = await Recording.start([errorAnswer(503, "Busy."), { events: [], finally: "hold" }]);
    const abort = new AbortController();
    const model = recording.model("deepseek");
    const work = inWork(recording, (options) =>
      generateObject({ model, prompt: "JSON?", schema, abortSignal: abort.signal, ...options }),
    ).catch(() => undefined);
    await expect.poll(() => recording.provider.requests.length).toBe(2);
    abort.abort();
    await work;
    await recording.recorder.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "interrupted",
      attempts: [{ status: "error", response_status: 503 }, { status: "interrupted" }],
    });
  });

  it("that fails in every try shows what each of them failed for", async () => {
    await using recording = await Recording.start([errorAnswer(503, "Busy."), errorAnswer(429, "Too fast.")]);
    const failing = inWork(recording, (options) =>
      generateObject({ model: recording.model("deepseek"), prompt: "JSON?", schema, maxRetries: 1, ...options }),
    );
    await expect(failing).rejects.toThrow("Too fast.");
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "Too fast." },
      attempts: [
        { number: 1, status: "error", response_status: 503 },
        { number: 2, status: "error", response_status: 429 },
      ],
    });
  });

  it("is an error where the object does not fit the schema, while its step shows what the model said", async () => {
    await using recording = await Recording.start([JSON_ANSWER]);
    const misfit = inWork(recording, (options) =>
      generateObject({
        model: recording.model("deepseek"),
        prompt: "JSON?",
        schema: z.object({ missing: z.number() }),
        ...options,
      }),
    );
    await expect(misfit).rejects.toThrow("schema");
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: { finish_reason: "stop" },
    });
    expect(recording.ingest.step.attempts?.map(({ status, error }) => [status, error])).toEqual([
      ["completed", undefined],
    ]);
  });

  it("is warned of, and not recorded, where nothing says its chat", async () => {
    await using recording = await Recording.start([JSON_ANSWER]);
    const { telemetry } = recording.options;
    await generateObject({ model: recording.model("deepseek"), prompt: "JSON?", schema, telemetry });
    await recording.recorder.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toMatchObject([{ code: "no_chat_id", message: expect.stringContaining("work") }]);
  });
});

describe("streamObject", () => {
  const events = [
    `data: ${JSON.stringify({ id: "1", model: "m", choices: [{ delta: { content: '{"a":' } }] })}\n\n`,
    `data: ${JSON.stringify({ id: "1", model: "m", choices: [{ delta: { content: "1}" }, finish_reason: "stop" }], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\n`,
    "data: [DONE]\n\n",
  ];

  function stream(recording: Recording, provider = "openai-compatible") {
    return inWork(recording, async (options) => {
      const result = streamObject({
        model: recording.model(provider),
        prompt: "JSON?",
        schema,
        onError: () => undefined,
        ...options,
      });
      for await (const _ of result.partialObjectStream);
    });
  }

  it("is recorded alike, with the requests of all its tries", async () => {
    await using recording = await Recording.start([errorAnswer(503), { events, finally: "end" }]);
    await stream(recording);
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      operation: "stream",
      status: "completed",
      normalized_response: { content: [{ type: "text", text: '{"a":1}' }], finish_reason: "stop" },
      usage: { input_tokens: 3, output_tokens: 2 },
      attempts: [
        { status: "error", method: "POST", response_status: 503 },
        { status: "completed", method: "POST", response_status: 200 },
      ],
    });
  });

  it("is interrupted where it ends without a finish part", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 5, "end")]);
    await stream(recording, "deepseek");
    await recording.recorder.flush();
    expect(recording.ingest.step.status).toBe("interrupted");
  });

  it("is an error where the provider fails", async () => {
    await using recording = await Recording.start([errorAnswer(400, "No.")]);
    await stream(recording);
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({ status: "error", error: { message: "No." } });
  });

  it("hides what the application hides", async () => {
    await using recording = await Recording.start([partOfStream(STREAM, 1000, "end")]);
    await inChat({ chatId: CHAT_ID }, async () => {
      const { object } = streamObject({
        model: recording.model("deepseek"),
        prompt: "secret-question",
        schema,
        onError: () => undefined,
        telemetry: { integrations: recording.recorder, recordInputs: false, recordOutputs: false },
      });
      await object.catch(() => undefined);
    });
    await recording.recorder.flush();
    expect(JSON.stringify(recording.ingest.batches)).not.toContain("secret-question");
    expect(recording.ingest.step.usage?.["input_tokens"]).toBeGreaterThan(0);
  });
});
