import { randomBytes } from "node:crypto";

import { CHAT_TITLE_CHARACTERS, REDACTED_MARK, TRUNCATED_MARK } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { chatItem, requestSaying, runItem, stepItem } from "../debug-batches.ts";
import { everyStoredByte } from "../stored-rows.ts";
import { CHATS, createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** A secret that nothing else contains by chance. */
function secret(): string {
  return `planted-${randomBytes(12).toString("hex")}`;
}

const LONG = { padding: "so that the payload is compressed ".repeat(20) };

describe("a secret that arrives unredacted", () => {
  const places: [string, (planted: string) => Parameters<typeof stepItem>[1]][] = [
    [
      "an Authorization header",
      (planted) => ({ attempts: [{ request_headers: { Authorization: `Bearer ${planted}` } }] }),
    ],
    ["a header of the answer", (planted) => ({ attempts: [{ response_headers: { "set-cookie": `s=${planted}` } }] })],
    ["a JSON body in an attempt", (planted) => ({ attempts: [{ request_body: { password: planted } }] })],
    [
      "a JSON body as text",
      (planted) => ({
        attempts: [
          {
            request_headers: { "content-type": "application/json" },
            request_body: JSON.stringify({ client_secret: planted }),
          },
        ],
      }),
    ],
    ["a URL", (planted) => ({ attempts: [{ url: `https://user:${planted}@api.example/v1?api_key=${planted}` }] })],
    [
      "an option of the request",
      (planted) => ({ normalized_request: { ...requestSaying("hi"), options: { api_key: planted } } }),
    ],
    [
      "a tool call",
      (planted) => ({ normalized_response: { content: [{ type: "tool-call", arguments: { password: planted } }] } }),
    ],
    ["the usage", (planted) => ({ usage: { input_tokens: 1, provider: { authorization: planted } } })],
    ["the error", (planted) => ({ error: { message: "no", headers: { "x-api-key": planted } } })],
    ["the metadata", (planted) => ({ metadata: { credentials: { key: planted } } })],
  ];

  test.each(places)("in %s never reaches the database, nor the log, nor a reader", async (_name, fieldsWith) => {
    for (const padding of [{}, LONG]) {
      const planted = secret();
      const run = runItem({ status: "completed" });
      const fields = fieldsWith(planted);
      const step = stepItem(run, { ...fields, metadata: { ...fields?.metadata, ...padding } });
      const attempts = step.attempts?.map((attempt) => ({ ...attempt, ...padding }));
      await app.client(user.key).recordDebugBatch({
        runs: [run],
        steps: [{ ...step, ...(attempts === undefined ? {} : { attempts }) }],
      });

      const stored = await everyStoredByte(app.pool);
      expect(stored).toContain(run.id);
      expect(stored).not.toContain(planted);
      expect(stored).not.toContain(hex(planted));
      expect(JSON.stringify(app.logged)).not.toContain(planted);
      const read = JSON.stringify(await app.client(user.key).getDebugRun(run.chat_id, run.id));
      expect(read).toContain(REDACTED_MARK);
      expect(read).not.toContain(planted);
    }
  });

  test("in a label of a chat never reaches the database", async () => {
    const planted = secret();
    const labels = { team: "support", client_secret: planted };
    await app.client(user.key).recordDebugBatch({ chats: [chatItem({ labels })] });
    const stored = await everyStoredByte(app.pool);
    expect(stored).toContain("support");
    expect(stored).not.toContain(planted);
  });

  test("in the title of a chat, or in the names of a run, never reaches the database", async () => {
    const planted = secret();
    const url = `https://me:${planted}@example.com/?api_key=${planted}`;
    const chat = chatItem({ title: `Why is ${url} down?`.padEnd(CHAT_TITLE_CHARACTERS, "?") });
    const run = runItem({ chat_id: chat.id, provider: url, model: url });
    expect(await app.client(user.key).recordDebugBatch({ chats: [chat], runs: [run] })).toMatchObject({ rejected: [] });
    const stored = await everyStoredByte(app.pool);
    expect(stored).toContain("Why is https://");
    expect(stored).not.toContain(planted);
    const [read] = await app.client(user.key).listDebugRuns(chat.id);
    expect(read?.model).toMatch(/^https:.*example\.com/);
    expect(read?.provider).toContain(REDACTED_MARK);
  });

  test("would be found by this test, where nothing marks it as one", async () => {
    const planted = secret();
    const run = runItem();
    await app
      .client(user.key)
      .recordDebugBatch({ runs: [run], steps: [stepItem(run, { metadata: { remark: planted } })] });
    expect(await everyStoredByte(app.pool)).toContain(planted);
    expect(JSON.stringify(await app.client(user.key).getDebugRun(run.chat_id, run.id))).toContain(planted);
  });
});

test("token counts and limits are no secrets", async () => {
  const run = runItem({ status: "completed" });
  const usage = { input_tokens: 5, output_tokens: 6, total_tokens: 11, reasoning_tokens: 1, cache_read_tokens: 2 };
  const normalized_request = { ...requestSaying("hi"), options: { max_tokens: 100, max_output_tokens: 200 } };
  await app.client(user.key).recordDebugBatch({ runs: [run], steps: [stepItem(run, { usage, normalized_request })] });
  const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
  expect(read.steps[0]).toMatchObject({ usage, normalized_request });
});

describe("a sender that cuts nothing to its limits", () => {
  test("has its bodies cut to 50,000 bytes and its texts to 10,000 characters", async () => {
    const run = runItem();
    const step = stepItem(run, {
      normalized_request: requestSaying("x".repeat(10_001)),
      attempts: [{ response_body: "y".repeat(50_001) }],
    });
    await app.client(user.key).recordDebugBatch({ runs: [run], steps: [step] });
    const read = await app.client(user.key).getDebugRun(run.chat_id, run.id);
    expect(read.steps[0]).toMatchObject({
      normalized_request: { messages: [{ parts: [{ text: "x".repeat(10_000), text_length: 10_001 }] }] },
      attempts: [{ response_body: "y".repeat(50_000) + TRUNCATED_MARK }],
    });
  });

  test("has the bytes of its files replaced by their number", async () => {
    const run = runItem();
    const content = randomBytes(300).toString("base64");
    const parts = [{ type: "file", media_type: "image/png", data: content }];
    const step = stepItem(run, { normalized_request: { messages: [{ role: "user", parts }] } });
    await app.client(user.key).recordDebugBatch({ runs: [run], steps: [step] });
    const read = JSON.stringify(await app.client(user.key).getDebugRun(run.chat_id, run.id));
    expect(read).not.toContain(content.slice(0, 20));
    expect(await everyStoredByte(app.pool)).not.toContain(hex(content.slice(0, 20)));
  });
});

test("a key is stored as its hash alone", async () => {
  const { key } = await app.createUser();
  await app.request("GET", `${CHATS}/config/debug-retention-days`, { key });
  expect(await everyStoredByte(app.pool)).not.toContain(key);
  expect(JSON.stringify(app.logged)).not.toContain(key);
});
