import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { ShelflifeCallbackHandler } from "@shelflife/recorder/langchain";
import { generateText, streamText, tool } from "ai";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { inChat } from "@shelflife/recorder";

import { FetchRecording } from "./fetch-recording.ts";
import { IngestServer } from "./ingest-server.ts";
import { patientClock } from "./patient-clock.ts";
import { MiddlewareRecording, VERSIONS } from "./middleware-recording.ts";
import { type ProviderAnswer, ProviderReplayServer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording } from "./recording.ts";

/** What no record may hold. Random words around it make it look like anything but a mark. */
const MARK = "hunter2";

const secret = fc.stringMatching(/^[A-Za-z0-9]{0,12}$/).map((text) => `${text}${MARK}${text}`);

const sensitiveKey = fc.constantFrom(
  "password",
  "api_key",
  "apiKey",
  "access_token",
  "client_secret",
  "Authorization",
  "credentials",
  "refreshToken",
  "x-api-key",
);
const sensitiveHeader = fc.constantFrom("x-api-key", "cookie", "x-secret-thing", "proxy-authorization", "x-auth-token");
const sensitiveResponseHeader = fc.constantFrom("set-cookie", "x-api-key", "x-session-token", "x-bearer");

/** The AI SDK itself refuses an answer with such a key, before anybody sees it. */
const REFUSED_KEYS = /"(__proto__|constructor)"/;

const harmless = fc.jsonValue({ maxDepth: 1 }).filter((value) => !REFUSED_KEYS.test(JSON.stringify(value)));

/** JSON of any shape with a secret under a sensitive name, somewhere, as JSON or as the text of JSON. */
const planted = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.tuple(sensitiveKey, secret, fc.boolean()).map(([key, hidden, asText]) => {
    const holder = { [key]: hidden, kept: 1 };
    return asText ? JSON.stringify(holder) : holder;
  }),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.tuple(tie("value"), harmless).map(([inner, other]) => [other, inner]),
    fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), tie("value")).map(([key, inner]) => ({ [`nested_${key}`]: inner })),
  ),
})).value;

const plantedUrl = fc
  .tuple(secret, secret, fc.constantFrom("api_key", "token", "signature", "sig", "access_token"))
  .map(([user, parameter, name]) => `https://somebody:${user}@example.com/files?size=3&${name}=${parameter}`);

const scene = fc.record({
  toolArguments: planted,
  toolResult: planted,
  responseExtra: planted,
  url: plantedUrl,
  requestHeader: fc.tuple(sensitiveHeader, secret),
  responseHeader: fc.tuple(sensitiveResponseHeader, secret),
  tokens: fc.integer({ min: 1, max: 100_000 }),
  streamed: fc.boolean(),
  /** Of how many characters a piece of a stream is. */
  piece: fc.integer({ min: 1, max: 100 }),
  fails: fc.boolean(),
});

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function answersOf({
  toolArguments,
  responseExtra,
  responseHeader,
  tokens,
  streamed,
  piece,
  fails,
  url,
}: Scene): ProviderAnswer[] {
  const headers = {
    [responseHeader[0]]: responseHeader[1],
    "x-ratelimit-remaining-tokens": String(tokens),
    "retry-after-ms": "1",
  };
  const usage = { prompt_tokens: tokens, completion_tokens: 7, total_tokens: tokens + 7 };
  const call = { name: "look", arguments: JSON.stringify({ given: toolArguments }) };
  const toolCalls = [{ index: 0, id: "call-1", type: "function", function: call }];
  const common = { id: "1", created: 1, model: "test-model", extra: responseExtra };
  const failure = { error: { message: `No access to ${url}`, type: "error", detail: responseExtra } };
  const failed = { status: 500, headers, body: JSON.stringify(failure) };
  const message = { role: "assistant", content: `See ${url}`, tool_calls: toolCalls };
  const whole = { ...common, choices: [{ index: 0, message, finish_reason: "tool_calls" }], usage };
  const deltas = [
    { role: "assistant", content: "" },
    ...piecesOf(message.content, piece).map((content) => ({ content })),
    { tool_calls: [{ ...toolCalls[0], function: { ...call, arguments: "" } }] },
    ...piecesOf(call.arguments, piece).map((part) => ({ tool_calls: [{ index: 0, function: { arguments: part } }] })),
  ];
  const chunks = [
    ...deltas.map((delta) => ({ ...common, choices: [{ index: 0, delta }] })),
    { ...common, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }], usage },
  ];
  const answer: ProviderAnswer = streamed
    ? { events: [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"], finally: "end" }
    : { status: 200, headers, body: JSON.stringify(whole) };
  return fails ? [failed, answer] : [answer];
}

function piecesOf(text: string, length: number): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  );
}

function callOf({ toolResult, url, requestHeader }: Scene) {
  const look = tool({ inputSchema: z.looseObject({}), outputSchema: z.unknown(), execute: (): unknown => toolResult });
  return {
    prompt: `Read ${url}, please.`,
    headers: { [requestHeader[0]]: requestHeader[1] },
    maxOutputTokens: 4321,
    tools: { look },
  };
}

/** What must not have left the recorder, and what must. */
function check(
  { ingest }: Pick<Recording, "ingest">,
  { tokens, streamed, fails }: Scene,
  title: string,
  warnings: unknown,
): void {
  const sent = JSON.stringify(ingest.batches);
  expect(sent).not.toContain(MARK);
  expect(JSON.stringify(warnings)).not.toContain(MARK);
  expect(sent).toContain("Read https://");
  const { step } = ingest;
  expect(step.status).toBe("completed");
  expect(step.usage).toMatchObject({ input_tokens: tokens, output_tokens: 7, total_tokens: tokens + 7 });
  expect(step.normalized_request).toMatchObject({ options: { max_output_tokens: 4321 } });
  const attempts = step.attempts as { response_headers: unknown; request_body: unknown }[];
  expect(attempts).toHaveLength(fails ? 2 : 1);
  const limits = { "x-ratelimit-remaining-tokens": String(tokens) };
  if (fails || !streamed) expect(attempts[0]?.response_headers).toMatchObject(limits);
  expect(attempts.at(-1)?.request_body).toMatchObject({ max_tokens: 4321 });
  expect([...ingest.chats.values()][0]?.title).toBe(title);
}

const RUNS = { numRuns: 60 };
const TITLE = "Signing in";

describe("secrets that are planted in arguments, results, bodies, headers and URLs never leave, and figures do", () => {
  it("through the telemetry of the AI SDK 7", async () => {
    await fc.assert(
      fc.asyncProperty(scene, async (value) => {
        await using recording = await Recording.start(answersOf(value));
        const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID, title: TITLE });
        const options = {
          model: recording.model("openai-compatible"),
          ...callOf(value),
          runtimeContext,
          telemetry: { ...telemetry, integrations: recording.recorder },
        };
        if (value.streamed) await streamText(options).consumeStream();
        else await generateText(options);
        await recording.recorder.flush();
        check(recording, value, TITLE, recording.warnings);
      }),
      RUNS,
    );
  });

  it.each(Object.keys(VERSIONS))("through the middleware of %s", async (version) => {
    await fc.assert(
      fc.asyncProperty(scene, async (value) => {
        await using recording = await MiddlewareRecording.start(version, answersOf(value));
        const { sdk, model } = recording;
        await recording.inChat(
          async () => {
            const options = { model, ...callOf(value) };
            if (value.streamed) await sdk.streamText(options).consumeStream();
            else await sdk.generateText(options);
          },
          { title: TITLE },
        );
        await recording.middleware.flush();
        check(recording, value, TITLE, recording.warnings);
      }),
      RUNS,
    );
  });
});

/** What a recorded stream says when the pieces of it are put together. */
function saidIn(body: unknown): string {
  const events = String(body).match(/^data: \{.*$/gm) ?? [];
  const deltas = events.map((event) => (JSON.parse(event.slice("data: ".length)) as Streamed).choices[0]?.delta);
  return deltas.map((delta) => `${delta?.content ?? ""}${delta?.tool_calls?.[0]?.function.arguments ?? ""}`).join("");
}

interface Streamed {
  choices: { delta: { content?: string; tool_calls?: { function: { arguments: string } }[] } }[];
}

it("are taken out of what a recording fetch hears, in whatever pieces a stream brings them", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (value) => {
      await using recording = await FetchRecording.start(answersOf(value), { chat: { chatId: CHAT_ID, title: TITLE } });
      const { prompt, headers } = callOf(value);
      const messages = [
        { role: "user" as const, content: prompt },
        { role: "tool" as const, tool_call_id: "call-0", content: JSON.stringify(value.toolResult) },
      ];
      const body = { model: "test-model", max_tokens: 4321, messages };
      const { completions } = recording.openai().chat;
      if (value.streamed) {
        for await (const _ of await completions.create({ ...body, stream: true }, { headers }));
      } else await completions.create(body, { headers });
      await recording.fetch.flush();
      check(recording, value, TITLE, recording.warnings);
      const { attempts, normalized_response } = recording.ingest.step;
      for (const attempt of attempts ?? []) expect(saidIn(attempt["response_body"])).not.toContain(MARK);
      expect(JSON.stringify(normalized_response)).toContain("look");
    }),
    RUNS,
  );
});

it("are taken out of what LangChain tells", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (value) => {
      const provider = await ProviderReplayServer.start(...answersOf({ ...value, fails: false }));
      const ingest = await IngestServer.start();
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      const handler = new ShelflifeCallbackHandler({ baseUrl: ingest.url, key: "key", onWarning, clock: patientClock });
      const model = new ChatOpenAI({
        model: "test-model",
        apiKey: "provider-key",
        maxRetries: 0,
        maxTokens: 4321,
        configuration: { baseURL: provider.url, defaultHeaders: Object.fromEntries([value.requestHeader]) },
      });
      const metadata = {
        shelflife: { chatId: CHAT_ID, title: TITLE },
        [value.requestHeader[0]]: value.requestHeader[1],
      };
      const result = new ToolMessage({ content: JSON.stringify(value.toolResult), tool_call_id: "call-0" });
      const asked = new AIMessage({
        content: "",
        tool_calls: [{ name: "look", args: { given: value.toolResult }, id: "call-0" }],
      });
      const prompt = [new HumanMessage(callOf(value).prompt), asked, result];
      const config = { callbacks: [handler], metadata };
      if (value.streamed) for await (const _ of await model.stream(prompt, config));
      else await model.invoke(prompt, config);
      await handler.shutdown();
      const sent = JSON.stringify(ingest.batches);
      expect(sent).not.toContain(MARK);
      expect(warnings).toEqual([]);
      expect(ingest.step.status).toBe("completed");
      if (!value.streamed) expect(ingest.step.usage).toMatchObject({ input_tokens: value.tokens });
      expect(JSON.stringify(ingest.step.normalized_response)).toContain("look");
      await provider[Symbol.asyncDispose]();
      await ingest[Symbol.asyncDispose]();
    }),
    RUNS,
  );
});

it("are taken out of a chat's title as well", async () => {
  await fc.assert(
    fc.asyncProperty(plantedUrl, async (url) => {
      await using recording = await Recording.start([{ status: 400, body: "{}" }]);
      const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID, title: `About ${url}` });
      const options = { runtimeContext, telemetry: { ...telemetry, integrations: recording.recorder } };
      const model = recording.model("openai-compatible");
      await generateText({ model, prompt: "Hello", ...options }).catch(() => undefined);
      await recording.recorder.flush();
      expect(JSON.stringify(recording.ingest.batches)).not.toContain(MARK);
      expect([...recording.ingest.chats.values()][0]?.title).toMatch(/^About https:/);
    }),
    { numRuns: 20 },
  );
});
