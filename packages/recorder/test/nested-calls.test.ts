import { ToolLoopAgent, embed, generateText, isStepCount, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { type ChatContext, inChat } from "@shelflife/recorder";

import { type ProviderAnswer, fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording, messagesOf } from "./recording.ts";

const ASKS_FOR_TOOL = fixtureAnswer("deepseek/deepseek-tool-call.json");
const TEXT = fixtureAnswer("deepseek/deepseek-text.json");
const STREAMED_TOOL = fixtureAnswer("deepseek/deepseek-tool-call.chunks.txt");
const STREAMED_TEXT = fixtureAnswer("deepseek/deepseek-text.chunks.txt");

const OTHER_CHAT = "01990000-0000-7000-8000-0000000007e5";

/** A tool that asks a model itself. */
function asking(ask: () => PromiseLike<unknown>) {
  return {
    weather: tool({
      inputSchema: z.object({ location: z.string() }),
      execute: async () => {
        await ask();
        return "sunny";
      },
    }),
  };
}

function call(recording: Recording, prompt: string) {
  return { model: recording.model("deepseek"), prompt, telemetry: { integrations: recording.recorder } };
}

function inOtherChat(chat: Partial<ChatContext> = {}) {
  return inChat({ chatId: OTHER_CHAT, ...chat });
}

/** The steps' questions, in their order. */
function questions(recording: Recording): (string | undefined)[] {
  return recording.ingest.stepsInOrder.map((step) => messagesOf(step)[0]?.parts[0]?.text);
}

describe("a call that a tool makes", () => {
  it.each([
    ["whole", generateText, [ASKS_FOR_TOOL, TEXT, TEXT]],
    ["streamed", streamText, [STREAMED_TOOL, TEXT, STREAMED_TEXT]],
  ] as [string, typeof generateText, ProviderAnswer[]][])(
    "is a step of the run that the tool is part of, where the outer call is %s",
    async (name, outer, answers) => {
      await using recording = await Recording.start(answers);
      const tools = asking(() => generateText(call(recording, "inner")));
      const options = { ...call(recording, "outer"), ...recording.options, tools, stopWhen: isStepCount(3) };
      if (name === "whole") await outer(options);
      else await streamText(options).consumeStream();
      await recording.recorder.flush();
      expect(recording.ingest.run.status).toBe("completed");
      expect(questions(recording)).toEqual(["outer", "inner", "outer"]);
      expect(recording.ingest.stepsInOrder).toMatchObject([
        { step_number: 1, status: "completed", metadata: { integration: "ai-sdk" } },
        {
          step_number: 2,
          status: "completed",
          operation: "generate",
          metadata: { parent_step_number: 1, parent_tool_call_id: expect.any(String) },
        },
        { step_number: 3, status: "completed" },
      ]);
      expect(recording.ingest.stepsInOrder[2]?.metadata).not.toHaveProperty("parent_step_number");
      expect(recording.warnings).toEqual([]);
    },
  );

  it("is a run of its own where it names its chat itself", async () => {
    await using recording = await Recording.start([ASKS_FOR_TOOL, TEXT, TEXT]);
    const { runtimeContext, telemetry } = inOtherChat({ kind: "compaction" });
    const inner = { ...call(recording, "inner"), runtimeContext };
    const tools = asking(() =>
      generateText({ ...inner, telemetry: { ...telemetry, integrations: recording.recorder } }),
    );
    await generateText({ ...call(recording, "outer"), ...recording.options, tools, stopWhen: isStepCount(3) });
    await recording.recorder.flush();
    const runs = [...recording.ingest.runs.values()];
    expect(runs.map(({ chat_id, kind, status }) => ({ chat_id, kind, status }))).toEqual(
      expect.arrayContaining([
        { chat_id: CHAT_ID, kind: "chat_turn", status: "completed" },
        { chat_id: OTHER_CHAT, kind: "compaction", status: "completed" },
      ]),
    );
    expect(runs).toHaveLength(2);
  });

  it("that fails does not end the run that the tool is part of", async () => {
    await using recording = await Recording.start([ASKS_FOR_TOOL, { status: 400, body: "{}" }, TEXT]);
    const tools = asking(() => generateText(call(recording, "inner")));
    await generateText({ ...call(recording, "outer"), ...recording.options, tools, stopWhen: isStepCount(3) });
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ status }) => status)).toEqual(["completed", "error", "completed"]);
  });

  it("and that nobody waits for is told apart from what comes after the run", async () => {
    await using recording = await Recording.start([ASKS_FOR_TOOL, TEXT]);
    let goOn: (() => void) | undefined;
    const waiting = new Promise<void>((resolve) => void (goOn = resolve));
    let background: Promise<unknown> | undefined;
    const tools = asking(async () => {
      background = waiting.then(() => generateText(call(recording, "background")));
    });
    await generateText({ ...call(recording, "outer"), ...recording.options, tools });
    goOn?.();
    await background;
    await recording.recorder.flush();
    const [outer, later] = [...recording.ingest.runs.values()];
    expect([outer?.status, later?.status]).toEqual(["completed", "completed"]);
    expect(later?.chat_id).toBe(CHAT_ID);
    expect(recording.warnings).toEqual([]);
    expect(recording.recorder.stats()).toMatchObject({ rejected: 0, dropped: 0 });
  });

  it("does not hold up the end of the run where nobody waits for it", async () => {
    const held: ProviderAnswer = { events: [], finally: "hold" };
    await using recording = await Recording.start([ASKS_FOR_TOOL, held]);
    const abort = new AbortController();
    let background: Promise<unknown> | undefined;
    const tools = asking(async () => {
      background = generateText({ ...call(recording, "inner"), abortSignal: abort.signal }).catch(() => undefined);
      await expect.poll(() => recording.provider.requests.length).toBe(2);
    });
    await generateText({ ...call(recording, "outer"), ...recording.options, tools });
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    abort.abort();
    await background;
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ status }) => status)).toEqual(["completed", "interrupted"]);
  });

  it("is not recorded where the outer call is not", async () => {
    await using recording = await Recording.start([ASKS_FOR_TOOL, TEXT, TEXT]);
    const tools = asking(() => generateText(call(recording, "inner")));
    await generateText({ ...call(recording, "outer"), tools, stopWhen: isStepCount(3) });
    await recording.recorder.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toHaveLength(1);
  });
});

it("lets a tool answer and fail as it would unrecorded", async () => {
  await using recording = await Recording.start([ASKS_FOR_TOOL, TEXT]);
  const broken = new Error("offline");
  const weather = tool({
    inputSchema: z.object({ location: z.string() }),
    execute: (): string => {
      throw broken;
    },
  });
  const { steps } = await generateText({ ...call(recording, "outer"), ...recording.options, tools: { weather } });
  expect(steps[0]?.content.find((part) => part.type === "tool-error")?.error).toBe(broken);
});

it("records an agent's loop as one run with a step for each model call", async () => {
  await using recording = await Recording.start([ASKS_FOR_TOOL, ASKS_FOR_TOOL, TEXT]);
  const agent = new ToolLoopAgent({
    model: recording.model("deepseek"),
    instructions: "Be brief.",
    tools: { weather: tool({ inputSchema: z.object({ location: z.string() }), execute: () => "sunny" }) },
    telemetry: { integrations: recording.recorder },
  });
  await inChat({ chatId: CHAT_ID }, () => agent.generate({ prompt: "How is the weather?" }));
  await recording.recorder.flush();
  expect(recording.ingest.run).toMatchObject({ status: "completed", chat_id: CHAT_ID });
  expect(recording.ingest.stepsInOrder.map((step) => messagesOf(step).length)).toEqual([2, 4, 6]);
});

describe("work in a chat", () => {
  it("is one run, whatever calls it makes, and keeps the kind that it is given", async () => {
    const vector = { data: [{ embedding: [0.5, 0.25] }], usage: { prompt_tokens: 2, total_tokens: 2 } };
    await using recording = await Recording.start([{ status: 200, body: JSON.stringify(vector) }, TEXT, STREAMED_TEXT]);
    const { provider } = recording;
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const compatible = createOpenAICompatible({ baseURL: provider.url, apiKey: "key", name: "compatible" });
    await inChat({ chatId: CHAT_ID, title: "Weather" }, async () => {
      const telemetry = { integrations: recording.recorder };
      await embed({ model: compatible.embeddingModel("test-embedding"), value: "search", telemetry });
      await generateText(call(recording, "first"));
      await streamText(call(recording, "second")).consumeStream();
    });
    await recording.recorder.flush();
    expect(recording.ingest.run).toMatchObject({ kind: "chat_turn", status: "completed", model: "test-embedding" });
    expect(questions(recording)).toEqual(["search", "first", "second"]);
    expect([...recording.ingest.chats.values()]).toMatchObject([{ title: "Weather" }]);
  });

  it("may answer a stream that is read later, whose steps are still of its run", async () => {
    await using recording = await Recording.start([STREAMED_TOOL, STREAMED_TEXT]);
    const tools = { weather: tool({ inputSchema: z.object({ location: z.string() }), execute: () => "sunny" }) };
    const result = await inChat({ chatId: CHAT_ID }, () =>
      streamText({ ...call(recording, "later"), tools, stopWhen: isStepCount(3) }),
    );
    await result.consumeStream();
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ status }) => status)).toEqual(["completed", "completed"]);
  });

  it("ends as an error where it fails, and a call that names another chat stays out of it", async () => {
    await using recording = await Recording.start([TEXT]);
    const work = inChat({ chatId: CHAT_ID }, async () => {
      await generateText(call(recording, "mine"));
      const { runtimeContext, telemetry } = inOtherChat();
      const other = { ...telemetry, integrations: recording.recorder };
      await generateText({ ...call(recording, "other"), runtimeContext, telemetry: other });
      throw new Error("The work failed.");
    });
    await expect(work).rejects.toThrow("The work failed.");
    await recording.recorder.flush();
    const statuses = new Map([...recording.ingest.runs.values()].map(({ chat_id, status }) => [chat_id, status]));
    expect(Object.fromEntries(statuses)).toEqual({ [CHAT_ID]: "error", [OTHER_CHAT]: "completed" });
  });

  it("stays open while it works, though no call is going on", async () => {
    await using recording = await Recording.start([TEXT]);
    await inChat({ chatId: CHAT_ID }, async () => {
      await generateText(call(recording, "first"));
      await recording.recorder.flush();
      expect(recording.ingest.run.status).toBe("in_progress");
      expect(recording.ingest.step.status).toBe("completed");
    });
    await recording.recorder.flush();
    expect(recording.ingest.run.status).toBe("completed");
  });
});
