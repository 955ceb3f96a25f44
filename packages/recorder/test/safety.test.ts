import { generateText, registerTelemetry, streamText } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, it } from "vitest";

import { inChat, shelflifeRecorder } from "@shelflife/recorder";

import { errorAnswer, fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording, messagesOf } from "./recording.ts";

const TEXT = fixtureAnswer("openai/openai-text.json");
const STREAM = fixtureAnswer("openai/openai-text.chunks.txt");

function call(recording: Recording) {
  return { model: recording.model("openai.chat"), prompt: "Hello", ...recording.options };
}

describe("a recorder that has nothing to record", () => {
  it("says once which call has no chat, and records the others", async () => {
    await using recording = await Recording.start([TEXT]);
    const telemetry = { integrations: recording.recorder };
    for (let time = 0; time < 2; time += 1) await generateText({ ...call(recording), runtimeContext: {}, telemetry });
    await recording.recorder.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toMatchObject([{ code: "no_chat_id", message: expect.stringContaining("inChat") }]);
    await generateText(call(recording));
    await recording.recorder.flush();
    expect(recording.ingest.run.chat_id).toBe(CHAT_ID);
  });

  it.each([
    { baseUrl: "http://127.0.0.1:1" },
    { key: "key" },
    {},
    { baseUrl: "not a URL", key: "key" },
    { baseUrl: "", key: "" },
  ])("without a usable URL and key says so once: %j", async (connection) => {
    const warnings: string[] = [];
    await using recording = await Recording.start([TEXT]);
    const recorder = shelflifeRecorder({ ...connection, onWarning: (_, code) => void warnings.push(code) });
    const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID });
    const { text } = await generateText({
      ...call(recording),
      runtimeContext,
      telemetry: { ...telemetry, integrations: recorder },
    });
    expect(text).not.toBe("");
    expect(warnings).toEqual(["not_configured"]);
    expect(await recorder.flush()).toBe(true);
    expect(recorder.stats()).toEqual({ queued: 0, sent: 0, dropped: 0, rejected: 0 });
  });

  it("because it is switched off says nothing", async () => {
    const warnings: string[] = [];
    const recorder = shelflifeRecorder({ enabled: false, onWarning: (_, code) => void warnings.push(code) });
    expect(await recorder.shutdown()).toBe(true);
    expect(warnings).toEqual([]);
  });
});

it("takes the URL and the key from the environment", async () => {
  await using recording = await Recording.start([TEXT]);
  process.env["SHELFLIFE_URL"] = recording.ingest.url;
  process.env["SHELFLIFE_API_KEY"] = "key-of-the-environment";
  try {
    const recorder = shelflifeRecorder();
    const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID });
    await generateText({ ...call(recording), runtimeContext, telemetry: { ...telemetry, integrations: recorder } });
    expect(await recorder.shutdown()).toBe(true);
  } finally {
    delete process.env["SHELFLIFE_URL"];
    delete process.env["SHELFLIFE_API_KEY"];
  }
  expect(recording.ingest.headers[0]).toMatchObject({ "coder-session-token": "key-of-the-environment" });
});

it("records every call that says its chat, once it is registered", async () => {
  await using recording = await Recording.start([TEXT]);
  const registered = globalThis.AI_SDK_TELEMETRY_INTEGRATIONS;
  registerTelemetry(recording.recorder);
  try {
    await generateText({
      model: recording.model("openai.chat"),
      prompt: "Hello",
      ...inChat({ chatId: "chat-42", kind: "title_generation", title: "Greeting" }),
    });
  } finally {
    globalThis.AI_SDK_TELEMETRY_INTEGRATIONS = registered;
  }
  await recording.recorder.flush();
  const [chat] = recording.ingest.chats.values();
  expect(chat).toMatchObject({ title: "Greeting" });
  expect(recording.ingest.run).toMatchObject({ chat_id: chat?.id, kind: "title_generation" });
});

describe("hostile payloads", () => {
  const circular: Record<string, unknown> = { big: 10n, undefined };
  circular["self"] = circular;
  const evil = {
    get value(): never {
      throw new Error("Do not look.");
    },
    toJSON(): never {
      throw new Error("Do not write.");
    },
  };

  const hostile = (value: unknown) =>
    new MockLanguageModelV4({
      modelId: "m".repeat(1000),
      doGenerate: async () => ({
        content: [
          { type: "text", text: "Fine." },
          { type: "tool-call", toolCallId: "1", toolName: "unknown", input: "{ not JSON" },
        ],
        finishReason: { unified: "stop", raw: "stop" },
        usage: {
          inputTokens: { total: Number.NaN, noCache: undefined, cacheRead: -1, cacheWrite: undefined },
          outputTokens: { total: 1.5, text: undefined, reasoning: undefined },
        },
        warnings: [{ type: "other", message: "careful" }],
        request: { body: value },
        response: { headers: { "x-odd": "yes" }, body: value },
      }),
    });

  it.each([
    ["circular and big", circular],
    ["throwing", evil],
    ["nested", Array.from({ length: 500 }).reduce<unknown>((inner) => [inner], "deep")],
  ])("that are %s are recorded as far as they can be, and the call goes on", async (_, value) => {
    await using recording = await Recording.start([]);
    const { text } = await generateText({ ...call(recording), model: hostile(value) });
    expect(text).toBe("Fine.");
    expect(await recording.recorder.flush()).toBe(true);
    expect(recording.warnings).toEqual([]);
    expect(recording.recorder.stats()).toMatchObject({ dropped: 0, rejected: 0 });
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: { content: [{ text: "Fine." }, {}, {}] },
    });
    expect(recording.ingest.run.model).toHaveLength(200);
  });

  it.each([null, undefined, 7, {}, new Error("plain")])(
    "as an error reach the application as they are: %j",
    async (error) => {
      await using recording = await Recording.start([]);
      const failing = async (): Promise<never> => {
        // oxlint-disable-next-line typescript/only-throw-error -- an application may throw anything
        throw error;
      };
      const model = new MockLanguageModelV4({ doGenerate: failing });
      const caught: unknown = await generateText({ ...call(recording), model }).then(
        () => "nothing",
        (reason: unknown) => reason,
      );
      expect(caught).toBe(error);
      await recording.recorder.flush();
      expect(recording.ingest.step.status).toBe("error");
    },
  );

  it("as events do not throw", () => {
    const recorder = shelflifeRecorder({
      baseUrl: "http://127.0.0.1:1",
      key: "key",
      onWarning: () => expect.fail("no warning"),
    });
    const handlers = Object.entries(recorder).filter(([name]) => name.startsWith("on"));
    expect(handlers.length).toBeGreaterThan(6);
    for (const [, handle] of handlers) {
      for (const event of [undefined, null, 7, {}, { callId: 1 }, evil]) {
        if (event !== undefined && event !== null)
          expect(() => (handle as (event: unknown) => void)(event)).not.toThrow();
      }
    }
  });

  it("as a handler of warnings do no harm", async () => {
    await using recording = await Recording.start([TEXT], { onWarning: () => expect.fail("broken handler") });
    const { text } = await generateText({ ...call(recording), runtimeContext: {} });
    expect(text).not.toBe("");
  });
});

it("records what was sent, whatever the application does with its messages afterwards", async () => {
  await using recording = await Recording.start([TEXT]);
  const content = [{ type: "text" as const, text: "before" }];
  const messages = [{ role: "user" as const, content }];
  const { prompt: _, ...options } = call(recording);
  const answer = generateText({ ...options, messages });
  await expect.poll(() => recording.provider.requests.length).toBe(1);
  content[0]!.text = "after";
  messages.length = 0;
  await answer;
  await recording.recorder.flush();
  expect(recording.ingest.step.normalized_request).toMatchObject({ messages: [{ parts: [{ text: "before" }] }] });
});

it("never records the bytes of a file, wherever they stand", async () => {
  await using recording = await Recording.start([TEXT]);
  const bytes = Uint8Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256);
  const { prompt: _, ...options } = call(recording);
  const content = [
    { type: "text" as const, text: "What is this?" },
    { type: "file" as const, data: bytes, mediaType: "image/png", filename: "cat.png" },
  ];
  await generateText({ ...options, messages: [{ role: "user", content }] });
  await recording.recorder.flush();
  expect(JSON.stringify(recording.provider.requests[0]?.json)).toContain(Buffer.from(bytes).toString("base64"));
  const recorded = JSON.stringify(recording.ingest.batches);
  expect(recorded).not.toContain(Buffer.from(bytes).toString("base64").slice(100, 200));
  expect(recording.ingest.step.normalized_request).toMatchObject({
    messages: [{ parts: [{ type: "text" }, { type: "file", media_type: "image/png", length: 3000 }] }],
  });
});

it("cuts long texts and keeps their length beside", async () => {
  await using recording = await Recording.start([TEXT]);
  await generateText({ ...call(recording), prompt: "long ".repeat(10_000) });
  await recording.recorder.flush();
  const [message] = messagesOf(recording.ingest.step);
  expect(message?.parts[0]?.text).toHaveLength(10_000);
  expect(message?.parts[0]?.text_length).toBe(50_000);
});

it("records no secrets of the exchange", async () => {
  await using recording = await Recording.start([TEXT]);
  await generateText({ ...call(recording), headers: { "x-api-key": "header-secret" } });
  await recording.recorder.flush();
  const recorded = JSON.stringify(recording.ingest.batches);
  expect(recorded).not.toContain("header-secret");
  expect(recorded).not.toContain("provider-key");
  expect(recorded).not.toContain("test-key");
});

it("obeys an application that hides inputs and outputs from telemetry", async () => {
  const failure = errorAnswer(400, "What shall this secret-question be?");
  await using recording = await Recording.start([TEXT, STREAM, failure]);
  const { telemetry, ...options } = call(recording);
  const hidden = { ...telemetry, recordInputs: false, recordOutputs: false };
  const prompt = "secret-question";
  const { text } = await generateText({ ...options, prompt, telemetry: hidden });
  await streamText({ ...options, prompt, telemetry: hidden }).consumeStream();
  await expect(generateText({ ...options, prompt, telemetry: hidden })).rejects.toThrow("secret-question");
  await recording.recorder.flush();
  const recorded = JSON.stringify(recording.ingest.batches);
  expect(recorded).not.toContain("secret-question");
  expect(recorded).not.toContain(text.slice(0, 20));
  expect([...recording.ingest.steps.values()].map(({ usage }) => usage?.["input_tokens"])).toEqual([16, 16, undefined]);
});

it("does not hold up a call for a server that does not answer", async () => {
  const never = () => new Promise<Response>(() => undefined);
  await using recording = await Recording.start([TEXT], { fetch: never, limits: { lingerMs: 0 } });
  const { text } = await generateText(call(recording));
  expect(text).not.toBe("");
  expect(recording.recorder.stats()).toMatchObject({ sent: 0 });
  expect(await recording.recorder.shutdown({ timeoutMs: 10 })).toBe(false);
  expect(recording.recorder.stats()).toMatchObject({ queued: 0, sent: 0 });
  expect(recording.recorder.stats().dropped).toBeGreaterThan(0);
});
