import { inspect } from "node:util";

import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readRetryAfter } from "../src/read-answer.ts";
import { ScriptedServer } from "./scripted-server.ts";

const KEY = "shelflife-key-that-must-stay-secret";
const CHAT = "01990000-0000-7000-8000-000000000001";
const RUN = "01990000-0000-7000-8000-000000000002";

let server: ScriptedServer;
let client: ShelflifeClient;

beforeEach(async () => {
  server = await ScriptedServer.start();
  client = new ShelflifeClient({ baseUrl: server.url, key: KEY, userAgent: "client-test/1" });
});

afterEach(() => server[Symbol.asyncDispose]());

async function failure(promise: Promise<unknown>): Promise<ShelflifeError> {
  const error: unknown = await promise.then(
    () => new Error("The call succeeded."),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ShelflifeError);
  return error as ShelflifeError;
}

const run = {
  id: RUN,
  chat_id: CHAT,
  kind: "chat_turn",
  status: "completed",
  summary: { step_count: 1 },
  started_at: "2026-01-02T03:04:05.678Z",
  updated_at: "2026-01-02T03:04:06.678Z",
};

describe("retention windows", () => {
  it("reads a window in days and signs in by the session token header", async () => {
    server.answer = { status: 200, json: { debug_retention_days: 30 } };
    expect(await client.getDebugRetentionDays()).toBe(30);
    expect(server.last).toMatchObject({
      method: "GET",
      path: "/api/experimental/chats/config/debug-retention-days",
      headers: { "coder-session-token": KEY, "user-agent": "client-test/1" },
    });
  });

  it("reads the window 0, which keeps data for ever", async () => {
    server.answer = { status: 200, json: { debug_retention_days: 0 } };
    expect(await client.getRetentionDays("debug-retention-days")).toBe(0);
  });

  it("sets a window and takes 204 as success", async () => {
    await client.setDebugRetentionDays(7);
    expect(server.last).toMatchObject({ method: "PUT", json: { debug_retention_days: 7 } });
  });

  it("refuses an answer without the window instead of inventing one", async () => {
    server.answer = { status: 200, json: {} };
    expect(await failure(client.getDebugRetentionDays())).toMatchObject({ code: "unexpected_response", status: 200 });
  });
});

describe("debug runs", () => {
  it("lists the runs of a chat from the bare array", async () => {
    server.answer = { status: 200, json: [run] };
    expect(await client.listDebugRuns(CHAT)).toEqual([run]);
    expect(server.last.path).toBe(`/api/experimental/chats/${CHAT}/debug/runs`);
  });

  it("reads one run with its steps", async () => {
    server.answer = { status: 200, json: { ...run, steps: [] } };
    expect(await client.getDebugRun(CHAT, RUN)).toEqual({ ...run, steps: [] });
    expect(server.last.path).toBe(`/api/experimental/chats/${CHAT}/debug/runs/${RUN}`);
  });

  it("escapes ids, so that none can leave its place in the path", async () => {
    server.answer = { status: 200, json: [] };
    await client.listDebugRuns("../../users?");
    expect(server.last.path).toBe("/api/experimental/chats/..%2F..%2Fusers%3F/debug/runs");
  });

  it("keeps a path prefix of the base URL", async () => {
    server.answer = { status: 200, json: [] };
    await new ShelflifeClient({ baseUrl: `${server.url}/shelf`, key: KEY }).listDebugRuns(CHAT);
    expect(server.last.path).toBe(`/shelf/api/experimental/chats/${CHAT}/debug/runs`);
  });
});

describe("recording a batch", () => {
  const small = { chats: [{ id: CHAT }] };
  const large = { chats: [{ id: CHAT, title: "long ".repeat(1000) }] };

  beforeEach(() => {
    server.answer = { status: 200, json: { accepted: 1, rejected: [] } };
  });

  it("sends a small batch as it is", async () => {
    expect(await client.recordDebugBatch(small)).toEqual({ accepted: 1, rejected: [] });
    expect(server.last.headers["content-encoding"]).toBeUndefined();
    expect(server.last.json).toEqual(small);
  });

  it("compresses a batch above 1 KiB", async () => {
    await client.recordDebugBatch(large);
    expect(server.last.headers).toMatchObject({ "content-encoding": "gzip", "content-type": "application/json" });
    expect(server.last.bytes.length).toBeLessThan(200);
    expect(server.last.json).toEqual(large);
  });

  it("does not compress when told not to", async () => {
    await client.recordDebugBatch(large, { gzip: false });
    expect(server.last.headers["content-encoding"]).toBeUndefined();
  });

  it("answers rejected items instead of throwing", async () => {
    const rejected = [{ kind: "run", id: RUN, code: "debug_logging_off", message: "Recording is off." }];
    server.answer = { status: 200, json: { accepted: 0, rejected } };
    expect(await client.recordDebugBatch(small)).toEqual({ accepted: 0, rejected });
  });
});

describe("errors", () => {
  it("carries status, code, message, detail and validations of the server's answer", async () => {
    const body = {
      message: "Chat debug retention days must be between 0 and 3650.",
      code: "validation_failed",
      detail: "4000 is too large.",
      validations: [{ field: "debug_retention_days", detail: "must be at most 3650" }],
    };
    server.answer = { status: 400, json: body };
    const error = await failure(client.setDebugRetentionDays(4000));
    expect(error).toMatchObject({ ...body, status: 400 });
    expect(error.retryable).toBe(false);
  });

  it("says how long to wait when the server does", async () => {
    server.answer = {
      status: 429,
      headers: { "Retry-After": "3" },
      json: { message: "Slow down.", code: "unavailable" },
    };
    const error = await failure(client.getDebugRetentionDays());
    expect(error.retryAfterMs).toBe(3000);
    expect(error.retryable).toBe(true);
  });

  it.each([
    ["2", 2000],
    ["Thu, 01 Jan 1970 00:00:10 GMT", 9000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("reads Retry-After %j as %j ms", (header, delay) => {
    expect(readRetryAfter(header, 1000)).toBe(delay);
  });

  it("reports a proxy's error page as an unexpected response that may be tried again", async () => {
    server.answer = { status: 502, text: "<html>Bad gateway</html>" };
    const error = await failure(client.listDebugRuns(CHAT));
    expect(error).toMatchObject({ code: "unexpected_response", status: 502, retryable: true });
  });

  it("reports a server that is not there as a network error", async () => {
    await server[Symbol.asyncDispose]();
    const error = await failure(client.getDebugRetentionDays());
    expect(error).toMatchObject({ code: "network", status: undefined, retryable: true });
  });

  it("reports a server that does not answer as a timeout", async () => {
    server.answer = "never";
    const hasty = new ShelflifeClient({ baseUrl: server.url, key: KEY, timeoutMs: 20 });
    expect(await failure(hasty.getDebugRetentionDays())).toMatchObject({ code: "timeout", retryable: true });
  });

  it("reports the caller's own abort as aborted, never as a network error", async () => {
    server.answer = "never";
    const abort = new AbortController();
    const call = failure(client.getDebugRetentionDays({ signal: abort.signal }));
    abort.abort();
    expect(await call).toMatchObject({ code: "aborted", retryable: false });
  });

  it("does not follow a redirect, which would carry the key to another host", async () => {
    await using elsewhere = await ScriptedServer.start();
    server.answer = { status: 302, headers: { Location: `${elsewhere.url}/` } };
    expect(await failure(client.getDebugRetentionDays())).toMatchObject({ code: "network" });
    expect(elsewhere.received).toEqual([]);
  });
});

describe("the key", () => {
  it("shows up neither in an error nor in a printed client", async () => {
    server.answer = { status: 401, json: { message: "Sign in first.", code: "unauthenticated" } };
    const error = await failure(client.getDebugRetentionDays());
    expect(inspect(error, { depth: null }) + inspect(client, { depth: null }) + JSON.stringify(client)).not.toContain(
      KEY,
    );
  });

  it("is refused without being quoted when it cannot be sent", () => {
    const make = () => new ShelflifeClient({ baseUrl: server.url, key: `${KEY}\n` });
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(new RegExp(KEY));
  });

  it.each(["ftp://example.com", "example.com", "http://user:password@example.com"])("refuses the URL %s", (baseUrl) => {
    expect(() => new ShelflifeClient({ baseUrl, key: KEY })).toThrow(TypeError);
  });
});

describe("readiness", () => {
  it("is true when the server says so", async () => {
    server.answer = { status: 200, text: "ok" };
    expect(await client.isReady()).toBe(true);
    expect(server.last.path).toBe("/readyz");
  });

  it("is false when the server is not ready or not there", async () => {
    server.answer = { status: 503 };
    expect(await client.isReady()).toBe(false);
    await server[Symbol.asyncDispose]();
    expect(await client.isReady()).toBe(false);
  });
});

it("takes an application's own entry point as its fetch", async () => {
  const paths: string[] = [];
  const inProcess = new ShelflifeClient({
    baseUrl: "http://shelflife.test",
    key: KEY,
    fetch: async (request) => {
      paths.push(new URL(request.url).pathname);
      return Response.json({ debug_retention_days: 3 });
    },
  });
  expect(await inProcess.getDebugRetentionDays()).toBe(3);
  expect(paths).toEqual(["/api/experimental/chats/config/debug-retention-days"]);
});
