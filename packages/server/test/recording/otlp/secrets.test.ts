import { randomBytes } from "node:crypto";

import { REDACTED_MARK } from "@shelflife/api-contract";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import { everyStoredByte } from "../../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import { chatOf, modelSpan, newTraceId, runOf, sendSpans, sentSpan, toolSpan, type SentSpan } from "./sent-spans.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

/** A secret that nothing else contains by chance. */
function secret(): string {
  return `planted-${randomBytes(12).toString("hex")}`;
}

/** Records spans of one trace, and answers all that there is to be seen of them: stored, logged, answered and read. */
async function everythingSeenOf(spans: readonly SentSpan[]): Promise<{ read: string; all: string }> {
  const id = newTraceId();
  const traceId = newTraceId();
  const named = spans.map((span) => ({ ...span, traceId, attributes: { "session.id": id, ...span.attributes } }));
  const { status, body } = await sendSpans(app, user, named);
  expect({ status, body }).toEqual({ status: 200, body: {} });
  const read = JSON.stringify(await runOf(app, user, chatOf(id)));
  return { read, all: [read, await everyStoredByte(app.pool), JSON.stringify(app.logged)].join("\n") };
}

const inJson = (planted: string) => ({ note: "fine", nested: [{ client_secret: planted, password: { is: planted } }] });

describe("a secret in a span", () => {
  const places: [string, (planted: string) => SentSpan[]][] = [
    [
      "the arguments of a tool call in a message",
      (planted) => {
        const parts = [{ type: "tool_call", id: "a", name: "sign_in", arguments: inJson(planted) }];
        return [
          modelSpan({ attributes: { "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts }]) } }),
        ];
      },
    ],
    ["a message that is JSON in a text", (planted) => [modelSpan({ asks: JSON.stringify(inJson(planted)) })]],
    [
      "a message that was cut off",
      (planted) => {
        const parts = [{ type: "text", content: "x", api_key: planted, rest: "y" }];
        const text = JSON.stringify([{ role: "user", parts }]).slice(0, -8);
        return [modelSpan({ attributes: { "gen_ai.input.messages": text } })];
      },
    ],
    [
      "a URL in a message",
      (planted) => [modelSpan({ asks: `See https://me:${planted}@example.com/?token=${planted}` })],
    ],
    [
      "a tool's arguments and result",
      (planted) => [
        modelSpan(),
        toolSpan({
          attributes: {
            "gen_ai.tool.call.arguments": JSON.stringify(inJson(planted)),
            "gen_ai.tool.call.result": JSON.stringify({ session: { access_token: planted } }),
          },
        }),
      ],
    ],
    [
      "a tool's result that is longer than what is kept of it",
      (planted) => [
        modelSpan(),
        toolSpan({
          attributes: { "gen_ai.tool.call.result": JSON.stringify({ password: planted, text: "x".repeat(9_000) }) },
        }),
      ],
    ],
    [
      "a tool's name and the id of its call",
      (planted) => [
        modelSpan(),
        toolSpan({
          attributes: {
            "gen_ai.tool.name": `GET https://me:${planted}@example.com/?api_key=${planted}`,
            "gen_ai.tool.call.id": `https://example.com/?token=${planted}`,
          },
        }),
        toolSpan({ name: `https://me:${planted}@example.com/`, attributes: { "gen_ai.tool.name": "" } }),
      ],
    ],
    [
      "a tool's error",
      (planted) => [modelSpan(), toolSpan({ error: `POST https://me:${planted}@example.com/ failed` })],
    ],
    ["an error", (planted) => [modelSpan({ error: `GET https://example.com/?api_key=${planted} failed` })]],
    [
      "an exception",
      (planted) => [
        modelSpan({
          error: "failed",
          events: [
            {
              name: "exception",
              attributes: { "exception.message": JSON.stringify({ headers: { authorization: planted } }) },
            },
          ],
        }),
      ],
    ],
    [
      "the parameters of an invocation",
      (planted) => [
        sentSpan({
          attributes: {
            "openinference.span.kind": "LLM",
            "llm.invocation_parameters": JSON.stringify({ tool_choice: { credentials: planted }, stop: ["a"] }),
            "input.value": JSON.stringify({ messages: [{ role: "user", content: "hi" }], api_key: planted }),
          },
        }),
      ],
    ],
    [
      "the parameters of a model",
      (planted) => [
        sentSpan({
          attributes: {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.parameters": JSON.stringify({ api_key: planted, temperature: 1 }),
            "langfuse.observation.input": JSON.stringify({ password: planted }),
          },
        }),
      ],
    ],
    [
      "the definition of a tool",
      (planted) => {
        const tools = [{ name: "a", inputSchema: { properties: { secret: { default: planted } } } }];
        return [modelSpan({ attributes: { "gen_ai.tool.definitions": JSON.stringify(tools) } })];
      },
    ],
    [
      "attributes that nobody asked for",
      (planted) => [
        modelSpan({
          attributes: {
            "ai.request.headers.authorization": `Bearer ${planted}`,
            "http.request.header.cookie": planted,
            "url.full": `https://me:${planted}@example.com/`,
            "ai.response.providerMetadata": JSON.stringify({ token: planted }),
          },
        }),
      ],
    ],
    ["the bytes of a file", (planted) => [modelSpan({ attributes: { "gen_ai.input.messages": withFile(planted) } })]],
  ];

  function withFile(planted: string): string {
    const content = Buffer.from(planted.repeat(5)).toString("base64");
    const parts = [
      { type: "blob", mime_type: "image/png", modality: "image", content },
      { type: "text", content: `data:image/png;base64,${content}` },
      { type: "text", content: planted.slice(0, 7) },
    ];
    return JSON.stringify([{ role: "user", parts }]);
  }

  test.each(places)("in %s never reaches the database, nor the log, nor a reader", async (_name, spansWith) => {
    const planted = secret();
    const { all } = await everythingSeenOf(spansWith(planted));
    expect(all).not.toContain(planted);
    expect(all).not.toContain(Buffer.from(planted).toString("hex"));
    expect(all).not.toContain(Buffer.from(planted.repeat(5)).toString("base64").slice(0, 40));
  });

  test("would be found by this test, where nothing marks it as one", async () => {
    const planted = secret();
    const { all } = await everythingSeenOf([modelSpan({ asks: planted }), toolSpan()]);
    expect(all).toContain(planted);
  });

  test("leaves what stands around it", async () => {
    const planted = secret();
    const attributes = { "gen_ai.tool.call.arguments": JSON.stringify(inJson(planted)) };
    const { read } = await everythingSeenOf([modelSpan({ asks: "What is it?" }), toolSpan({ attributes })]);
    expect(read).toContain("What is it?");
    expect(read).toContain('"note":"fine"');
    expect(read).toContain(REDACTED_MARK);
  });
});

test("a secret anywhere in nested JSON, in any of the attributes that are recorded, never gets through", async () => {
  const key = fc.constantFrom("password", "api_key", "clientSecret", "Authorization", "access_token", "x-api-key");
  const holder = fc.constantFrom(
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.prompt",
    "gen_ai.prompt.0.content",
    "gen_ai.completion",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "ai.prompt.messages",
    "ai.prompt.toolChoice",
    "ai.response.text",
    "ai.response.toolCalls",
    "llm.input_messages.0.message.content",
    "llm.invocation_parameters",
    "input.value",
    "output.value",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "gen_ai.request.stop_sequences",
  );
  await fc.assert(
    fc.asyncProperty(
      holder,
      key,
      fc.array(fc.constantFrom("parts", "content", "a", "0", "input", "function")),
      fc.boolean(),
      async (attribute, name, path, isTool) => {
        const planted = secret();
        const nested = path.reduceRight<unknown>(
          (inner, step) => (step === "0" ? [inner] : { [step]: inner, role: "user" }),
          {
            [name]: planted,
            type: "tool_call",
          },
        );
        const make = isTool ? toolSpan : modelSpan;
        const { all } = await everythingSeenOf([
          make({ attributes: { [attribute]: JSON.stringify(nested) } }),
          make({ attributes: { [attribute]: JSON.stringify([nested]) } }),
        ]);
        expect(all).not.toContain(planted);
      },
    ),
    { numRuns: 60 },
  );
});
