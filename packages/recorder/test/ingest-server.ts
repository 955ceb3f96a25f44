import { type IncomingHttpHeaders, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

import {
  type ChatItem,
  type DebugBatch,
  type Rejection,
  type RunItem,
  type StepItem,
  chatItemSchema,
  runItemSchema,
  stepItemSchema,
} from "@shelflife/api-contract";

/** A fake of the ingest endpoint that checks items by the contract, upserts them by id and remembers everything. */
export class IngestServer implements AsyncDisposable {
  readonly batches: DebugBatch[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly chats = new Map<string, ChatItem>();
  readonly runs = new Map<string, RunItem>();
  readonly steps = new Map<string, StepItem>();
  /** Ids of steps that came before their run was known. */
  readonly orphans: string[] = [];
  /** Anything but 200 is answered without a look at the batch. */
  status = 200;
  rejectWith: Rejection["code"] | undefined;
  readonly #server: Server;
  #onBatch: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<IngestServer> {
    const server = createServer();
    const ingest = new IngestServer(server);
    server.on("request", async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      ingest.headers.push(request.headers);
      response.setHeader("content-type", "application/json");
      if (ingest.status === 200) response.end(JSON.stringify(ingest.#take(JSON.parse(text) as DebugBatch)));
      else response.writeHead(ingest.status).end(JSON.stringify({ message: "Not now.", code: "unavailable" }));
      for (const listener of ingest.#onBatch.splice(0)) listener();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return ingest;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The only run, where a test makes one. */
  get run(): RunItem {
    return only(this.runs, "run");
  }

  get step(): StepItem {
    return only(this.steps, "step");
  }

  get stepsInOrder(): StepItem[] {
    return [...this.steps.values()].toSorted((one, other) => (one.step_number ?? 0) - (other.step_number ?? 0));
  }

  nextRequest(): Promise<void> {
    return new Promise((resolve) => this.#onBatch.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(batch: DebugBatch): { accepted: number; rejected: Rejection[] } {
    this.batches.push(batch);
    const rejected: Rejection[] = [];
    const accept = <Item extends { id: string }>(
      kind: Rejection["kind"],
      items: unknown[] | undefined,
      schema: { safeParse(item: unknown): { success: boolean; data?: Item; error?: unknown } },
      into: Map<string, Item>,
    ): number => {
      let accepted = 0;
      for (const item of items ?? []) {
        const parsed = schema.safeParse(item);
        const id = String((item as { id?: unknown }).id);
        if (this.rejectWith !== undefined) {
          rejected.push({ kind, id, code: this.rejectWith, message: "As the test wants it." });
        } else if (parsed.data === undefined) {
          rejected.push({ kind, id, code: "invalid", message: String(parsed.error) });
        } else {
          into.set(parsed.data.id, { ...into.get(parsed.data.id), ...parsed.data });
          accepted += 1;
        }
      }
      return accepted;
    };
    const chats = accept<ChatItem>("chat", batch.chats, chatItemSchema, this.chats);
    const runs = accept<RunItem>("run", batch.runs, runItemSchema, this.runs);
    for (const step of batch.steps ?? []) if (!this.runs.has(step.run_id)) this.orphans.push(step.id);
    const steps = accept<StepItem>("step", batch.steps, stepItemSchema, this.steps);
    return { accepted: chats + runs + steps, rejected };
  }
}

function only<Item>(items: Map<string, Item>, name: string): Item {
  const [first] = items.values();
  if (first === undefined || items.size > 1) throw new Error(`Expected one ${name}, got ${items.size}.`);
  return first;
}
