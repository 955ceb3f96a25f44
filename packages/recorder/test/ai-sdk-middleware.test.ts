import { type ToolSet, generateText, isStepCount, streamText, tool } from "ai";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";

import type { NormalizedPart, StepItem } from "@shelflife/api-contract";

import { READER_LEFT_AFTER_MS } from "../src/run-recording.ts";
import { FakeClock } from "./fake-clock.ts";
import { MiddlewareRecording, VERSIONS } from "./middleware-recording.ts";
import { type ProviderAnswer, errorAnswer, fixtureAnswer, partOfStream } from "./provider-replay-server.ts";
import { CHAT_ID, Recording, messagesOf } from "./recording.ts";

const FIXTURES = [
  "openai-compatible/xai-text.json",
  "openai-compatible/xai-text.chunks.txt",
  "openai-compatible/xai-tool-call.chunks.txt",
  "openai-compatible/anthropic-fallback-tool-call.sse",
  "deepseek/deepseek-reasoning.json",
  "deepseek/deepseek-reasoning.chunks.txt",
  "deepseek/deepseek-tool-call.json",
];

const versions = Object.keys(VERSIONS);

/** The tools that the recorded answers ask for; nobody runs them here. */
const asked = (description: string) => tool({ description, inputSchema: z.looseObject({}) }) as ToolSet[string];

const tools = { weather: asked("The weather."), json: asked("An object."), read_file: asked("A file.") };

interface Content {
  normalized_request: unknown;
  normalized_response: { content: { type: string }[]; usage: object; finish_reason: unknown; warnings: unknown };
  usage: object;
}

function contentOf({ normalized_request, normalized_response, usage, status, operation }: StepItem): Content {
  return { normalized_request, normalized_response, usage, status, operation } as unknown as Content;
}

/**
 * What the provider packages of the AI SDK 5 say differently themselves: the total is the provider's own word, which may
 * count the reasoning a second time, and reasoning comes after the text that it led to.
 */
function withoutOldHabits(step: Content): Content {
  const { total_tokens: _, ...usage } = step.usage as { total_tokens?: number };
  const content = step.normalized_response.content.toSorted((one, other) => one.type.localeCompare(other.type));
  return { ...step, usage, normalized_response: { ...step.normalized_response, content, usage } };
}

const call = {
  system: "Be brief.",
  prompt: "Hello",
  temperature: 0.5,
  maxRetries: 0,
  providerOptions: { compatible: { user: "somebody" } },
};

describe.each(FIXTURES)("%s", (name) => {
  it.each(versions)("recorded through the middleware of %s is as the telemetry of 7 has it", async (version) => {
    await using telemetry = await Recording.start([fixtureAnswer(name)]);
    const { system: instructions, ...rest } = call;
    const model7 = telemetry.model("openai-compatible");
    const options = { model: model7, instructions, ...rest, tools, ...telemetry.options };
    if (name.endsWith(".json")) await generateText(options);
    else await streamText(options).consumeStream();
    await telemetry.recorder.flush();

    await using recording = await MiddlewareRecording.start(version, [fixtureAnswer(name)]);
    const { sdk, model } = recording;
    await recording.inChat(async () => {
      if (name.endsWith(".json")) await sdk.generateText({ model, ...call, tools });
      else await sdk.streamText({ model, ...call, tools }).consumeStream();
    });
    expect(await recording.middleware.flush()).toBe(true);
    expect(recording.warnings).toEqual([]);
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({
      chat_id: CHAT_ID,
      status: "completed",
      provider: "compatible.chat",
      model: "test-model",
    });
    const alike = version === "AI SDK 5" ? withoutOldHabits : (content: Content) => content;
    expect(alike(contentOf(step))).toEqual(alike(contentOf(telemetry.ingest.step)));
  });
});

const ASKS_FOR_TOOL = fixtureAnswer("deepseek/deepseek-tool-call.json");
const TEXT = fixtureAnswer("deepseek/deepseek-text.json");
const STREAMED_TOOL = fixtureAnswer("deepseek/deepseek-tool-call.chunks.txt");
const STREAMED_TEXT = fixtureAnswer("deepseek/deepseek-text.chunks.txt");
const STREAM = "deepseek/deepseek-text.chunks.txt";

const sunny = { weather: tool({ inputSchema: z.looseObject({}), execute: () => ({ degrees: 21 }) }) };

const statuses = (recording: MiddlewareRecording) => recording.ingest.stepsInOrder.map(({ status }) => status);

describe.each(versions)("the middleware of %s", (version) => {
  describe("with tools", () => {
    it("records the calls of one generateText as the steps of one run, and what the tools answered", async () => {
      await using recording = await MiddlewareRecording.start(version, [ASKS_FOR_TOOL, TEXT]);
      const { sdk, model } = recording;
      await recording.inChat(() =>
        sdk.generateText({ model, prompt: "Weather?", tools: sunny, stopWhen: sdk.stepCountIs(3) }),
      );
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("completed");
      const [first, second] = recording.ingest.stepsInOrder;
      expect(first).toMatchObject({ step_number: 1, status: "completed", operation: "generate" });
      const content = first?.normalized_response?.["content"] as NormalizedPart[];
      const tool_call_id = content.find(({ type }) => type === "tool-call")?.tool_call_id;
      expect(content).toContainEqual({
        type: "tool-result",
        tool_call_id,
        tool_name: "weather",
        result: { degrees: 21 },
      });
      expect(second).toMatchObject({ step_number: 2, status: "completed", run_id: recording.ingest.run.id });
      expect(messagesOf(second).map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
    });

    it("records those of one streamText, though it is read where the context of the work is lost", async () => {
      await using recording = await MiddlewareRecording.start(version, [STREAMED_TOOL, STREAMED_TEXT]);
      const { sdk, model } = recording;
      const { textStream } = await recording.inChat(() =>
        sdk.streamText({ model, prompt: "Weather?", tools: sunny, stopWhen: sdk.stepCountIs(3) }),
      );
      let text = "";
      for await (const piece of textStream) text += piece;
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("completed");
      expect(statuses(recording)).toEqual(["completed", "completed"]);
      const [first, second] = recording.ingest.stepsInOrder;
      expect(first?.normalized_response?.["content"]).toContainEqual(expect.objectContaining({ type: "tool-result" }));
      expect(JSON.stringify(second?.normalized_response)).toContain(JSON.stringify(text).slice(1, -1));
    });

    it("keeps the run open while a tool runs, and closes it when nobody asks again", async () => {
      const clock = new FakeClock();
      const answers = [STREAMED_TOOL, STREAMED_TEXT];
      await using recording = await MiddlewareRecording.start(version, answers, { clock, limits: { lingerMs: 0 } });
      const { sdk, model } = recording;
      const result = await recording.inChat(() => sdk.streamText({ model, prompt: "Weather?", tools: sunny }));
      await result.consumeStream();
      await clock.advance(240_000);
      expect(await statusWhenSent(recording, clock)).toBe("in_progress");
      await clock.advance(240_000);
      expect(await statusWhenSent(recording, clock)).toBe("completed");
      expect(clock.timers).toBe(0);
    });

    it("goes on in the same run when the results come with a later request", async () => {
      await using recording = await MiddlewareRecording.start(version, [ASKS_FOR_TOOL, TEXT], {
        chat: () => ({ chatId: CHAT_ID }),
      });
      const { sdk, model } = recording;
      const first = await sdk.generateText({ model, prompt: "Weather?", tools });
      const [asked] = first.toolCalls;
      if (!asked) throw new Error("The model did not ask for a tool.");
      const { toolCallId, toolName } = asked;
      const output = { type: "json" as const, value: { degrees: 21 } };
      await sdk.generateText({
        model,
        messages: [
          { role: "user", content: "Weather?" },
          ...first.response.messages,
          { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] },
        ],
      });
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("completed");
      expect(statuses(recording)).toEqual(["completed", "completed"]);
    });

    it("takes a call that a tool makes for a step of the same run", async () => {
      await using recording = await MiddlewareRecording.start(version, [ASKS_FOR_TOOL, TEXT, TEXT]);
      const { sdk, model } = recording;
      const weather = tool({
        inputSchema: z.looseObject({}),
        execute: async () => (await sdk.generateText({ model, prompt: "inner" })).text,
      });
      await recording.inChat(() =>
        sdk.generateText({ model, prompt: "outer", tools: { weather }, stopWhen: sdk.stepCountIs(3) }),
      );
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("completed");
      const asked = recording.ingest.stepsInOrder.map((step) => messagesOf(step)[0]?.parts[0]?.text);
      expect(asked).toEqual(["outer", "inner", "outer"]);
    });
  });

  describe("with tries that fail", () => {
    it.each(["whole", "streamed"])("takes them for attempts of one %s step", async (form) => {
      const answer = form === "whole" ? TEXT : STREAMED_TEXT;
      const answers = [errorAnswer(429, "Too fast."), errorAnswer(500, "Oops."), answer];
      await using recording = await MiddlewareRecording.start(version, answers);
      const { sdk, model } = recording;
      await recording.inChat(async () => {
        if (form === "whole") await sdk.generateText({ model, prompt: "Hello" });
        else await sdk.streamText({ model, prompt: "Hello" }).consumeStream();
      });
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("completed");
      expect(recording.ingest.step).toMatchObject({
        status: "completed",
        attempts: [
          { number: 1, status: "error", response_status: 429, error: { message: "Too fast.", retryable: true } },
          { number: 2, status: "error", response_status: 500, error: { message: "Oops." } },
          { number: 3, status: "completed", response_status: 200, method: "POST", path: "/v1/chat/completions" },
        ],
      });
      expect(recording.ingest.step.error).toBeUndefined();
    });

    it("ends as an error with the work when every try failed", async () => {
      const clock = new FakeClock();
      const options = { clock, limits: { lingerMs: 0 } };
      await using recording = await MiddlewareRecording.start(version, [errorAnswer(500, "Down.")], options);
      const { sdk, model } = recording;
      const work = recording.inChat(() => sdk.generateText({ model, prompt: "Hello", maxRetries: 1 }));
      await expect(work).rejects.toThrow("Down.");
      expect(await statusWhenSent(recording, clock)).toBe("error");
      expect(recording.ingest.run).toMatchObject({ status: "error", finished_at: expect.any(String) });
      expect(recording.ingest.step).toMatchObject({
        status: "error",
        error: { message: "Down.", status_code: 500 },
        attempts: [{ status: "error" }, { status: "error" }],
      });
    });

    it("ends as an error where the work goes on with another model call", async () => {
      await using recording = await MiddlewareRecording.start(version, [errorAnswer(500, "Down."), TEXT]);
      const { sdk, model } = recording;
      await recording.inChat(async () => {
        await sdk.generateText({ model, prompt: "Hello", maxRetries: 0 }).catch(() => undefined);
        await sdk.generateText({ model, prompt: "Hello again" });
      });
      await recording.middleware.flush();
      expect(statuses(recording)).toEqual(["error", "completed"]);
      expect(recording.ingest.run.status).toBe("completed");
    });

    it("ends as an error outside of work when everything is sent on demand, or after a while", async () => {
      const clock = new FakeClock();
      await using recording = await MiddlewareRecording.start(version, [errorAnswer(500, "Down.")], {
        clock,
        limits: { lingerMs: 0 },
        chat: { chatId: CHAT_ID },
      });
      const { sdk, model } = recording;
      await expect(sdk.generateText({ model, prompt: "Hello", maxRetries: 0 })).rejects.toThrow("Down.");
      await clock.advance(80_000);
      expect(await statusWhenSent(recording, clock)).toBe("in_progress");
      await clock.advance(20_000);
      expect(await statusWhenSent(recording, clock)).toBe("error");
      const failedAt = recording.ingest.step.attempts?.[0]?.["finished_at"];
      expect([recording.ingest.run.finished_at, recording.ingest.step.finished_at]).toEqual([failedAt, failedAt]);
      expect(clock.timers).toBe(0);
      await expect(sdk.generateText({ model, prompt: "Hello", maxRetries: 0 })).rejects.toThrow("Down.");
      await recording.middleware.flush();
      expect([...recording.ingest.runs.values()].map(({ status }) => status)).toEqual(["error", "error"]);
    });

    it("ends at once where trying again is no use, or where nobody wants it", async () => {
      const clock = new FakeClock();
      const answers: ProviderAnswer[] = [errorAnswer(401, "Who are you?"), { events: [], finally: "hold" }];
      await using recording = await MiddlewareRecording.start(version, answers, {
        clock,
        limits: { lingerMs: 0 },
        chat: { chatId: CHAT_ID },
      });
      const { sdk, model } = recording;
      await expect(sdk.generateText({ model, prompt: "Hello" })).rejects.toThrow("Who are you?");
      expect(await statusWhenSent(recording, clock)).toBe("error");
      expect(recording.ingest.step).toMatchObject({ status: "error", attempts: [{ status: "error" }] });
      const abort = new AbortController();
      const aborted = sdk.generateText({ model, prompt: "Hello", abortSignal: abort.signal });
      await expect.poll(() => recording.provider.requests.length).toBe(2);
      abort.abort();
      await expect(aborted).rejects.toThrow();
      await expect.poll(() => queued(recording, clock)).toBe(0);
      expect([...recording.ingest.runs.values()].at(-1)?.status).toBe("interrupted");
    });

    it("takes them for one step too where the prompt is hidden", async () => {
      const answers = [errorAnswer(500), TEXT];
      await using recording = await MiddlewareRecording.start(version, answers, { recordInputs: false });
      const { sdk, model } = recording;
      await recording.inChat(() => sdk.generateText({ model, prompt: "Hello" }));
      await recording.middleware.flush();
      expect(recording.ingest.step.attempts).toMatchObject([{ status: "error" }, { status: "completed" }]);
    });
  });

  describe("with a call that is cut short", () => {
    it("is interrupted when the application aborts it", async () => {
      await using recording = await MiddlewareRecording.start(version, [partOfStream(STREAM, 5, "hold")]);
      const { sdk, model } = recording;
      const abort = new AbortController();
      await recording.inChat(async () => {
        const result = sdk.streamText({ model, prompt: "Hello", abortSignal: abort.signal, onError: () => undefined });
        for await (const piece of result.textStream) if (piece !== "") abort.abort();
      });
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step).toMatchObject({
        status: "interrupted",
        attempts: [{ status: "interrupted" }],
        normalized_response: { finish_reason: "interrupted" },
      });
    });

    it("is interrupted when a whole response is aborted while it is awaited", async () => {
      await using recording = await MiddlewareRecording.start(version, [partOfStream(STREAM, 1, "hold")]);
      const { sdk, model } = recording;
      const abort = new AbortController();
      const work = recording.inChat(() => sdk.generateText({ model, prompt: "Hello", abortSignal: abort.signal }));
      await expect.poll(() => recording.provider.requests.length).toBe(1);
      abort.abort();
      await expect(work).rejects.toThrow();
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step.status).toBe("interrupted");
    });

    it.each(["end", "break"] as const)("is interrupted when its stream comes to its %s too early", async (end) => {
      await using recording = await MiddlewareRecording.start(version, [partOfStream(STREAM, 5, end)]);
      const { sdk, model } = recording;
      await recording.inChat(async () => {
        const result = sdk.streamText({ model, prompt: "Hello", onError: () => undefined });
        await result.consumeStream({ onError: () => undefined });
      });
      await recording.middleware.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
    });

    it("is interrupted a minute after its reader left, unless the AI SDK reads on by itself, as 5 and 6 do", async () => {
      const clock = new FakeClock();
      await using recording = await MiddlewareRecording.start(version, [STREAMED_TEXT], { clock });
      const { sdk, model } = recording;
      const { textStream } = await recording.inChat(() => sdk.streamText({ model, prompt: "Hello" }));
      for await (const piece of textStream) if (piece !== "") break;
      await clock.advance(READER_LEFT_AFTER_MS * 2);
      const outcome = version === "AI SDK 7" ? "interrupted" : "completed";
      const statusNow = async () => {
        await recording.middleware.flush();
        return recording.ingest.run.status;
      };
      await expect.poll(statusNow).toBe(outcome);
      expect(recording.ingest.step).toMatchObject({ status: outcome, attempts: [{ status: outcome }] });
    });

    it("is interrupted when the application shuts the recorder down", async () => {
      await using recording = await MiddlewareRecording.start(version, [partOfStream(STREAM, 4, "hold")]);
      const { sdk, model } = recording;
      const reader = await recording.inChat(() => sdk.streamText({ model, prompt: "Hello" }).textStream.getReader());
      void reader.read();
      await expect.poll(() => recording.provider.requests.length).toBe(1);
      expect(await recording.middleware.shutdown()).toBe(true);
      expect(recording.ingest.run.status).toBe("interrupted");
      recording.provider.answerWith(TEXT);
      await recording.inChat(() => sdk.generateText({ model, prompt: "Hello" }));
      await recording.middleware.flush();
      expect(recording.middleware.stats()).toMatchObject({ dropped: 0 });
      expect(recording.warnings).toEqual([]);
    });
  });

  it("records what the provider said when it fails in the middle of a stream", async () => {
    const { events } = partOfStream(STREAM, 4, "end") as { events: string[] };
    const failure = `data: ${JSON.stringify({ error: { message: "Overloaded", type: "error" } })}\n\n`;
    const answer = { events: [...events, failure], finally: "end" as const };
    await using recording = await MiddlewareRecording.start(version, [answer]);
    const { sdk, model } = recording;
    await recording.inChat(() => sdk.streamText({ model, prompt: "Hello", onError: () => undefined }).consumeStream());
    await recording.middleware.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: expect.stringContaining("verloaded") },
      attempts: [{ status: "error" }],
    });
  });

  it("records the schema that generateObject asks for", async () => {
    const answer = fixtureAnswer("deepseek/deepseek-json.json");
    await using recording = await MiddlewareRecording.start(version, [answer]);
    const { sdk, model } = recording;
    await recording.inChat(() => sdk.generateObject({ model, prompt: "JSON?", schema: z.looseObject({}) }));
    await recording.middleware.flush();
    expect(recording.ingest.step.normalized_request).toMatchObject({ options: { response_format: { type: "json" } } });
    expect(recording.ingest.step.status).toBe("completed");
  });

  it("says once which call has no chat, and makes it all the same", async () => {
    await using recording = await MiddlewareRecording.start(version, [TEXT]);
    const { sdk, model } = recording;
    for (let time = 0; time < 2; time += 1) {
      expect((await sdk.generateText({ model, prompt: "Hello" })).text).not.toBe("");
    }
    await recording.middleware.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toMatchObject([{ code: "no_chat_id", message: expect.stringContaining("inChat") }]);
  });

  it("hides what it is told to hide", async () => {
    const answers = [STREAMED_TOOL, STREAMED_TEXT, TEXT, errorAnswer(400, "What shall this secret-question be?")];
    await using recording = await MiddlewareRecording.start(version, answers, {
      recordInputs: false,
      recordOutputs: false,
    });
    const { sdk, model } = recording;
    const prompt = "secret-question";
    const onError = () => undefined;
    const texts: string[] = [];
    await recording.inChat(async () => {
      const result = sdk.streamText({ model, prompt, tools: sunny, stopWhen: sdk.stepCountIs(3), onError });
      await result.consumeStream();
      const { text } = await sdk.generateText({ model, prompt });
      texts.push(text, await result.text);
      await sdk.generateText({ model, prompt, maxRetries: 0 }).catch(onError);
    });
    await recording.middleware.flush();
    const sent = JSON.stringify(recording.ingest.batches);
    expect(sent).not.toContain("secret-question");
    expect(sent).not.toContain("San Francisco");
    expect(sent).not.toContain("degrees");
    for (const text of texts) expect(sent).not.toContain(JSON.stringify(text).slice(1, 20));
    expect(statuses(recording)).toEqual(["completed", "completed", "completed", "error"]);
    expect(recording.ingest.stepsInOrder[0]?.usage).toMatchObject({ input_tokens: 339 });
  });

  it("changes nothing of what the application gets", async () => {
    for (const answers of [[TEXT], [errorAnswer(400, "No.")]]) {
      await using recorded = await MiddlewareRecording.start(version, answers, { chat: { chatId: CHAT_ID } });
      await using plain = await MiddlewareRecording.start(version, answers, { enabled: false });
      const [one, other] = await Promise.all(
        [recorded, plain].map(async ({ sdk, model }) => {
          const outcome = await sdk.generateText({ model, prompt: "Hello", maxRetries: 0 }).catch(String);
          return typeof outcome === "string" ? outcome : [outcome.content, outcome.usage, outcome.finishReason];
        }),
      );
      expect(one).toEqual(other);
      expect(recorded.provider.requests[0]?.json).toEqual(plain.provider.requests[0]?.json);
    }
  });
});

async function queued(recording: MiddlewareRecording, clock: FakeClock): Promise<number> {
  await clock.advance(0);
  return recording.middleware.stats().queued;
}

/** How the only run stands once everything has been sent, without a flush, which would say that nothing follows. */
async function statusWhenSent(recording: MiddlewareRecording, clock: FakeClock): Promise<string | undefined> {
  await expect.poll(() => queued(recording, clock)).toBe(0);
  return recording.ingest.run.status;
}

it("does nothing within a call that the telemetry of the AI SDK 7 records", async () => {
  await using telemetry = await Recording.start([errorAnswer(500), ASKS_FOR_TOOL, TEXT]);
  await using recording = await MiddlewareRecording.start("AI SDK 7", [errorAnswer(500), ASKS_FOR_TOOL, TEXT]);
  const { model } = recording;
  await recording.inChat(() =>
    generateText({ model, prompt: "Hello", tools: sunny, stopWhen: isStepCount(3), ...telemetry.options }),
  );
  await telemetry.recorder.flush();
  await recording.middleware.flush();
  expect(telemetry.ingest.steps.size).toBe(2);
  expect(recording.ingest.batches).toEqual([]);
  expect(recording.warnings).toEqual([]);
});

it("takes no time to compare a prompt with others where no call waits for another try", async () => {
  await using recording = await MiddlewareRecording.start("AI SDK 6", [TEXT]);
  const written = vi.spyOn(JSON, "stringify");
  let writtenBefore = 0;
  const doGenerate = () => {
    writtenBefore = written.mock.calls.length;
    return Promise.resolve({ content: [], finishReason: "stop" });
  };
  const params = { prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }] };
  await recording.inChat(() => recording.middleware.wrapGenerate({ doGenerate, params, model: {} }));
  written.mockRestore();
  expect(writtenBefore).toBe(0);
});
