import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, expect, test } from "vitest";

import { systemClock } from "../../src/clock.ts";
import { listen, type Listener } from "../../src/http/listen.ts";
import { CHATS, createTestApp, type TestApp, type TestUser } from "../test-app.ts";

const SETTING = `${CHATS}/config/debug-retention-days`;

let app: TestApp;
let admin: TestUser;
let listener: Listener;

beforeAll(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
  listener = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
});

afterAll(() => listener.close());

/** Sends these lines as they are and answers everything that comes back before the connection is closed. */
async function exchange(...lines: string[]): Promise<string> {
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(Buffer.from(lines.join("\r\n"), "latin1"));
  // The server waits for the rest of a body, and does not answer somebody who has hung up.
  if (lines.includes(CUT_SHORT)) socket.end();
  let answer = "";
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString("latin1");
  } catch (error) {
    // The server has hung up on what was still being sent: before its own last word was read, or after it.
    expect(["ECONNRESET", "EPIPE"]).toContain((error as { code?: string }).code);
  }
  return answer;
}

/** The beginning of a body whose rest never comes. */
const CUT_SHORT = '{"debug_retention_days":';

const key = (): string => `Coder-Session-Token: ${admin.key}`;

test.each<[string, () => string[]]>([
  ["no HTTP at all", () => ["\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "", ""]],
  ["no host", () => ["GET /healthz HTTP/1.1", "Connection: close", "", ""]],
  ["a host that is none", () => ["GET /healthz HTTP/1.1", "Host: [", "Connection: close", "", ""]],
  ["a host with a path", () => ["GET /healthz HTTP/1.1", "Host: a/b?c#d", "Connection: close", "", ""]],
  ["two hosts", () => ["GET /healthz HTTP/1.1", "Host: a", "Host: b", "Connection: close", "", ""]],
  ["an absolute address", () => ["GET http://other/healthz HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["an absolute address that is none", () => ["GET http://[ HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["two slashes", () => ["GET //healthz HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["an asterisk", () => ["OPTIONS * HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["bytes beyond ASCII in the path", () => ["GET /\xff\xfe HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["a method that nobody knows", () => ["BREW / HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["TRACE", () => ["TRACE / HTTP/1.1", "Host: a", "Connection: close", "", ""]],
  ["CONNECT", () => ["CONNECT a:1 HTTP/1.1", "Host: a", "", ""]],
  [
    "a body for GET",
    () => [`GET ${SETTING} HTTP/1.1`, "Host: a", key(), "Content-Length: 2", "Connection: close", "", "{}"],
  ],
  ["a body that ends early", () => [`PUT ${SETTING} HTTP/1.1`, "Host: a", key(), "Content-Length: 50", "", CUT_SHORT]],
  [
    "a compressed body that ends early",
    () => [
      `PUT ${SETTING} HTTP/1.1`,
      "Host: a",
      key(),
      "Content-Encoding: gzip",
      "Content-Length: 50",
      "",
      "\x1f\x8b\x08",
      CUT_SHORT,
    ],
  ],
  [
    "two lengths",
    () => [`PUT ${SETTING} HTTP/1.1`, "Host: a", key(), "Content-Length: 2", "Content-Length: 3", "", "{}"],
  ],
  [
    "a chunk that is none",
    () => [
      `PUT ${SETTING} HTTP/1.1`,
      "Host: a",
      key(),
      "Transfer-Encoding: chunked",
      "Connection: close",
      "",
      "zz",
      "{}",
      "",
    ],
  ],
  [
    "headers of 100 KB",
    () => ["GET /healthz HTTP/1.1", "Host: a", "Connection: close", `X-Long: ${"x".repeat(100_000)}`, "", ""],
  ],
  [
    "a thousand headers",
    () => [
      "GET /healthz HTTP/1.1",
      "Host: a",
      "Connection: close",
      ...Array.from({ length: 1_000 }, (_, i) => `X-${i}: 1`),
      "",
      "",
    ],
  ],
])(
  "a connection that brings %s is answered with less than 500 or closed, and the next one is served",
  async (_name, lines) => {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(await exchange(...lines()))?.[1] ?? "closed";
    expect(status).toMatch(/^([1-4]\d\d|closed)$/);
    expect(await exchange("GET /healthz HTTP/1.1", "Host: a", "Connection: close", "", "")).toMatch(/^HTTP\/1\.1 200 /);
  },
);

test("a change over a socket is audited with the address that it came from", async () => {
  const body = '{"debug_retention_days":7}';
  const answer = await exchange(
    `PUT ${SETTING} HTTP/1.1`,
    "Host: a",
    key(),
    `Content-Length: ${body.length}`,
    "Connection: close",
    "",
    body,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 204 /);
  const { rows } = await app.pool.query("SELECT ip FROM audit_logs WHERE resource_type = 'site_config'");
  expect(rows).toEqual([{ ip: "127.0.0.1" }]);
});
