import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";

import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
  type AnyValue,
} from "../../src/recording/otlp/generated/otlp_pb.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser({ scope: "ingest" });
});

function post(body: Uint8Array<ArrayBuffer> | string, type: string): Promise<Response> {
  return app.request("POST", "/v1/traces", { key: user.key, body, headers: { "Content-Type": type } });
}

async function statusOf(body: Uint8Array<ArrayBuffer> | string, type: string): Promise<number> {
  return (await post(body, type)).status;
}

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

const nastyText = fc.oneof(
  fc.constantFrom(
    "",
    "\0",
    "\ud800",
    '"\\u0000"',
    '{"a":"\\u0000"}',
    '["\\ud800"]',
    '{"\\u0000":1}',
    "__proto__",
    "[",
    `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    '{"messages":{}}',
    "1e999",
    "data:image/png;base64,AAAA",
    "-1",
    "NaN",
  ),
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: "binary", maxLength: 30 }),
);

/** Names that recording looks at, and names that look like them. */
const key = fc.oneof(
  fc.constantFrom(
    "gen_ai.operation.name",
    "gen_ai.conversation.id",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.request.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.usage.input_tokens",
    "gen_ai.tool.name",
    "gen_ai.tool.call.id",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.prompt",
    "gen_ai.prompt.0.role",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.0.tool_calls.0.id",
    "gen_ai.prompt.99999.content",
    `gen_ai.prompt.0${".a".repeat(5_000)}`,
    "gen_ai.prompt.0.__proto__.polluted",
    "gen_ai.completion.0.content",
    "ai.operationId",
    "ai.prompt.messages",
    "ai.prompt.tools",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.response.files",
    "ai.values",
    "openinference.span.kind",
    "llm.input_messages.0.message.content",
    "llm.input_messages.0.message.contents.0.message_content.image.image.url",
    "llm.invocation_parameters",
    "input.value",
    "output.value",
    "langfuse.observation.type",
    "langfuse.observation.input",
    "langfuse.observation.usage_details",
    "session.id",
    "user.id",
    "user.email",
    "http.response.status_code",
    "error.type",
    "exception.message",
  ),
  nastyText,
);

const role = fc.constantFrom("chat", "execute_tool", "invoke_agent", "embeddings", "LLM", "TOOL", "generation");

const anyValue: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc
    .oneof(
      { depthSize: "small" },
      nastyText.map((value) => ({ case: "stringValue", value: value.toWellFormed() })),
      role.map((value) => ({ case: "stringValue", value })),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ case: "intValue", value })),
      fc.double().map((value) => ({ case: "doubleValue", value })),
      fc.boolean().map((value) => ({ case: "boolValue", value })),
      fc.uint8Array({ maxLength: 5 }).map((value) => ({ case: "bytesValue", value })),
      fc.array(tie("value"), { maxLength: 3 }).map((values) => ({ case: "arrayValue", value: { values } })),
      fc
        .array(fc.record({ key: nastyText.map((text) => text.toWellFormed()), value: tie("value") }), { maxLength: 3 })
        .map((values) => ({ case: "kvlistValue", value: { values } })),
      fc.constant({ case: undefined }),
    )
    .map((value) => ({ value }) as AnyValue),
})).value;

const attributes = fc.array(
  fc.record({ key: key.map((text) => text.toWellFormed()), value: fc.option(anyValue, { nil: undefined }) }),
  { maxLength: 12 },
);

const KINDS = ["gen_ai.operation.name", "openinference.span.kind", "langfuse.observation.type"];

/** Spans of few traces, so that they meet; most of them of a kind that is recorded. */
const span = fc.record({
  traceId: fc.constantFrom(new Uint8Array(16).fill(1), new Uint8Array(16).fill(2), new Uint8Array(3)),
  spanId: fc.uint8Array({ minLength: 8, maxLength: 8, max: 2 }),
  parentSpanId: fc.uint8Array({ minLength: 0, maxLength: 8, max: 2 }),
  name: nastyText.map((text) => text.toWellFormed()),
  startTimeUnixNano: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  endTimeUnixNano: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  attributes: fc
    .tuple(attributes, fc.constantFrom(...KINDS), role)
    .map(([list, kind, value]) => [
      ...list,
      { key: kind, value: { value: { case: "stringValue" as const, value } } as AnyValue },
    ]),
  events: fc.array(
    fc.record({
      name: fc.constantFrom("exception", "gen_ai.choice", "gen_ai.user.message", "gen_ai.content.prompt", ""),
      attributes,
    }),
    { maxLength: 2 },
  ),
  status: fc.record({ code: fc.constantFrom(0, 1, 2, 7), message: fc.constant("failed") }),
});

test("every span of a request that is well formed is taken, whatever it says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 4 }), async (spans) => {
      const request = create(ExportTraceServiceRequestSchema, {
        resourceSpans: [{ scopeSpans: [{ spans }] }],
      } as MessageInitShape<typeof ExportTraceServiceRequestSchema>);
      const response = await post(new Uint8Array(toBinary(ExportTraceServiceRequestSchema, request)), PROTOBUF_TYPE);
      expect(response.status).toBe(200);
      const answer = fromBinary(ExportTraceServiceResponseSchema, new Uint8Array(await response.arrayBuffer()));
      // Nothing that a span says costs it its place; only what tells it from others has to be right.
      const withoutId = spans.filter(
        ({ traceId, spanId }) => traceId.length !== 16 || spanId.every((byte) => byte === 0),
      );
      expect(answer.partialSuccess?.errorMessage ?? "").toMatch(
        /^$|^All was recorded|^\d+ not recorded: A span needs a trace id/,
      );
      expect(Number(answer.partialSuccess?.rejectedSpans ?? 0)).toBe(withoutId.length);
    }),
    { numRuns: 150 },
  );
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("a damaged request in protobuf is refused or taken, and never fails", async () => {
  const damage = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(span, { minLength: 1, maxLength: 2 }),
      fc.array(damage, { minLength: 1 }),
      async (spans, damages) => {
        const request = create(ExportTraceServiceRequestSchema, {
          resourceSpans: [{ scopeSpans: [{ spans }] }],
        } as MessageInitShape<typeof ExportTraceServiceRequestSchema>);
        let bytes = new Uint8Array(toBinary(ExportTraceServiceRequestSchema, request));
        for (const { at, by, cut } of damages) {
          const place = at % Math.max(bytes.length, 1);
          bytes[place] = (bytes[place] ?? 0) ^ by;
          if (cut) bytes = bytes.slice(0, place);
        }
        expect([200, 400]).toContain(await statusOf(bytes, PROTOBUF_TYPE));
      },
    ),
    { numRuns: 150 },
  );
});

test("bytes of any kind are refused or taken, and never fail", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(JSON_TYPE, PROTOBUF_TYPE),
      async (bytes, type) => {
        expect([200, 400]).toContain(await statusOf(new Uint8Array(bytes), type));
      },
    ),
    { numRuns: 200 },
  );
});

const MEMBERS = [
  "resourceSpans",
  "scopeSpans",
  "spans",
  "resource",
  "attributes",
  "key",
  "value",
  "events",
  "status",
  "code",
  "stringValue",
  "intValue",
  "arrayValue",
  "values",
  "kvlistValue",
  "traceId",
  "spanId",
  "name",
  "startTimeUnixNano",
  "__proto__",
];

test("JSON of any shape is refused or taken, and never fails", async () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "medium" },
      nastyText,
      fc.double({ noNaN: true }),
      fc.constantFrom(null, true, [], {}),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...MEMBERS), tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      expect([200, 400]).toContain(await statusOf(JSON.stringify(value), JSON_TYPE));
    }),
    { numRuns: 200 },
  );
});
