import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { readJsonFixture, readStreamFixture } from "./provider-fixtures.ts";

export interface ProviderRequest {
  path: string;
  headers: IncomingHttpHeaders;
  json: unknown;
}

/** What becomes of a stream after its last event: a proper end, a connection that breaks, or silence. */
export type StreamEnd = "end" | "break" | "hold";

export type ProviderAnswer =
  | { status: number; headers?: Record<string, string>; body: string }
  | { events: string[]; finally: StreamEnd };

/** Answers with a recorded response: a `.json` whole, a `.chunks.txt` or `.sse` as a stream of server-sent events. */
export function fixtureAnswer(name: string): ProviderAnswer {
  return name.endsWith(".json")
    ? { status: 200, body: readJsonFixture(name) }
    : { events: readStreamFixture(name), finally: "end" };
}

/** Answers with the beginning of a recorded stream. */
export function partOfStream(name: string, events: number, end: StreamEnd): ProviderAnswer {
  return { events: readStreamFixture(name).slice(0, events), finally: end };
}

/** Answers with an error, and asks the AI SDK to try again at once, so that no test waits. */
export function errorAnswer(status: number, message = "The provider failed."): ProviderAnswer {
  const body = JSON.stringify({ error: { message, type: "error", code: null, param: null } });
  return { status, headers: { "retry-after-ms": "1" }, body };
}

/**
 * A model provider on the loopback that gives prepared answers, one per request and in order; the last one again and
 * again.
 */
export class ProviderReplayServer implements AsyncDisposable {
  readonly requests: ProviderRequest[] = [];
  readonly #server: Server;
  #answers: ProviderAnswer[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(...answers: ProviderAnswer[]): Promise<ProviderReplayServer> {
    const server = createServer();
    const provider = new ProviderReplayServer(server);
    provider.answerWith(...answers);
    server.on("request", async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const json: unknown = JSON.parse(Buffer.concat(chunks).toString() || "null");
      provider.requests.push({ path: request.url ?? "", headers: request.headers, json });
      const [next, ...later] = provider.#answers;
      if (later.length > 0) provider.#answers = later;
      give(response, next ?? errorAnswer(500, "No answer was prepared."));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  answerWith(...answers: ProviderAnswer[]): void {
    this.#answers = answers;
  }

  /** The base URL to make a provider with. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function give(response: ServerResponse, answer: ProviderAnswer): void {
  if ("body" in answer) {
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const written = answer.events.join("");
  if (answer.finally === "end") response.end(written);
  else if (answer.finally === "hold") response.write(written);
  else response.write(written, () => setImmediate(() => response.destroy()));
}
