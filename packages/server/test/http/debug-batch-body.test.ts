import { gzipSync } from "node:zlib";

import { INGEST_BODY_BYTES, JSON_BODY_BYTES, type DebugBatchResult } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { completeRun } from "../debug-batches.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = `${CHATS}/debug/batch`;
const SETTING = `${CHATS}/config/debug-retention-days`;
const GZIP = { "Content-Encoding": "gzip" };

let app: TestApp;
let user: TestUser;
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
  admin = await app.createUser({ role: "owner" });
});

function post(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.request("POST", PATH, { key: user.key, body, headers });
}

function gzip(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(text));
}

async function expectError(response: Response, status: number, code: string): Promise<void> {
  expect({ status: response.status, ...(await readErrorBody(response)) }).toMatchObject({ status, code });
}

/** Repeats a chunk without end, and says how much of it was taken. */
function endless(chunk: Uint8Array<ArrayBuffer>, first: Uint8Array<ArrayBuffer> = chunk) {
  const taken = { bytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = taken.bytes === 0 ? first : chunk;
      taken.bytes += next.length;
      controller.enqueue(next);
    },
    cancel() {
      taken.cancelled = true;
    },
  });
  return { body, taken };
}

describe("the body of a batch", () => {
  test.each(["gzip", " GZIP ", "identity"])("is taken with the Content-Encoding %j", async (encoding) => {
    const text = JSON.stringify(completeRun().batch);
    const body = encoding === "identity" ? text : gzip(text);
    const response = await post(body, { "Content-Encoding": encoding });
    expect(response.status).toBe(200);
    expect((await response.json()) as DebugBatchResult).toEqual({ accepted: 2, rejected: [] });
  });

  test("is taken compressed in several parts, and with a byte order mark", async () => {
    const text = JSON.stringify(completeRun().batch);
    const parts = new Uint8Array(Buffer.concat([gzip(text.slice(0, 10)), gzip(text.slice(10))]));
    expect((await post(parts, GZIP)).status).toBe(200);
    expect((await post(`\ufeff${text}`)).status).toBe(200);
  });

  test.each(["br", "deflate", "zstd", "gzip, gzip", "none", ""])(
    "is 415 with the Content-Encoding %j, before any of it is read",
    async (encoding) => {
      const { body, taken } = endless(new Uint8Array(1024));
      await expectError(await post(body, { "Content-Encoding": encoding }), 415, "unsupported_encoding");
      // A stream fills its own queue with one chunk before anybody reads it.
      expect(taken.bytes).toBeLessThanOrEqual(1024);
    },
  );

  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ["text that is no gzip", new Uint8Array(Buffer.from("{}"))],
    ["gzip that ends early", gzip(JSON.stringify(completeRun().batch)).slice(0, 40)],
    ["gzip with a wrong checksum", gzip("{}").map((byte, index, all) => (index === all.length - 6 ? byte ^ 1 : byte))],
    ["no byte at all", new Uint8Array(0)],
  ])("is 400 where it claims to be gzip and is %s", async (_name, body) => {
    await expectError(await post(body, GZIP), 400, "invalid_json");
  });

  test.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ["no JSON", "chats=1"],
    ["JSON that ends early", '{"runs":['],
    ["UTF-8 that is broken", new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ["empty", ""],
  ])("is 400 where it is %s", async (_name, body) => {
    await expectError(await post(body), 400, "invalid_json");
  });

  test.each(["null", "[]", '"runs"', '{"runs":{}}', '{"steps":"none"}', '{"chats":null}'])(
    "is 400 where its envelope is %s",
    async (body) => {
      await expectError(await post(body), 400, "validation_failed");
    },
  );

  test("is 400 where it is nested a million times, which exhausts no stack", async () => {
    const depth = 1_000_000;
    await expectError(await post("[".repeat(depth) + "]".repeat(depth)), 400, "validation_failed");
    const item = `{"runs":[${"[".repeat(depth)}${"]".repeat(depth)}]}`;
    const response = await post(gzip(item), GZIP);
    expect(await response.json()).toMatchObject({ accepted: 0, rejected: [{ code: "invalid" }] });
  });
});

describe("the size of a body", () => {
  /** A batch of exactly so many bytes. */
  function batchOf(bytes: number): string {
    const envelope = '{"padding":""}';
    return envelope.replace('""', `"${"x".repeat(bytes - envelope.length)}"`);
  }

  test("may be 16 MiB, compressed or not", async () => {
    expect((await post(batchOf(INGEST_BODY_BYTES))).status).toBe(200);
    expect((await post(gzip(batchOf(INGEST_BODY_BYTES)), GZIP)).status).toBe(200);
  });

  test("may not be one byte more, compressed or not", async () => {
    await expectError(await post(batchOf(INGEST_BODY_BYTES + 1)), 413, "body_too_large");
    await expectError(await post(gzip(batchOf(INGEST_BODY_BYTES + 1)), GZIP), 413, "body_too_large");
  });

  test("that has no end is cut as soon as it is too large", async () => {
    const chunk = new Uint8Array(Buffer.alloc(1024 * 1024, "x"));
    const { body, taken } = endless(chunk);
    await expectError(await post(body), 413, "body_too_large");
    expect(taken.bytes).toBeLessThan(2 * INGEST_BODY_BYTES);
    expect(taken.cancelled).toBe(true);
  });

  test("that explodes when it is decompressed is cut as soon as it is too large", async () => {
    // A megabyte of the same character takes about a kilobyte, so that each chunk is a thousand times what it weighs.
    const chunk = gzip("x".repeat(1024 * 1024));
    const { body, taken } = endless(chunk);
    await expectError(await post(body, GZIP), 413, "body_too_large");
    expect(taken.bytes).toBeLessThan(1024 * 1024);
    expect(taken.cancelled).toBe(true);
  });

  test("of a setting may be 1 MiB", async () => {
    const pad = (bytes: number): string => `{"debug_retention_days":30}${" ".repeat(bytes - 27)}`;
    const put = (body: string): Promise<Response> => app.request("PUT", SETTING, { key: admin.key, body });
    expect((await put(pad(JSON_BODY_BYTES))).status).toBe(204);
    await expectError(await put(pad(JSON_BODY_BYTES + 1)), 413, "body_too_large");
  });
});

describe("who may send one", () => {
  test("is everybody with a key, of either scope and any role, and nobody without", async () => {
    for (const role of ["member", "auditor", "owner"] as const) {
      for (const scope of ["full", "ingest"] as const) {
        const { key } = await app.createUser({ role, scope });
        expect((await app.request("POST", PATH, { key, json: {} })).status).toBe(200);
      }
    }
    const { body, taken } = endless(new Uint8Array(1024));
    await expectError(await app.request("POST", PATH, { body }), 401, "unauthenticated");
    expect(taken.bytes).toBeLessThanOrEqual(1024);
  });
});
