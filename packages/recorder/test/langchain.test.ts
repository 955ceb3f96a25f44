import type { AIMessageChunk, BaseMessageLike } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { type RunnableConfig, RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAI } from "@langchain/openai";
import { ShelflifeCallbackHandler, type ShelflifeCallbackHandlerOptions, inChat } from "@shelflife/recorder/langchain";
import { chatUuid } from "@shelflife/recorder";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import type { WarningCode } from "../src/warnings.ts";
import { FakeClock } from "./fake-clock.ts";
import { IngestServer } from "./ingest-server.ts";
import { patientClock } from "./patient-clock.ts";
import {
  type ProviderAnswer,
  ProviderReplayServer,
  errorAnswer,
  fixtureAnswer,
  partOfStream,
} from "./provider-replay-server.ts";
import { CHAT_ID, messagesOf } from "./recording.ts";

const TEXT = fixtureAnswer("openai/openai-text.json");
const STREAM = "openai/openai-text.chunks.txt";
const TOOL_CALL = "openai-compatible/xai-tool-call";

/** A provider, a handler and the server that it records into, all on the loopback. */
class LangchainRecording implements AsyncDisposable {
  readonly provider: ProviderReplayServer;
  readonly ingest: IngestServer;
  readonly handler: ShelflifeCallbackHandler;
  readonly warnings: WarningCode[] = [];

  private constructor(provider: ProviderReplayServer, ingest: IngestServer, options: ShelflifeCallbackHandlerOptions) {
    this.provider = provider;
    this.ingest = ingest;
    this.handler = new ShelflifeCallbackHandler({
      baseUrl: ingest.url,
      key: "test-key",
      onWarning: (_, code) => this.warnings.push(code),
      clock: patientClock,
      ...options,
    });
  }

  static async start(
    answers: ProviderAnswer[],
    options: ShelflifeCallbackHandlerOptions = {},
  ): Promise<LangchainRecording> {
    return new LangchainRecording(await ProviderReplayServer.start(...answers), await IngestServer.start(), options);
  }

  get config() {
    return { callbacks: [this.handler], metadata: { shelflife: { chatId: CHAT_ID } } };
  }

  model(fields: Partial<ConstructorParameters<typeof ChatOpenAI>[0]> = {}): ChatOpenAI {
    const configuration = { baseURL: this.provider.url };
    return new ChatOpenAI({
      model: "test-model",
      apiKey: "provider-key",
      maxRetries: 0,
      configuration,
      ...(fields as object),
    });
  }

  chain() {
    return ChatPromptTemplate.fromTemplate("Say {what}").pipe(this.model()).pipe(new StringOutputParser());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handler.shutdown({ timeoutMs: 1000 });
    await this.provider[Symbol.asyncDispose]();
    await this.ingest[Symbol.asyncDispose]();
  }
}

/** Reads a stream to its end and puts its chunks together. */
async function streamed(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let message: AIMessageChunk | undefined;
  for await (const chunk of chunks) message = message ? message.concat(chunk) : chunk;
  return message ?? expect.fail("The stream was empty.");
}

describe("a chain", () => {
  it("is a run, and its model call a step", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    const text = await recording.chain().invoke({ what: "hello" }, recording.config);
    expect(await recording.handler.flush()).toBe(true);
    expect(recording.warnings).toEqual([]);
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({
      chat_id: CHAT_ID,
      kind: "chat_turn",
      status: "completed",
      provider: "openai",
      model: "test-model",
    });
    expect(step).toMatchObject({
      run_id: run.id,
      step_number: 1,
      operation: "generate",
      status: "completed",
      normalized_request: {
        messages: [{ role: "user", parts: [{ type: "text", text: "Say hello" }] }],
        tools: [],
      },
      normalized_response: { content: [{ type: "text", text }], finish_reason: "stop" },
      usage: { input_tokens: 16, output_tokens: 363, total_tokens: 379 },
      attempts: [{ number: 1, status: "completed", duration_ms: expect.any(Number) }],
      metadata: { integration: "langchain" },
    });
    expect(JSON.stringify([...recording.ingest.batches])).not.toContain("provider-key");
  });

  it("that streams is recorded whole", async () => {
    await using recording = await LangchainRecording.start([fixtureAnswer(STREAM)]);
    let text = "";
    for await (const piece of await recording.chain().stream({ what: "hello" }, recording.config)) text += piece;
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      operation: "stream",
      status: "completed",
      normalized_response: { content: [{ type: "text", text }], finish_reason: "stop" },
      usage: { output_tokens: 300 },
      metadata: { time_to_first_output_ms: expect.any(Number) },
    });
  });

  it("gives the application the same with a handler as without one", async () => {
    for (const name of [STREAM, "openai/openai-text.json"]) {
      await using recording = await LangchainRecording.start([fixtureAnswer(name)]);
      const given = async (config: RunnableConfig): Promise<unknown> => {
        if (name !== STREAM) return recording.chain().invoke({ what: "hello" }, config);
        const pieces: string[] = [];
        for await (const piece of await recording.chain().stream({ what: "hello" }, config)) pieces.push(piece);
        return pieces;
      };
      expect(await given(recording.config)).toEqual(await given({}));
    }
  });

  it("whose tools run has their results with the call that asked for them", async () => {
    for (const streams of [false, true]) {
      const call = fixtureAnswer(`${TOOL_CALL}.${streams ? "chunks.txt" : "json"}`);
      await using recording = await LangchainRecording.start([call, streams ? fixtureAnswer(STREAM) : TEXT]);
      const weather = tool(({ location }: { location: string }) => `Sunny in ${location}.`, {
        name: "weather",
        description: "Tells the weather.",
        schema: z.object({ location: z.string() }),
      });
      const model = recording.model().bindTools([weather]);
      const agent = RunnableLambda.from(async (question: string, config: RunnableConfig) => {
        const asked = streams
          ? await streamed(await model.stream(question, config))
          : await model.invoke(question, config);
        const results = [];
        for (const toolCall of asked.tool_calls ?? [])
          results.push(await weather.invoke({ ...toolCall, type: "tool_call" }, config));
        const messages = [["user", question], asked, ...results] as BaseMessageLike[];
        return streams ? streamed(await model.stream(messages, config)) : model.invoke(messages, config);
      });
      await agent.invoke("Weather?", recording.config);
      await recording.handler.flush();
      expect(recording.ingest.run.status).toBe("completed");
      const [asking, answering] = recording.ingest.stepsInOrder;
      const toolCall = {
        tool_call_id: expect.stringMatching(/^call_/),
        tool_name: "weather",
      };
      expect(asking).toMatchObject({
        step_number: 1,
        normalized_request: {
          tools: [{ name: "weather", description: "Tells the weather.", input_schema: { type: "object" } }],
        },
        normalized_response: {
          content: [
            { type: "reasoning" },
            { ...toolCall, type: "tool-call", arguments: { location: "San Francisco" } },
            { ...toolCall, type: "tool-result", result: "Sunny in San Francisco." },
          ],
          finish_reason: "tool-calls",
        },
        metadata: {
          tools: [
            {
              tool_name: "weather",
              status: "completed",
              finished_at: expect.any(String),
              duration_ms: expect.any(Number),
            },
          ],
        },
      });
      expect(answering).toMatchObject({ step_number: 2, status: "completed" });
      expect(messagesOf(answering).map(({ role, parts }) => [role, parts.map(({ type }) => type)])).toEqual([
        ["user", ["text"]],
        ["assistant", ["reasoning", "tool-call"]],
        ["tool", ["tool-result"]],
      ]);
    }
  });

  it("that asks twice before it uses a tool has the result with the call that asked for it", async () => {
    await using recording = await LangchainRecording.start([fixtureAnswer(`${TOOL_CALL}.json`), TEXT]);
    const weather = tool(() => "Sunny.", {
      name: "weather",
      description: "Tells the weather.",
      schema: z.object({ location: z.string() }),
    });
    const agent = RunnableLambda.from(async (question: string, config: RunnableConfig) => {
      const asked = await recording.model().invoke(question, config);
      await recording.model().invoke("Be polite.", config);
      for (const call of asked.tool_calls ?? []) await weather.invoke({ ...call, type: "tool_call" }, config);
    });
    await agent.invoke("Weather?", recording.config);
    await recording.handler.flush();
    const [asking, other] = recording.ingest.stepsInOrder;
    expect(asking?.metadata).toMatchObject({ tools: [{ tool_name: "weather" }] });
    expect(other?.metadata).not.toHaveProperty("tools");
  });

  it("whose tool fails says so beside the call", async () => {
    await using recording = await LangchainRecording.start([fixtureAnswer(`${TOOL_CALL}.json`)]);
    const weather = tool(
      () => {
        throw new Error("No clouds today.");
      },
      { name: "weather", description: "Tells the weather.", schema: z.object({ location: z.string() }) },
    );
    const agent = RunnableLambda.from(async (question: string, config: RunnableConfig) => {
      const asked = await recording.model().invoke(question, config);
      for (const call of asked.tool_calls ?? []) await weather.invoke({ ...call, type: "tool_call" }, config);
    });
    await expect(agent.invoke("Weather?", recording.config)).rejects.toThrow("No clouds today.");
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: {
        content: expect.arrayContaining([
          expect.objectContaining({ type: "tool-error", result: { name: "Error", message: "No clouds today." } }),
        ]),
      },
      metadata: { tools: [{ tool_name: "weather", status: "error" }] },
    });
  });

  it("holds the chains inside of it", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    const outer = RunnableLambda.from(async (what: string, config: RunnableConfig) => {
      await recording.chain().invoke({ what }, config);
      await recording.chain().invoke({ what }, config);
    });
    await outer.invoke("hello", recording.config);
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.steps.size).toBe(2);
  });

  it("with several calls at once has a step for each", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    await RunnableLambda.from((question: string, config: RunnableConfig) =>
      recording.model().batch([question, question], config),
    ).invoke("Hello", recording.config);
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ step_number, status }) => [step_number, status])).toEqual([
      [1, "completed"],
      [2, "completed"],
    ]);
  });
});

describe("a model by itself", () => {
  it("is a run with one step, of a chat model or of an older one", async () => {
    const completion = {
      id: "cmpl",
      choices: [{ text: "Hello.", finish_reason: "length" }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    };
    await using recording = await LangchainRecording.start([{ status: 200, body: JSON.stringify(completion) }]);
    const configuration = { baseURL: recording.provider.url };
    const model = new OpenAI({ model: "gpt-3.5-turbo-instruct", apiKey: "k", temperature: 0.5, configuration });
    expect(await model.invoke("Hi", recording.config)).toBe("Hello.");
    await recording.handler.flush();
    expect(recording.ingest.run).toMatchObject({ status: "completed", model: "gpt-3.5-turbo-instruct" });
    expect(recording.ingest.step).toMatchObject({
      normalized_request: {
        messages: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }],
        options: { temperature: 0.5 },
      },
      normalized_response: { content: [{ type: "text", text: "Hello." }], finish_reason: "length" },
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    });
  });

  it("that fails says how", async () => {
    await using recording = await LangchainRecording.start([errorAnswer(401, "Who are you?")]);
    await expect(recording.model().invoke("Hi", recording.config)).rejects.toThrow("Who are you?");
    await recording.handler.flush();
    expect(recording.ingest.run).toMatchObject({ status: "error", finished_at: expect.any(String) });
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { name: "AuthenticationError", message: expect.stringContaining("Who are you?"), status_code: 401 },
      attempts: [{ status: "error", error: { status_code: 401 } }],
    });
  });

  it("that is aborted is interrupted, with what it had said until then", async () => {
    for (const streams of [true, false]) {
      await using recording = await LangchainRecording.start([partOfStream(STREAM, streams ? 6 : 1, "hold")]);
      const abort = new AbortController();
      const config = { ...recording.config, signal: abort.signal };
      let heard = "";
      const call = async (): Promise<void> => {
        if (!streams) return void (await recording.model().invoke("Hi", config));
        for await (const chunk of await recording.model().stream("Hi", config)) {
          heard += chunk.text;
          if (heard.length > 5) abort.abort();
        }
      };
      const calling = call().then(
        () => "no error",
        (error: unknown) => String(error),
      );
      if (!streams) {
        await expect.poll(() => recording.provider.requests.length).toBe(1);
        abort.abort();
      }
      expect(await calling).toMatch(/abort/i);
      await recording.handler.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
      if (streams) {
        const [part] = (recording.ingest.step.normalized_response?.["content"] ?? []) as { text: string }[];
        expect(part?.text).toContain(heard);
      }
    }
  });

  it("whose stream nobody reads to its end is interrupted after a while, of which LangChain says nothing", async () => {
    const clock = new FakeClock();
    await using recording = await LangchainRecording.start([fixtureAnswer(STREAM)], { clock });
    for await (const chunk of await recording.model().stream("Hi", recording.config)) if (chunk.content !== "") break;
    await clock.advance(90_000);
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step).toMatchObject({ status: "interrupted" });
  });

  it("that takes its time is not taken for a stream that nobody reads", async () => {
    const clock = new FakeClock();
    await using recording = await LangchainRecording.start([partOfStream(STREAM, 1, "hold")], { clock });
    const abort = new AbortController();
    const call = recording.model().invoke("Hi", { ...recording.config, signal: abort.signal });
    await expect.poll(() => recording.provider.requests.length).toBe(1);
    await clock.advance(600_000);
    await recording.handler.flush();
    expect(recording.ingest.step.status).toBe("in_progress");
    abort.abort();
    await expect(call).rejects.toThrow(/abort/i);
  });

  it("whose stream is read again after a long pause is completed after all", async () => {
    const clock = new FakeClock();
    await using recording = await LangchainRecording.start([fixtureAnswer(STREAM)], { clock });
    const reader = (await recording.model().stream("Hi", recording.config)).getReader();
    await reader.read();
    await clock.advance(90_000);
    await recording.handler.flush();
    expect(recording.ingest.step.status).toBe("interrupted");
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) expect(piece.value).toBeDefined();
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: { finish_reason: "stop" },
    });
  });
});

describe("a call that LangChain tries again", () => {
  it("is one step, whose tries are its attempts", async () => {
    await using recording = await LangchainRecording.start([errorAnswer(500, "Oops."), TEXT]);
    await recording.model().withRetry({ stopAfterAttempt: 3 }).invoke("Hi", recording.config);
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [
        { number: 1, status: "error", error: { status_code: 500 } },
        { number: 2, status: "completed" },
      ],
    });
    expect(recording.ingest.step.error).toBeUndefined();
  });

  it("is an error when every try failed", async () => {
    await using recording = await LangchainRecording.start([errorAnswer(500, "Oops.")]);
    const call = recording.model().withRetry({ stopAfterAttempt: 2 }).invoke("Hi", recording.config);
    await expect(call).rejects.toThrow("Oops.");
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { status_code: 500 },
      attempts: [{ number: 1 }, { number: 2 }],
    });
  });

  it("is a step for each model where another one steps in", async () => {
    await using recording = await LangchainRecording.start([errorAnswer(400), TEXT]);
    await recording
      .model()
      .withFallbacks([recording.model({ model: "other-model" })])
      .invoke("Hi", recording.config);
    await recording.handler.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ status }) => status)).toEqual(["error", "completed"]);
  });
});

describe("the chat of a call", () => {
  it("is that of its metadata, of a thread in it, of the work around it, or of the handler", async () => {
    const elsewhere = (): { chatId: string } => ({ chatId: "of-the-handler" });
    await using recording = await LangchainRecording.start([TEXT], { chat: elsewhere });
    const callbacks = [recording.handler];
    const call = (metadata: object = {}): Promise<unknown> =>
      recording.model().invoke("Hi", { callbacks, metadata: metadata as Record<string, unknown> });
    await call({ shelflife: { chatId: "of-the-metadata", title: "Named" }, thread_id: "of-the-thread" });
    await call({ thread_id: "of-the-thread" });
    await inChat({ chatId: "of-the-work" }, async () => {
      await call();
      await call({ shelflife: { chatId: "of-the-metadata" } });
    });
    await call();
    await recording.handler.flush();
    const chats = ["of-the-metadata", "of-the-thread", "of-the-work", "of-the-metadata", "of-the-handler"];
    expect([...recording.ingest.runs.values()].map((run) => run.chat_id)).toEqual(chats.map((chat) => chatUuid(chat)));
    expect(recording.ingest.chats.get(chatUuid("of-the-metadata"))?.title).toBe("Named");
  });

  it("holds all calls of one piece of work as one run", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    await inChat({ chatId: CHAT_ID, kind: "compaction" }, async () => {
      const config = { callbacks: [recording.handler] };
      await recording.chain().invoke({ what: "one" }, config);
      await recording.chain().invoke({ what: "two" }, config);
    });
    await recording.handler.flush();
    expect(recording.ingest.run).toMatchObject({ kind: "compaction", status: "completed" });
    expect(recording.ingest.steps.size).toBe(2);
  });

  it("is that of the work around each call, however many go on at once", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    const chats = ["one", "two", "three"];
    const ask = (chatId: string): Promise<unknown> =>
      inChat({ chatId }, () => recording.chain().invoke({ what: chatId }, { callbacks: [recording.handler] }));
    await Promise.all(chats.map(ask));
    await recording.handler.flush();
    const asked = recording.ingest.stepsInOrder.map((step) => [step.chat_id, messagesOf(step)[0]?.parts[0]?.text]);
    expect(new Map(asked as [string, string][])).toEqual(new Map(chats.map((chat) => [chatUuid(chat), `Say ${chat}`])));
  });

  it("is missed once where nobody says it, and the call goes on", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    for (let time = 0; time < 2; time += 1) {
      const answer = await recording.model().invoke("Hi", { callbacks: [recording.handler] });
      expect(answer.content).not.toBe("");
    }
    await recording.handler.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toEqual(["no_chat_id"]);
  });
});

describe("a handler", () => {
  it("that fails at everything lets the application have its answer", async () => {
    const clock = new FakeClock();
    await using recording = await LangchainRecording.start([TEXT], { clock });
    clock.now = () => {
      throw new Error("A recorder's bug.");
    };
    expect(await recording.chain().invoke({ what: "hello" }, recording.config)).toContain("Galaxy Day");
    expect(recording.warnings).toEqual(["internal"]);
  });

  it("without a server records nothing and says so once", async () => {
    await using recording = await LangchainRecording.start([TEXT], { baseUrl: "", key: "" });
    expect(await recording.chain().invoke({ what: "hello" }, recording.config)).toContain("Galaxy Day");
    expect(recording.warnings).toEqual(["not_configured"]);
    expect(recording.handler.stats()).toEqual({ queued: 0, sent: 0, dropped: 0, rejected: 0 });
    expect(await recording.handler.flush()).toBe(true);
  });

  it("is the same one in every copy, and tells no secret when it is written down", async () => {
    await using recording = await LangchainRecording.start([TEXT]);
    expect(recording.handler.copy()).toBe(recording.handler);
    expect(JSON.stringify(recording.handler)).not.toContain("test-key");
  });

  it("that was shut down records nothing, and closes what was going on", async () => {
    await using recording = await LangchainRecording.start([fixtureAnswer(STREAM)]);
    const reader = (await recording.model().stream("Hi", recording.config)).getReader();
    await reader.read();
    expect(await recording.handler.shutdown()).toBe(true);
    expect(recording.ingest.run.status).toBe("interrupted");
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) expect(piece.value).toBeDefined();
    await recording
      .model()
      .invoke("Hi", recording.config)
      .catch(() => undefined);
    expect(recording.ingest.runs.size).toBe(1);
    expect(recording.handler.stats()).toMatchObject({ dropped: 0 });
  });
});
