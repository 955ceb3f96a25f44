import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

import { RUN_KINDS, RUN_STATUSES, STEP_OPERATIONS, type DebugBatchResult } from "@shelflife/api-contract";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import { describeApi } from "../../src/http/openapi.ts";
import { CHATS, createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let admin: TestUser;
let routes: { method: string; path: string }[];

beforeAll(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
  routes = Object.entries(describeApi(app.app).paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
});

/** A few ids, so that items meet: in one batch, in two, and in the wrong places. */
const IDS = Array.from({ length: 6 }, () => randomUUID());

const nastyText = fc.oneof(
  fc.constantFrom(
    "",
    "\0",
    "\ud800",
    "\udc00\ud800",
    "\\u0000",
    "\\ud800",
    "__proto__",
    "constructor",
    "toString",
    "' OR 1=1 --",
    "{{}}",
    "NaN",
    "infinity",
    "1e999",
    "😀".repeat(150),
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);

const nastyNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e308, 5e-324, Number.MAX_SAFE_INTEGER),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const nastyTime = fc.constantFrom(
  "1970-01-01T00:00:00Z",
  "1969-12-31T23:59:59.999Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59.999-23:59",
  "2024-02-29T00:00:00+23:59",
  "2025-02-29T00:00:00Z",
  "2026-03-01T12:00:00.123456789Z",
  "2026-06-30T23:59:60Z",
  "2026-03-01",
  "now",
  "-infinity",
);

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  nastyNumber,
  nastyTime,
  fc.constantFrom(null, true, [], {}, [[]], { toString: 1, valueOf: 1 }, { id: {} }),
  fc.dictionary(nastyText, fc.oneof(nastyText, nastyNumber, fc.constant(null)), { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 4 }),
);

const id = fc.constantFrom(...IDS, ...IDS.map((value) => value.toUpperCase()));
const moment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("2026-03-01T11:00:00Z", "2026-02-27T00:00:00.5+01:00") },
  nastyTime,
);
const payload = fc.dictionary(nastyText, nasty, { maxKeys: 4 });

/** Each field is left out, or mostly what it should be, and sometimes anything at all. */
function item(fields: Record<string, fc.Arbitrary<unknown>>, required: string[]): fc.Arbitrary<unknown> {
  const spoilt = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      fc.oneof({ weight: 30, arbitrary: value }, { weight: 1, arbitrary: nasty }),
    ]),
  );
  return fc.oneof(
    { weight: 20, arbitrary: fc.record(spoilt, { requiredKeys: required }) },
    { weight: 1, arbitrary: nasty },
  );
}

const clocks = { started_at: moment, updated_at: moment, finished_at: moment };
const count = fc.oneof(fc.nat(), nastyNumber, fc.constant(null));

const chat = item(
  {
    id,
    title: nastyText,
    status: fc.constantFrom("running", "waiting"),
    parent_chat_id: id,
    labels: fc.dictionary(nastyText, nastyText, { maxKeys: 2 }),
    owner: fc.oneof(fc.constant("owner-1@example.com"), nastyText),
    created_at: moment,
    updated_at: moment,
  },
  ["id"],
);

const run = item(
  {
    id,
    chat_id: id,
    kind: fc.constantFrom(...RUN_KINDS),
    status: fc.constantFrom(...RUN_STATUSES),
    provider: nastyText,
    model: nastyText,
    model_config_id: id,
    trigger_message_id: fc.nat(),
    history_tip_message_id: fc.maxSafeNat(),
    ...clocks,
  },
  ["id", "chat_id"],
);

const step = item(
  {
    id,
    run_id: id,
    chat_id: id,
    step_number: fc.integer({ min: 1, max: 5 }),
    operation: fc.constantFrom(...STEP_OPERATIONS),
    status: fc.constantFrom(...RUN_STATUSES),
    assistant_message_id: fc.nat(),
    normalized_request: fc.oneof(
      payload,
      fc.record({
        messages: fc.array(fc.record({ role: fc.constant("user"), parts: fc.array(payload, { maxLength: 2 }) }), {
          maxLength: 2,
        }),
      }),
    ),
    normalized_response: payload,
    usage: fc.record({ input_tokens: count, output_tokens: count, extra: nasty }, { requiredKeys: [] }),
    attempts: fc.array(
      fc.oneof(payload, fc.record({ url: nastyText, request_headers: payload, request_body: nasty })),
      { maxLength: 2 },
    ),
    error: payload,
    metadata: payload,
    ...clocks,
  },
  ["id", "run_id", "chat_id"],
);

const batch = fc.record(
  {
    chats: fc.array(chat, { maxLength: 3 }),
    runs: fc.array(run, { maxLength: 4 }),
    steps: fc.array(step, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

describe("a batch of items that are nearly right, wrong, or contradict each other", () => {
  test("is answered item by item and never with a failure, and whatever was taken can be read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), fc.boolean(), async (batches, atOnce) => {
        const { key } = await app.createUser({ email: `${randomUUID()}@example.com` });
        const send = async (json: (typeof batches)[number]): Promise<void> => {
          const response = await app.request("POST", `${CHATS}/debug/batch`, { key, json });
          expect(response.status).toBe(200);
          const result = (await response.json()) as DebugBatchResult;
          const sent = [json.chats, json.runs, json.steps].reduce((sum, list) => sum + (list?.length ?? 0), 0);
          expect(result.accepted + result.rejected.length).toBe(sent);
        };
        if (atOnce) await Promise.all(batches.map(send));
        else for (const json of batches) await send(json);

        const { rows } = await app.pool.query<{ id: string; key: string }>(
          "SELECT chats.id, $1 AS key FROM chats JOIN users ON users.id = owner_id WHERE chats.id = ANY ($2)",
          [key, IDS],
        );
        for (const { id: chatId } of rows) {
          const listed = await app.request("GET", `${CHATS}/${chatId}/debug/runs`, { key });
          if (listed.status === 404) continue;
          for (const { id: runId } of await app.client(key).listDebugRuns(chatId))
            await app.client(key).getDebugRun(chatId, runId);
        }
        await app.pool.query("DELETE FROM chats WHERE id = ANY ($1)", [IDS]);
      }),
      { numRuns: 150 },
    );
  });
});

/** A header value may hold every byte but these. */
const headerValue = fc
  .string({ unit: "binary-ascii", maxLength: 40 })
  .map((text) => text.replaceAll(/[\0\r\n]/g, "").trim());

const headers = fc.dictionary(
  fc.constantFrom(
    "Coder-Session-Token",
    "Authorization",
    "Cookie",
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Accept",
    "Accept-Encoding",
    "Origin",
    "Host",
    "Sec-Fetch-Site",
    "If-None-Match",
    "Range",
    "Expect",
    "User-Agent",
    "X-Forwarded-For",
    "X-HTTP-Method-Override",
  ),
  fc.oneof(
    headerValue,
    fc.constantFrom("gzip", "identity", "br", "application/json", "same-origin", "Bearer x", "a=b; c"),
  ),
  { maxKeys: 5 },
);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.json({ maxDepth: 3 }),
  nasty.map((value) => JSON.stringify({ debug_retention_days: value })),
  nasty.map((value) => JSON.stringify({ chats: value, runs: [value], steps: [value] })),
);

const body = fc.oneof(
  text.map((value) => new TextEncoder().encode(value)),
  text.map((value) => new Uint8Array(gzipSync(value))),
  fc.tuple(text, fc.nat({ max: 60 })).map(([value, length]) => new Uint8Array(gzipSync(value)).slice(0, length)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
);

/** What may stand in a path where an id should be, or anywhere else. */
const segment = fc.oneof(
  fc.constantFrom(
    ...IDS,
    "",
    ".",
    "..",
    "%",
    "%00",
    "%2e%2e",
    "%2F",
    "%ff",
    "%E0%A4",
    "config",
    "debug",
    "a".repeat(3_000),
  ),
  nastyText.map((value) => encodeURIComponent(value.toWellFormed())),
);

test("a request that is malformed anyhow, to any route, is answered with less than 500", async () => {
  const request = fc.record({
    route: fc.nat(),
    method: fc.option(fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"), {
      nil: undefined,
      freq: 3,
    }),
    segments: fc.array(segment, { minLength: 2, maxLength: 2 }),
    suffix: fc.oneof(
      { weight: 5, arbitrary: fc.constant("") },
      segment.map((value) => `/${value}`),
      segment.map((value) => `?${value}=${value}`),
    ),
    signedIn: fc.boolean(),
    headers,
    body: fc.option(body, { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ route, segments, suffix, signedIn, ...sent }) => {
      const chosen = routes[route % routes.length];
      const left = [...segments];
      const path = (chosen?.path ?? "").replaceAll(/\{\w+\}/g, () => left.pop() ?? "") + suffix;
      const method = sent.method ?? chosen?.method ?? "GET";
      const hasBody = sent.body !== undefined && method !== "GET" && method !== "HEAD";
      const response = await app.request(method, path, {
        headers: { ...sent.headers, ...(signedIn ? { "Coder-Session-Token": admin.key } : {}) },
        ...(hasBody ? { body: new Uint8Array(sent.body ?? []) } : {}),
      });
      expect(response.status).toBeLessThan(500);
      await response.arrayBuffer();
    }),
    { numRuns: 600 },
  );
});
