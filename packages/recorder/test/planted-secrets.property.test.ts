import { generateText, streamText, tool } from "ai";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { inChat } from "@shelflife/recorder";

import { MiddlewareRecording, VERSIONS } from "./middleware-recording.ts";
import type { ProviderAnswer } from "./provider-replay-server.ts";
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
  fails: fc.boolean(),
});

type Scene = typeof scene extends fc.Arbitrary<infer Value> ? Value : never;

function answersOf({
  toolArguments,
  responseExtra,
  responseHeader,
  tokens,
  streamed,
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
  const chunk = { ...common, choices: [{ index: 0, delta: message, finish_reason: "tool_calls" }], usage };
  const answer: ProviderAnswer = streamed
    ? { events: [`data: ${JSON.stringify(chunk)}\n\n`, "data: [DONE]\n\n"], finally: "end" }
    : { status: 200, headers, body: JSON.stringify(whole) };
  return fails ? [failed, answer] : [answer];
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

/** Sixty calls over real HTTP take seconds on a busy machine. */
const SLOW = { timeout: 60_000 };

describe("secrets that are planted in arguments, results, bodies, headers and URLs never leave, and figures do", () => {
  it("through the telemetry of the AI SDK 7", SLOW, async () => {
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

  it.each(Object.keys(VERSIONS))("through the middleware of %s", SLOW, async (version) => {
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

it("are taken out of a chat's title as well", SLOW, async () => {
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
