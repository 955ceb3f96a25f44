import { describe, expect, it } from "vitest";

import type { NormalizedPart, StepItem } from "@shelflife/api-contract";
import { inChat } from "@shelflife/recorder/fetch";

import { FakeClock } from "./fake-clock.ts";
import { FetchRecording } from "./fetch-recording.ts";
import { readStreamFixture } from "./provider-fixtures.ts";
import { type ProviderAnswer, errorAnswer, fixtureAnswer, partOfStream } from "./provider-replay-server.ts";
import { CHAT_ID, messagesOf } from "./recording.ts";

const TEXT = fixtureAnswer("openai/openai-text.json");
const STREAM = "openai/openai-text.chunks.txt";
const CLAUDE = fixtureAnswer("anthropic/anthropic-text.json");
const HELLO = { model: "test-model", messages: [{ role: "user" as const, content: "Hello" }] };

function complete(recording: FetchRecording, options: { maxRetries?: number; signal?: AbortSignal } = {}) {
  return recording.openai().chat.completions.create(HELLO, options);
}

function stream(recording: FetchRecording) {
  return recording.openai().chat.completions.create({ ...HELLO, stream: true });
}

function contentOf(step: StepItem | undefined): NormalizedPart[] {
  return (step?.normalized_response?.["content"] ?? []) as NormalizedPart[];
}

/** A request as somebody makes it who has no library. */
function post(recording: FetchRecording, body: unknown = HELLO, init: RequestInit = {}): Promise<Response> {
  const headers = { "content-type": "application/json", ...(init.headers as Record<string, string>) };
  const url = `${recording.provider.url}/chat/completions`;
  return recording.fetch(url, { method: "POST", body: JSON.stringify(body), ...init, headers });
}

describe("a call that is tried again", () => {
  it("by OpenAI's library is one step, whose tries are its attempts", async () => {
    await using recording = await FetchRecording.start([
      errorAnswer(429, "Too fast."),
      errorAnswer(500, "Oops."),
      TEXT,
    ]);
    await complete(recording);
    await recording.fetch.flush();
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ status: "completed", model: "test-model", provider: "127.0.0.1" });
    expect(step).toMatchObject({
      status: "completed",
      attempts: [
        {
          number: 1,
          status: "error",
          method: "POST",
          url: `${recording.provider.url}/chat/completions`,
          path: "/v1/chat/completions",
          request_headers: { authorization: "[REDACTED]", "x-stainless-retry-count": "0" },
          request_body: HELLO,
          response_status: 429,
          response_headers: { "retry-after-ms": "1" },
          error: { message: "The provider answered with the status 429.", status_code: 429, retryable: true },
          duration_ms: expect.any(Number),
        },
        { number: 2, status: "error", response_status: 500, request_headers: { "x-stainless-retry-count": "1" } },
        { number: 3, status: "completed", response_status: 200, response_body: { object: "chat.completion" } },
      ],
    });
    expect(step.error).toBeUndefined();
    expect(step.attempts).toHaveLength(3);
  });

  it("by Anthropic's library is one step too, streamed or not", async () => {
    for (const answer of [CLAUDE, fixtureAnswer("anthropic/anthropic-text.chunks.txt")]) {
      await using recording = await FetchRecording.start([errorAnswer(529), answer]);
      const messages = [{ role: "user" as const, content: "Hello" }];
      const streams = answer !== CLAUDE;
      const given = await recording
        .anthropic()
        .messages.create({ model: "claude", max_tokens: 9, messages, stream: streams });
      if (Symbol.asyncIterator in given) for await (const event of given) expect(event.type).toBeDefined();
      await recording.fetch.flush();
      expect(recording.ingest.step).toMatchObject({
        status: "completed",
        operation: streams ? "stream" : "generate",
        metadata: { integration: "fetch", response_id: expect.stringMatching(/^msg_/) },
        attempts: [
          { status: "error", response_status: 529, request_headers: { authorization: "[REDACTED]" } },
          { status: "completed" },
        ],
      });
    }
  });

  it("without counting the tries is known by what it asks", async () => {
    await using recording = await FetchRecording.start([errorAnswer(503), TEXT]);
    await (await post(recording)).text();
    await (await post(recording)).text();
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [{ status: "error" }, { number: 2 }],
    });
  });

  it("by somebody around a library that does not is one step too", async () => {
    await using recording = await FetchRecording.start([errorAnswer(503), errorAnswer(503), TEXT]);
    for (let time = 0; time < 3; time += 1) await complete(recording, { maxRetries: 0 }).catch(() => undefined);
    await recording.fetch.flush();
    expect(recording.ingest.step.attempts).toMatchObject([1, 2, 3].map((number) => ({ number })));
  });

  it("after everything was sent on demand is one step too, and its run ends better than it looked", async () => {
    await using recording = await FetchRecording.start([errorAnswer(503), TEXT]);
    const first = await post(recording);
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("error");
    await first.text();
    await recording.fetch.flush();
    await (await post(recording)).text();
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({ status: "completed", attempts: [{ number: 1 }, { number: 2 }] });
  });

  it.each([
    ["asks for something else", { ...HELLO, model: "another" }, {}, errorAnswer(503)],
    ["counts more than there were", HELLO, { headers: { "x-stainless-retry-count": "2" } }, errorAnswer(503)],
    ["follows a failure that is none to try again", HELLO, {}, errorAnswer(400)],
    ["follows a success", HELLO, {}, TEXT],
    [
      "follows a failure after which the server wants none",
      HELLO,
      {},
      { ...errorAnswer(503), headers: { "x-should-retry": "false" } },
    ],
  ])("is another call where it %s", async (_, body, init, first) => {
    await using recording = await FetchRecording.start([first, TEXT]);
    await (await post(recording)).text();
    await (await post(recording, body, init)).text();
    await recording.fetch.flush();
    expect(recording.ingest.runs.size).toBe(2);
    for (const step of recording.ingest.steps.values()) expect(step.attempts).toHaveLength(1);
  });

  it("is one step where its library had given it up as too slow, which looks like an abort", async () => {
    let isFirst = true;
    const slowAtFirst: typeof globalThis.fetch = (input, init) => {
      if (!isFirst) return globalThis.fetch(input, init);
      isFirst = false;
      return new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    };
    await using recording = await FetchRecording.start([TEXT], { fetch: slowAtFirst });
    const abort = new AbortController();
    const counted = (count: number) => ({ headers: { "x-stainless-retry-count": String(count) } });
    const slow = post(recording, HELLO, { ...counted(0), signal: abort.signal });
    abort.abort();
    await expect(slow).rejects.toThrow("aborted");
    await (await post(recording, HELLO, counted(1))).text();
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [{ status: "interrupted", error: { name: "AbortError" } }, { status: "completed" }],
    });
  });

  it("shows a failed attempt while the next one is still on its way", async () => {
    await using recording = await FetchRecording.start([errorAnswer(500), partOfStream(STREAM, 1, "hold")]);
    const abort = new AbortController();
    const answer = complete(recording, { signal: abort.signal });
    await expect.poll(() => recording.provider.requests.length).toBe(2);
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "in_progress",
      attempts: [{ status: "error" }, { status: "in_progress" }],
    });
    abort.abort();
    await expect(answer).rejects.toThrow("aborted");
  });
});

describe("a call that fails", () => {
  it("ends as an error when its work is over, every try having failed", async () => {
    await using recording = await FetchRecording.start([errorAnswer(500, "Down.")]);
    const work = inChat({ chatId: CHAT_ID }, () => complete(recording, { maxRetries: 1 }));
    await expect(work).rejects.toThrow("Down.");
    await recording.fetch.flush();
    expect(recording.ingest.run).toMatchObject({ status: "error", finished_at: expect.any(String) });
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "Down.", status_code: 500, retryable: true },
      attempts: [{ number: 1 }, { number: 2, response_body: { error: { message: "Down." } } }],
    });
  });

  it("ends as an error at once where trying again is no use", async () => {
    const clock = new FakeClock();
    await using recording = await FetchRecording.start([errorAnswer(401, "Who are you?")], { clock });
    await expect(complete(recording)).rejects.toThrow("Who are you?");
    expect(await recording.fetch.flush()).toBe(true);
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "Who are you?", status_code: 401, retryable: false },
    });
  });

  it("waits ten seconds for another try, and as long as the provider asks", async () => {
    const clock = new FakeClock();
    const headers = { "retry-after": "20" };
    await using recording = await FetchRecording.start([{ ...errorAnswer(429), headers }], { clock });
    const statusNow = async (): Promise<string | undefined> => {
      await recording.fetch.flush();
      return recording.ingest.step.status;
    };
    await inChat({ chatId: CHAT_ID }, async () => {
      await (await post(recording)).text();
      await clock.advance(29_999);
      expect(await statusNow()).toBe("in_progress");
      await clock.advance(1);
      expect(await statusNow()).toBe("error");
    });
  });

  it("is not waited for when everything is sent on demand, and ended when it failed", async () => {
    const clock = new FakeClock();
    await using recording = await FetchRecording.start([errorAnswer(503, "Busy.")], { clock });
    const failedAt = new Date(clock.now()).toISOString();
    await (await post(recording)).text();
    await clock.advance(5000);
    await recording.fetch.flush();
    expect(recording.ingest.run).toMatchObject({ status: "error", finished_at: failedAt });
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      finished_at: failedAt,
      error: { message: "Busy." },
      attempts: [{ finished_at: failedAt, duration_ms: 0 }],
    });
  });

  it("after the work that left it running is one step too", async () => {
    await using recording = await FetchRecording.start([errorAnswer(503), fixtureAnswer(STREAM)], { chat: undefined });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const stream = await inChat({ chatId: CHAT_ID }, () =>
      recording.openai().chat.completions.stream({ model: "gpt", messages }),
    );
    await stream.finalChatCompletion();
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      attempts: [{ status: "error", response_status: 503 }, { status: "completed" }],
    });
  });

  it("before it reaches the provider says why", async () => {
    await using recording = await FetchRecording.start([]);
    const openai = recording.openai();
    await recording.provider[Symbol.asyncDispose]();
    await expect(openai.chat.completions.create(HELLO, { maxRetries: 0 })).rejects.toThrow("Connection error");
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { name: "TypeError", message: expect.stringMatching(/^fetch failed: .*ECONNREFUSED/) },
      attempts: [{ status: "error" }],
    });
  });

  it.each([
    ["openai", 'data: {"error": {"message": "Overloaded", "type": "server_error"}}\n\n'],
    [
      "anthropic",
      'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n',
    ],
  ])("in the middle of a stream keeps what %s had said until then", async (provider, event) => {
    const name = provider === "openai" ? STREAM : "anthropic/anthropic-text.chunks.txt";
    const events = [...readStreamFixture(name).slice(0, 5), event];
    await using recording = await FetchRecording.start([{ events, finally: "end" }]);
    const url = `${recording.provider.url}/${provider === "openai" ? "chat/completions" : "messages"}`;
    await (await recording.fetch(url, { method: "POST", body: "{}" })).text();
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "Overloaded" },
      normalized_response: { content: [{ type: "text", text: expect.stringMatching(/./) }], finish_reason: "error" },
    });
  });
});

describe("a call that is cut short", () => {
  it("is interrupted when its reader leaves, with what the model had said until then", async () => {
    await using recording = await FetchRecording.start([partOfStream(STREAM, 6, "hold")]);
    let heard = "";
    for await (const chunk of await stream(recording)) {
      heard += chunk.choices[0]?.delta.content ?? "";
      if (heard.length > 5) break;
    }
    await recording.fetch.flush();
    const { run, step } = recording.ingest;
    expect(run).toMatchObject({ status: "interrupted", finished_at: expect.any(String) });
    expect(step).toMatchObject({ status: "interrupted", attempts: [{ status: "interrupted" }] });
    expect(step.normalized_response).toMatchObject({ finish_reason: "interrupted" });
    const [part] = contentOf(step);
    expect(part?.text).toContain(heard);
  });

  it("is interrupted when the application aborts it, streamed or not", async () => {
    for (const streams of [true, false]) {
      await using recording = await FetchRecording.start([partOfStream(STREAM, 2, "hold")]);
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const read = async (): Promise<void> => {
        if (!streams) return void (await complete(recording, options));
        const answer = await recording.openai().chat.completions.create({ ...HELLO, stream: true }, options);
        for await (const chunk of answer) if (chunk) abort.abort();
      };
      const reading = read().catch((error: unknown) => expect(String(error)).toContain("abort"));
      await expect.poll(() => recording.provider.requests.length).toBe(1);
      if (!streams) abort.abort();
      await reading;
      await recording.fetch.flush();
      expect(recording.ingest.run.status).toBe("interrupted");
      expect(recording.ingest.step.status).toBe("interrupted");
    }
  });

  it.each(["end", "break"] as const)(
    "is interrupted when the stream comes to its %s without saying why",
    async (end) => {
      await using recording = await FetchRecording.start([partOfStream("anthropic/anthropic-text.chunks.txt", 5, end)]);
      const url = `${recording.provider.url}/messages`;
      const response = await recording.fetch(url, { method: "POST", body: JSON.stringify({ ...HELLO, stream: true }) });
      await response.text().catch((error: unknown) => expect(String(error)).toContain("terminated"));
      await recording.fetch.flush();
      expect(recording.ingest.step).toMatchObject({
        status: "interrupted",
        normalized_response: { content: [{ type: "text", text: expect.stringContaining("Hello") }] },
      });
    },
  );

  it("is completed where the reader leaves after the provider's last word", async () => {
    const events = readStreamFixture(STREAM).slice(0, -1);
    await using recording = await FetchRecording.start([{ events, finally: "hold" }]);
    for await (const chunk of await stream(recording)) if (chunk.usage) break;
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: { finish_reason: "stop" },
      usage: { output_tokens: 300 },
    });
  });

  it("is taken for interrupted when nobody reads on for a minute, and is completed if somebody does later", async () => {
    const clock = new FakeClock();
    const text = readStreamFixture(STREAM).join("");
    // Cut in the middle of an event, which must not be lost.
    const pieces = [text.slice(0, 1000), text.slice(1000)];
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    const headers = { "content-type": "text/event-stream" };
    const fetch = (): Promise<Response> => Promise.resolve(new Response(body, { headers }));
    await using recording = await FetchRecording.start([], { clock, fetch });
    const reader = (await post(recording, { ...HELLO, stream: true })).body?.getReader();
    await reader?.read();
    await clock.advance(90_000);
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) clock.runDeferred();
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("completed");
    const [part] = contentOf(recording.ingest.step);
    const deltas = [...text.matchAll(/"delta":(\{[^}]*\})/g)].map(
      ([, delta]) => JSON.parse(delta ?? "{}").content ?? "",
    );
    expect(part?.text).toBe(deltas.join(""));
    expect(recording.ingest.step).toMatchObject({
      status: "completed",
      normalized_response: { finish_reason: "stop" },
    });
  });

  it("is in progress for as long as somebody waits for the model's next word", async () => {
    const clock = new FakeClock();
    await using recording = await FetchRecording.start([partOfStream(STREAM, 4, "hold")], { clock });
    const reader = (await post(recording, { ...HELLO, stream: true })).body?.getReader();
    await reader?.read();
    const next = reader?.read().catch(() => undefined);
    await clock.advance(600_000);
    await recording.fetch.flush();
    expect(recording.ingest.step.status).toBe("in_progress");
    await reader?.cancel();
    await next;
  });

  it("is interrupted when the recorder is shut down, after which nothing is recorded and everything works", async () => {
    await using recording = await FetchRecording.start([partOfStream(STREAM, 4, "break"), TEXT]);
    const response = await post(recording, { ...HELLO, stream: true });
    expect(await recording.fetch.shutdown()).toBe(true);
    expect(recording.ingest.run.status).toBe("interrupted");
    expect(recording.ingest.step.status).toBe("interrupted");
    await expect(response.text()).rejects.toThrow("terminated");
    expect(await (await post(recording)).json()).toMatchObject({ object: "chat.completion" });
    expect(recording.fetch.stats()).toMatchObject({ dropped: 0 });
    expect(recording.ingest.runs.size).toBe(1);
  });
});

/** The answers that an agent got to four calls in a row, which were recorded one after the other. */
function agentAnswers(): ProviderAnswer[] {
  const answers: string[][] = [[]];
  for (const event of readStreamFixture("openai/openai-reasoning-encrypted-content.1.chunks.txt")) {
    answers.at(-1)?.push(event);
    if (event.startsWith("event: response.completed")) answers.push([]);
  }
  return answers.slice(0, -1).map((events) => ({ events, finally: "end" }));
}

describe("the calls of one piece of work", () => {
  it("are the steps of one run, with the tools' results in the requests", async () => {
    await using recording = await FetchRecording.start(agentAnswers(), { chat: undefined });
    const openai = recording.openai();
    const input: unknown[] = [{ role: "user", content: "Compute." }];
    const text = await inChat({ chatId: "agent", kind: "compaction", title: "Sums" }, async () => {
      for (;;) {
        const answer = await openai.responses.create({ model: "o", input: input as never, stream: true, tools: [] });
        const items: { type: string; call_id?: string; text?: string }[] = [];
        let said = "";
        for await (const event of answer) {
          if (event.type === "response.output_item.done") items.push(event.item as never);
          if (event.type === "response.output_text.delta") said += event.delta;
        }
        if (said !== "") return said;
        input.push(...items);
        for (const { type, call_id } of items) {
          if (type === "function_call") input.push({ type: "function_call_output", call_id, output: "19" });
        }
      }
    });
    expect(text).toContain("570");
    await recording.fetch.flush();
    expect(recording.warnings).toEqual([]);
    const [chat] = recording.ingest.chats.values();
    expect(chat).toMatchObject({ title: "Sums" });
    expect(recording.ingest.run).toMatchObject({ kind: "compaction", status: "completed", chat_id: chat?.id });
    const steps = recording.ingest.stepsInOrder;
    expect(steps.map((step) => step.step_number)).toEqual([1, 2, 3, 4]);
    expect(steps.map((step) => step.normalized_response?.["finish_reason"])).toEqual([
      "tool-calls",
      "tool-calls",
      "tool-calls",
      "stop",
    ]);
    const called = contentOf(steps[0]).find(({ type }) => type === "tool-call");
    expect(messagesOf(steps[1]).at(-1)).toEqual({
      role: "tool",
      parts: [{ type: "tool-result", tool_call_id: called?.tool_call_id, result: "19" }],
    });
  });

  it("may overlap, and how the last one ended is how the run ended", async () => {
    await using recording = await FetchRecording.start([TEXT]);
    await inChat({ chatId: CHAT_ID }, () => Promise.all([complete(recording), complete(recording)]));
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.ingest.stepsInOrder.map(({ step_number, status }) => [step_number, status])).toEqual([
      [1, "completed"],
      [2, "completed"],
    ]);
  });

  it("may leave a stream that is read later, and the run is over with it", async () => {
    await using recording = await FetchRecording.start([fixtureAnswer(STREAM)]);
    const answer = await inChat({ chatId: CHAT_ID }, () => stream(recording));
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("in_progress");
    for await (const chunk of answer) expect(chunk.object).toBe("chat.completion.chunk");
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("completed");
  });

  it("end as an error when the work fails after them", async () => {
    await using recording = await FetchRecording.start([TEXT]);
    const work = inChat({ chatId: CHAT_ID }, async () => {
      await complete(recording);
      throw new Error("No database.");
    });
    await expect(work).rejects.toThrow("No database.");
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("error");
    expect(recording.ingest.step.status).toBe("completed");
  });

  it("end as an error where the last call failed, though the work made the best of it", async () => {
    await using recording = await FetchRecording.start([TEXT, errorAnswer(400)]);
    await inChat({ chatId: CHAT_ID }, async () => {
      await complete(recording);
      await complete(recording).catch(() => "fallback");
    });
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("error");
  });

  it("are interrupted where the application aborts them", async () => {
    await using recording = await FetchRecording.start([partOfStream(STREAM, 1, "hold")]);
    const abort = new AbortController();
    const work = inChat({ chatId: CHAT_ID }, () => complete(recording, { signal: abort.signal }));
    await expect.poll(() => recording.provider.requests.length).toBe(1);
    abort.abort();
    await expect(work).rejects.toThrow("aborted");
    await recording.fetch.flush();
    expect(recording.ingest.run.status).toBe("interrupted");
  });

  it("that come after its end are runs of their own, in the same chat", async () => {
    await using recording = await FetchRecording.start([TEXT], { chat: undefined });
    let later: Promise<unknown> | undefined;
    await inChat({ chatId: CHAT_ID }, async () => {
      await complete(recording);
      later = new Promise((resolve) => setImmediate(resolve)).then(() => complete(recording));
    });
    await later;
    await recording.fetch.flush();
    expect([...recording.ingest.runs.values()].map(({ chat_id, status }) => [chat_id, status])).toEqual([
      [CHAT_ID, "completed"],
      [CHAT_ID, "completed"],
    ]);
  });
});

describe("a call outside of any work", () => {
  it("is a run of its own in the chat that it is looked up for", async () => {
    const chats = ["first", "second"];
    const chat = (): { chatId: string } => ({ chatId: chats.shift() ?? "none" });
    await using recording = await FetchRecording.start([TEXT], { chat });
    await complete(recording);
    await complete(recording);
    await recording.fetch.flush();
    expect(recording.ingest.runs.size).toBe(2);
    expect(recording.ingest.chats.size).toBe(2);
  });

  it("is not recorded where nobody says the chat, and that is said once", async () => {
    await using recording = await FetchRecording.start([TEXT], { chat: undefined });
    await complete(recording);
    await complete(recording);
    await recording.fetch.flush();
    expect(recording.ingest.batches).toEqual([]);
    expect(recording.warnings).toMatchObject([{ code: "no_chat_id", message: expect.stringContaining("inChat") }]);
  });

  it("is none of ours where it asks for no answer of a model", async () => {
    await using recording = await FetchRecording.start([{ status: 200, body: '{"data": []}' }]);
    for await (const model of recording.openai().models.list()) expect(model).toBeDefined();
    await recording.fetch.flush();
    expect(recording.ingest.batches).toEqual([]);
  });

  it("of an API that nobody here knows is recorded as it was sent", async () => {
    await using recording = await FetchRecording.start([{ status: 200, body: '{"embedding": [1, 2]}' }]);
    const body = JSON.stringify({ model: "e", content: "Hello" });
    await (await recording.fetch(`${recording.provider.url}/embeddings?key=secret`, { method: "POST", body })).json();
    await recording.fetch.flush();
    const { step } = recording.ingest;
    expect(step).toMatchObject({
      status: "completed",
      attempts: [
        {
          url: `${recording.provider.url}/embeddings?key=[REDACTED]`,
          request_body: { content: "Hello" },
          response_body: { embedding: [1, 2] },
        },
      ],
    });
    expect(step.normalized_request).toBeUndefined();
    expect(recording.ingest.run.model).toBe("e");
  });
});
