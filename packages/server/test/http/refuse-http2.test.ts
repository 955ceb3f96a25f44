import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { duplexPair } from "node:stream";

import { afterEach, beforeEach, expect, it } from "vitest";

import { listen, type Listener } from "../../src/http/listen.ts";
import { refuseHttp2 } from "../../src/http/refuse-http2.ts";
import { FakeClock } from "../fake-clock.ts";
import { until } from "../until.ts";

let listener: Listener;
let sessions: ClientHttp2Session[];

beforeEach(async () => {
  sessions = [];
  listener = await startServer(new FakeClock());
});

afterEach(async () => {
  for (const session of sessions) session.destroy();
  await listener.close();
});

function startServer(clock: FakeClock): Promise<Listener> {
  return listen(() => new Response("served"), { host: "127.0.0.1", port: 0 }, clock);
}

function openSession({ url } = listener): ClientHttp2Session {
  const session = connect(url);
  sessions.push(session);
  return session;
}

/** Sends one request over HTTP/2, as a client does that takes for granted that the server speaks it. */
async function ask(
  headers: Record<string, string>,
  body = "",
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const stream = openSession().request({ ":method": "POST", ...headers });
  stream.end(body);
  const [answered] = (await once(stream, "response")) as [IncomingHttpHeaders];
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += String(chunk);
  return { headers: answered, body: text };
}

const EXPORT = { ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export" };
const GRPC = { ...EXPORT, "content-type": "application/grpc", te: "trailers" };

it.each([
  ["nothing", 0],
  ["a message", 200],
  ["more than is taken at once", 1_000_000],
])("tells an exporter over gRPC that brings %s what to set, in a status of gRPC", async (_what, bytes) => {
  const { headers } = await ask(GRPC, "x".repeat(bytes));
  expect(headers).toMatchObject({
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": "12",
    "grpc-message": expect.stringContaining("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf") as unknown,
  });
});

it("tells any other client of HTTP/2 to use HTTP/1.1", async () => {
  const { headers, body } = await ask({ ":path": "/healthz" });
  expect(headers[":status"]).toBe(505);
  expect(body).toBe("HTTP/2 is not served here: use HTTP/1.1.");
});

it("hangs up after the first answer, and goes on serving others", async () => {
  await ask(GRPC);
  await until("the session to be closed", () => sessions[0]?.destroyed === true);
  expect(await (await fetch(listener.url)).text()).toBe("served");
});

it("is not kept from ending by a client of HTTP/2 that asks nothing", async () => {
  const clock = new FakeClock();
  const server = await startServer(clock);
  const session = openSession(server);
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  const closing = server.close();
  await until("the server to be patient", () => clock.sleepers > 0);
  await clock.advance(60_000);
  await closing;
  await until("the session to be closed", () => session.destroyed);
  await expect(fetch(server.url)).rejects.toThrow("fetch failed");
});

it("answers what it cannot read after a request that was served, on the same connection", async () => {
  const socket = connectSocket(Number(new URL(listener.url).port), "127.0.0.1");
  let answers = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (answers += chunk));
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the first answer", () => answers.endsWith("served"));
  socket.write("what is this\r\n\r\n");
  await once(socket, "close");
  expect(answers).toMatch(/^HTTP\/1\.1 200 OK[^]*servedHTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
});

it("writes nothing into an answer that is under way", async () => {
  const endless = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("begun")) });
  const server = await listen(() => new Response(endless), { host: "127.0.0.1", port: 0 }, new FakeClock());
  const socket = connectSocket(Number(new URL(server.url).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the answer to begin", () => answer.includes("begun"));
  socket.write("what is this\r\n\r\n");
  await once(socket, "close");
  expect(answer).toMatch(/begun\r\n$/);
  await server.close();
});

it.each([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", "413 Payload Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
  ["HPE_INVALID_METHOD", "400 Bad Request"],
])("answers what breaks off with %s as Node does, and hangs up", async (code, status) => {
  const server = createServer();
  refuseHttp2(server);
  const [client, socket] = duplexPair();
  const error = Object.assign(new Error("cannot be read"), { code });
  const ended = once(socket, "error");
  server.emit("clientError", error, socket);
  expect(await ended).toEqual([error]);
  expect(String(client.read())).toBe(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
});
