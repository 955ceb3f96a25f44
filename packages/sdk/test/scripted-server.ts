import { type IncomingHttpHeaders, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came over the wire, still compressed if it was. */
  bytes: Buffer;
  json: unknown;
}

export interface ScriptedAnswer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
}

/** A loopback server that answers every request as the script says and remembers what it was asked. */
export class ScriptedServer implements AsyncDisposable {
  readonly received: ReceivedRequest[] = [];
  answer: ScriptedAnswer | "never" = { status: 204 };
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ScriptedServer> {
    const server = createServer();
    const scripted = new ScriptedServer(server);
    server.on("request", async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
      scripted.received.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        bytes,
        json: plain.length > 0 ? JSON.parse(plain.toString()) : undefined,
      });
      const answer = scripted.answer;
      if (answer === "never") return;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.text ?? (answer.json === undefined ? undefined : JSON.stringify(answer.json)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get last(): ReceivedRequest {
    const request = this.received.at(-1);
    if (request === undefined) throw new Error("The server was not asked for anything.");
    return request;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
