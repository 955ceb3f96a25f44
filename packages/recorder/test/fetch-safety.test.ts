import { createHash } from "node:crypto";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { shelflifeFetch } from "@shelflife/recorder/fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { FakeClock } from "./fake-clock.ts";
import { FetchRecording } from "./fetch-recording.ts";
import { IngestServer } from "./ingest-server.ts";
import { CHAT_ID } from "./recording.ts";

const BINARY = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
const LONG_TEXT = "It goes on and on. ".repeat(20_000);

let server: Server;
let url: string;

/** Says what it was sent, or answers in one of the ways in which servers answer. */
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const { connection: _, host: __, ...headers } = request.headers;
    // A form's boundary is drawn by lot.
    const boundary = /boundary=(.*)$/.exec(headers["content-type"] ?? "")?.[1];
    const sent = boundary === undefined ? body : body.toString("latin1").replaceAll(boundary, "BOUNDARY");
    const said = {
      method: request.method,
      path,
      headers: { ...headers, ...(boundary !== undefined && { "content-type": "multipart" }) },
      length: body.length,
      hash: createHash("sha256").update(sent).digest("hex"),
    };
    switch (path) {
      case "/redirect":
        return response.writeHead(307, { location: "/echo" }).end("elsewhere");
      case "/see-other":
        return response.writeHead(303, { location: "/echo" }).end();
      case "/nothing":
        return response.writeHead(204).end();
      case "/not-json":
        return response.writeHead(200, { "content-type": "application/json" }).end("<html>");
      case "/binary":
        return response.writeHead(200, { "content-type": "audio/mpeg" }).end(BINARY);
      case "/gzip":
        response.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" });
        return response.end(gzipSync("packed"));
      case "/long":
        return response.writeHead(200, { "content-type": "text/plain" }).end(LONG_TEXT);
      case "/form":
        response.writeHead(200, { "content-type": "application/x-www-form-urlencoded" });
        return response.end("a=1&b=2");
      case "/teapot":
        return response.writeHead(418, "Teapot", { "set-cookie": ["a=1", "b=2"] }).end('{"error": "I am a teapot."}');
      case "/break":
        response.writeHead(200, { "content-type": "text/plain" });
        return response.write("some", () => setImmediate(() => response.destroy()));
      default:
        return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

type Fetch = typeof globalThis.fetch;

/** All that an application can see of a response. */
async function seen(answer: Promise<Response>, read: (response: Response) => Promise<unknown>): Promise<unknown> {
  try {
    const response = await answer;
    const { status, statusText, ok, type, redirected } = response;
    const headers = [...response.headers].filter(([name]) => name !== "date");
    const path = response.url === "" ? "" : new URL(response.url).pathname;
    const body = await read(response).catch((error: unknown) => `read: ${String(error)}`);
    const cookies = response.headers.getSetCookie();
    return { status, statusText, ok, type, redirected, path, headers, cookies, body, used: response.bodyUsed };
  } catch (error) {
    return `fetch: ${String(error)}`;
  }
}

const text = (response: Response): Promise<unknown> => response.text();

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
}

function form(): FormData {
  const data = new FormData();
  data.append("purpose", "assistants");
  data.append("tag", "one");
  data.append("tag", "two");
  data.append("file", new Blob([BINARY], { type: "image/png" }), "picture.png");
  return data;
}

const json = { "content-type": "application/json" };
const prompt = '{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}';
const post = (body: RequestInit["body"], headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body: body ?? null,
  headers,
  ...(body instanceof ReadableStream && { duplex: "half" }),
});

/** Requests as `fetch` is given them; each is made anew, since a stream can be sent once. */
const REQUESTS: [string, (fetch: Fetch) => Promise<Response>][] = [
  ["a text", (fetch) => fetch(`${url}/echo`, post(prompt, json))],
  ["a URL object", (fetch) => fetch(new URL(`${url}/v1/chat/completions`), post(prompt))],
  ["a body that is not the JSON it claims to be", (fetch) => fetch(`${url}/v1/messages`, post("{oops", json))],
  ["an array as JSON", (fetch) => fetch(`${url}/v1/messages`, post("[1, null]", json))],
  ["JSON of odd shapes", (fetch) => fetch(`${url}/v1/responses`, post('{"input": {"a": [1]}, "tools": 7}', json))],
  ["bytes", (fetch) => fetch(`${url}/echo`, post(BINARY))],
  ["a buffer", (fetch) => fetch(`${url}/echo`, post(Uint8Array.from(BINARY).buffer))],
  ["a Blob", (fetch) => fetch(`${url}/echo`, post(new Blob([BINARY], { type: "audio/wav" })))],
  ["a form", (fetch) => fetch(`${url}/echo`, post(form()))],
  ["parameters", (fetch) => fetch(`${url}/echo`, post(new URLSearchParams({ q: "a b", token: "t" })))],
  ["a stream", (fetch) => fetch(`${url}/echo`, post(streamOf('{"model":', ' "m"}'), json))],
  ["a huge body", (fetch) => fetch(`${url}/echo`, post(`{"text": "${"x".repeat(6_000_000)}"}`, json))],
  ["a Request", (fetch) => fetch(new Request(`${url}/echo`, post(prompt, json)))],
  ["a Request of bytes", (fetch) => fetch(new Request(`${url}/echo`, post(BINARY)))],
  ["a Request of a stream", (fetch) => fetch(new Request(`${url}/echo`, post(streamOf("{", "}"), json)))],
  ["a Request with another body", (fetch) => fetch(new Request(`${url}/echo`, post("old", json)), post(prompt, json))],
  ["a method in lower case", (fetch) => fetch(`${url}/echo`, { method: "delete", headers: [["x-own", "1"]] })],
  [
    "headers that can be read but once",
    (fetch) => {
      const headers: unknown = new Map([["x-own", "1"]]).entries();
      return fetch(`${url}/echo`, { ...post(prompt), headers: headers as Headers });
    },
  ],
  ["HEAD", (fetch) => fetch(`${url}/echo`, { method: "HEAD" })],
  ["GET", (fetch) => fetch(`${url}/echo?key=1`)],
  ["a redirect", (fetch) => fetch(`${url}/redirect`, post(prompt, json))],
  ["a redirect to look elsewhere", (fetch) => fetch(`${url}/see-other`, post(prompt, json))],
  ["a redirect that it does not want", (fetch) => fetch(`${url}/redirect`, { ...post(prompt), redirect: "error" })],
  ["a redirect that it wants to see", (fetch) => fetch(`${url}/redirect`, { ...post(prompt), redirect: "manual" })],
  ["an answer without a body", (fetch) => fetch(`${url}/nothing`, post(prompt, json))],
  ["an answer that is not the JSON it claims to be", (fetch) => fetch(`${url}/not-json`, post(prompt))],
  ["an answer of bytes", (fetch) => fetch(`${url}/binary`, post(prompt))],
  ["a packed answer", (fetch) => fetch(`${url}/gzip`, post(prompt))],
  ["a long answer", (fetch) => fetch(`${url}/long`, post(prompt))],
  ["an error", (fetch) => fetch(`${url}/teapot`, post(prompt))],
  ["an answer that breaks off", (fetch) => fetch(`${url}/break`, post(prompt))],
  [
    "a request that was aborted before",
    (fetch) => fetch(`${url}/echo`, { ...post(prompt), signal: AbortSignal.abort() }),
  ],
  ["a host that does not answer", (fetch) => fetch("http://127.0.0.1:2/v1/messages", post(prompt))],
  ["no URL", (fetch) => fetch("not a URL", post(prompt))],
  ["no header", (fetch) => fetch(`${url}/echo`, post(prompt, { "bad header": "\n" }))],
  ["a body where none may be", (fetch) => fetch(`${url}/echo`, { ...post(prompt), method: "GET" })],
  [
    "a Request that was sent before",
    async (fetch) => {
      const request = new Request(`${url}/echo`, post(prompt, json));
      await request.text();
      return fetch(request);
    },
  ],
];

/** Works for a while. */
class BrokenClock extends FakeClock {
  #readsLeft: number;

  constructor(reads: number) {
    super();
    this.#readsLeft = reads;
  }

  override now(): number {
    this.#readsLeft -= 1;
    if (this.#readsLeft < 0) throw new Error("A recorder's bug.");
    return super.now();
  }
}

describe.each(REQUESTS)("%s", (_, request) => {
  it("is sent and answered as without a recorder", async () => {
    await using recording = await FetchRecording.start([]);
    expect(await seen(request(recording.fetch), text)).toEqual(await seen(request(fetch), text));
    expect(await recording.fetch.flush()).toBe(true);
    expect(recording.fetch.stats()).toMatchObject({ dropped: 0, rejected: 0 });
    for (const step of recording.ingest.steps.values()) expect(step.status).toMatch(/completed|error|interrupted/);
  });

  it("is sent and answered whenever the recorder begins to fail", async () => {
    const chat = (): never => {
      throw new Error("An application's bug.");
    };
    const broken = [0, 1, 2, 3, 4, 5].map((reads) => ({ clock: new BrokenClock(reads) }));
    const expected = await seen(request(fetch), text);
    for (const options of [...broken, { chat }]) {
      const warned: string[] = [];
      const recording = shelflifeFetch({
        baseUrl: "http://127.0.0.1:9",
        key: "key",
        chat: { chatId: CHAT_ID },
        onWarning: (_message, code) => warned.push(code),
        ...options,
      });
      expect(await seen(request(recording), text)).toEqual(expected);
      expect(warned.every((code) => code === "internal")).toBe(true);
      void recording.shutdown().catch(() => undefined);
    }
  });
});

/** Ways to read a body, or not to. */
const READS: [string, (response: Response) => Promise<unknown>][] = [
  ["as JSON", (response) => response.json()],
  ["as bytes", async (response) => Buffer.from(await response.arrayBuffer()).toString("hex")],
  [
    "as a Blob",
    async (response) => {
      const blob = await response.blob();
      return [blob.type, await blob.text()];
    },
  ],
  ["as a form", async (response) => [...(await response.formData())]],
  ["twice", async (response) => [await response.text(), await response.text()]],
  [
    "from a clone",
    async (response) => {
      const clone = response.clone();
      return [clone.url === response.url, await clone.text(), await response.text()];
    },
  ],
  [
    "in pieces",
    async (response) => {
      const pieces: Buffer[] = [];
      for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece as Uint8Array));
      return Buffer.concat(pieces).toString("hex");
    },
  ],
  [
    "after looking at its stream",
    async (response) => [response.body?.locked, response.body === response.body, await response.text()],
  ],
  ["not at all", async () => "unread"],
  ["by cancelling", async (response) => response.body?.cancel()],
  ["through a copy", (response) => new Response(response.body, response).text()],
  [
    "through a pipe",
    async (response) =>
      new Response(response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text(),
  ],
];

describe.each(READS)("a body that is read %s", (_, read) => {
  it.each(["/echo", "/binary", "/form", "/not-json", "/nothing", "/long", "/break", "/gzip"])(
    "reads the same: %s",
    async (path) => {
      await using recording = await FetchRecording.start([]);
      const request = (fetch: Fetch): Promise<Response> => fetch(`${url}${path}`, post(prompt, json));
      expect(await seen(request(recording.fetch), read)).toEqual(await seen(request(fetch), read));
    },
  );
});

describe("what is recorded of odd bodies", () => {
  async function attempt(request: (fetch: Fetch) => Promise<Response>): Promise<Record<string, unknown>> {
    await using recording = await FetchRecording.start([]);
    await (await request(recording.fetch)).text().catch(() => undefined);
    await recording.fetch.flush();
    return recording.ingest.step.attempts?.[0] ?? {};
  }
  const requestBody = async (body: RequestInit["body"], headers = {}) =>
    (await attempt((fetch) => fetch(`${url}/echo`, post(body, headers)))).request_body;

  it("is what they are, and never the bytes of files", async () => {
    expect(await requestBody(prompt)).toEqual(JSON.parse(prompt));
    expect(await requestBody("{oops", json)).toBe("[REDACTED]");
    expect(await requestBody(BINARY)).toBe("[BINARY, 70000 BYTES]");
    expect(await requestBody(new Blob([BINARY], { type: "audio/wav" }))).toBe("[FILE audio/wav, 70000 BYTES]");
    expect(await requestBody(form())).toEqual({
      purpose: "assistants",
      tag: ["one", "two"],
      file: "[FILE image/png, 70000 BYTES]",
    });
    expect(await requestBody(new URLSearchParams({ q: "a b", token: "t" }))).toBe("q=a+b&token=[REDACTED]");
    expect(await requestBody(streamOf("{}"), json)).toEqual({ not_recorded: "a stream" });
    expect(await requestBody(new TextEncoder().encode(prompt))).toEqual(JSON.parse(prompt));
  });

  it("is a Request's JSON, and not its other bodies", async () => {
    const body = async (init: RequestInit) =>
      (await attempt((fetch) => fetch(new Request(`${url}/echo`, init)))).request_body;
    expect(await body(post(prompt, json))).toEqual(JSON.parse(prompt));
    expect(await body(post(BINARY))).toEqual({ not_recorded: "the body of a Request that is no JSON" });
  });

  it("is a Request's JSON even where that comes later than its record", async () => {
    const clock = new FakeClock();
    await using recording = await FetchRecording.start([], { clock });
    const answer = recording.fetch(new Request(`${url}/v1/messages`, post(prompt, json)));
    clock.runDeferred();
    clock.runDeferred();
    await (await answer).text();
    await recording.fetch.flush();
    expect(recording.ingest.step.attempts).toMatchObject([{ request_body: JSON.parse(prompt) }]);
    expect(recording.ingest.step.normalized_request).toMatchObject({ messages: [{ parts: [{ text: "Hello" }] }] });
  });

  it("is what a buffer held when it was sent", async () => {
    const buffer = new TextEncoder().encode(prompt);
    const sent = attempt((fetch) => {
      const answer = fetch(`${url}/echo`, post(buffer));
      buffer.fill(32);
      return answer;
    });
    expect((await sent).request_body).toEqual(JSON.parse(prompt));
  });

  it("is 50,000 bytes of a long text, then a mark", async () => {
    const request = `{"a": "${"é".repeat(40_000)}", "b": "${"x".repeat(40_000)}"}`;
    const recorded = await attempt((fetch) => fetch(`${url}/long`, post(request, json)));
    expect(recorded.response_body).toBe(`${LONG_TEXT.slice(0, 50_000)}[TRUNCATED]`);
    expect(Buffer.byteLength(String(recorded.request_body))).toBeLessThanOrEqual(50_011);
    expect(recorded.request_body).toMatch(/^\{"a":"é+\[TRUNCATED\]$/);
  });

  it("is a mark in place of a file in JSON, so that the rest of a long request can be seen", async () => {
    const data = Buffer.from(BINARY).toString("base64");
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${data}` } };
    const request = JSON.stringify({ messages: [{ role: "user", content: [image] }], model: "after" });
    const recorded = await attempt((fetch) => fetch(`${url}/v1/chat/completions`, post(request, json)));
    expect(recorded.request_body).toMatchObject({ model: "after" });
    expect(JSON.stringify(recorded)).not.toContain(data.slice(0, 100));
  });

  it("is a mark in place of a file in a stream, whole or cut off in the middle", async () => {
    const file = Buffer.from(BINARY).toString("base64");
    for (const data of [file.slice(0, 2000), file]) {
      const event = { type: "response.image_generation_call.partial_image", partial_image_b64: data };
      const headers = { "content-type": "text/event-stream" };
      const answer = `data: ${JSON.stringify(event)}\n\n`;
      await using recording = await FetchRecording.start([], { fetch: async () => new Response(answer, { headers }) });
      await (await recording.fetch(`${url}/v1/responses`, post("{}"))).text();
      await recording.fetch.flush();
      const [attempted] = recording.ingest.step.attempts ?? [];
      expect(attempted?.response_body).toContain("partial_image_b64");
      expect(attempted?.response_body).toMatch(/\[BASE64, \d+ CHARACTERS\]/);
      expect(JSON.stringify(recording.ingest.batches)).not.toContain(data.slice(0, 100));
    }
  });

  it("is the length of an answer that is no text", async () => {
    expect((await attempt((fetch) => fetch(`${url}/binary`, post(prompt)))).response_body).toBe(
      "[BINARY, 70000 BYTES]",
    );
  });
});

it("does not let secrets through, wherever they stand", async () => {
  await using recording = await FetchRecording.start([]);
  const headers = { ...json, authorization: "Bearer hunter2", "x-api-key": "hunter2", "api-key": "hunter2" };
  const secret = `http://user:hunter2@${url.slice(7)}/v1/messages?key=hunter2`;
  const body = JSON.stringify({ messages: [], metadata: { password: "hunter2" }, max_tokens: 7 });
  await (await recording.fetch(secret.replace("user:hunter2@", ""), post(body, headers))).text();
  await recording.fetch(secret, post(body, headers)).catch(() => undefined);
  await recording.fetch.flush();
  expect(recording.ingest.steps.size).toBe(2);
  expect(JSON.stringify([...recording.ingest.steps.values()])).not.toContain("hunter2");
  const [step] = recording.ingest.steps.values();
  expect(step?.normalized_request).toMatchObject({ options: { max_output_tokens: 7 } });
});

describe("a fetch of somebody's own", () => {
  it.each([
    [
      "throws",
      () => {
        throw new TypeError("Not today.");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("Not today."))],
  ])("that %s does so", async (_, own) => {
    await using recording = await FetchRecording.start([], { fetch: own });
    const call = async (): Promise<Response> => recording.fetch(`${url}/v1/messages`, post(prompt));
    await expect(call()).rejects.toThrow("Not today.");
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({ status: "error", error: { message: "Not today." } });
  });

  it("throws at once where it throws at once", async () => {
    const failure = new TypeError("Not today.");
    const own = (): never => {
      throw failure;
    };
    await using recording = await FetchRecording.start([], { fetch: own });
    let thrown: unknown;
    try {
      void recording.fetch(`${url}/v1/messages`, post(prompt));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(failure);
  });

  it("that answers with something that only looks like a response is passed on as it is", async () => {
    const answer = { status: 200, ok: true, headers: new Headers(), json: () => Promise.resolve({ a: 1 }) };
    await using recording = await FetchRecording.start([], { fetch: async () => answer as unknown as Response });
    expect(await recording.fetch(`${url}/v1/messages`, post(prompt))).toBe(answer);
    await recording.fetch.flush();
    expect(recording.ingest.step).toMatchObject({ status: "completed", attempts: [{ response_status: 200 }] });
  });

  it("gets the very arguments, and may be the recording one under another name", async () => {
    const got: unknown[][] = [];
    const own = (...request: unknown[]): Promise<Response> => {
      got.push(request);
      return Promise.resolve(new Response("{}"));
    };
    await using recording = await FetchRecording.start([], { fetch: own });
    const init = post(prompt);
    const extra = { next: { revalidate: 1 } };
    await recording.fetch(`${url}/v1/messages`, init);
    await (recording.fetch as (...request: unknown[]) => Promise<Response>)(`${url}/v1/messages`, init, extra);
    expect(got[0]?.[1]).toBe(init);
    expect(got[1]?.[2]).toBe(extra);
  });

  it("may become the global one, and does not record its own requests", async () => {
    await using ingest = await IngestServer.start();
    const global = globalThis.fetch;
    const recording = shelflifeFetch({ baseUrl: ingest.url, key: "key", chat: { chatId: CHAT_ID } });
    globalThis.fetch = recording;
    try {
      await (await fetch(`${url}/v1/messages`, post(prompt))).text();
      expect(await recording.flush()).toBe(true);
      await recording.shutdown();
    } finally {
      globalThis.fetch = global;
    }
    expect(ingest.step.attempts).toMatchObject([{ url: `${url}/v1/messages` }]);
  });
});

it("records nothing and says so once where it is not configured", async () => {
  const warned: string[] = [];
  const recording = shelflifeFetch({ onWarning: (_, code) => warned.push(code) });
  const response = await recording(`${url}/echo`, post(prompt));
  expect(await response.json()).toMatchObject({ method: "POST" });
  expect(warned).toEqual(["not_configured"]);
  expect(await recording.flush()).toBe(true);
  expect(await recording.shutdown()).toBe(true);
  expect(recording.stats()).toEqual({ queued: 0, sent: 0, dropped: 0, rejected: 0 });
});

it("gives the application its bytes before it makes sense of them", async () => {
  const clock = new FakeClock();
  await using recording = await FetchRecording.start([], { clock });
  const response = await recording.fetch(`${url}/v1/messages`, post(prompt));
  expect(await response.json()).toMatchObject({ method: "POST" });
  // Nothing that was put off has run, and there is nothing for it to wait for.
  expect(recording.fetch.stats().queued).toBe(0);
  clock.runDeferred();
  clock.runDeferred();
  expect(recording.fetch.stats().queued).toBe(3);
});
