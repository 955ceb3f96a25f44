import { type AnswerSchema, readAnswer, readError } from "./read-answer.ts";
import { jsonRequestBody } from "./request-body.ts";
import { ShelflifeError } from "./shelflife-error.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

export interface ShelflifeClientOptions {
  /** Where the server is, for instance `https://shelflife.example.com`. A path is kept as a prefix. */
  baseUrl: string | URL;
  /**
   * An API key. It is sent in a header and never shows up in an error, a URL or a log of this object. Left out, requests
   * carry what the platform adds by itself: in a browser on the server's own pages that is the session cookie.
   */
  key?: string;
  /** Replaces the global `fetch`, for instance by a server's own entry point in a test. */
  fetch?: (request: Request) => Response | Promise<Response>;
  userAgent?: string;
  /** How long one request may take, in milliseconds; 30 seconds unless told. */
  timeoutMs?: number;
}

export interface RequestOptions {
  /** Ends the request with a `ShelflifeError` of the code `aborted`. */
  signal?: AbortSignal | undefined;
}

/** A request body that is not JSON. */
export interface RawBody {
  readonly content: Uint8Array<ArrayBuffer> | Blob;
  readonly headers: Record<string, string>;
}

export interface Call extends RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  rawBody?: RawBody;
  gzip?: boolean;
}

/** Sends requests and turns whatever goes wrong into a `ShelflifeError`. */
export class Transport {
  readonly #baseUrl: URL;
  readonly #headers: Record<string, string>;
  readonly #fetch: NonNullable<ShelflifeClientOptions["fetch"]>;
  readonly #timeoutMs: number;
  /** Node no longer hears that a request is to be aborted once its `Request` has been collected as garbage. */
  readonly #requests = new Set<Request>();
  readonly #requestOf = new WeakMap<ReadableStream, Request>();

  /** @throws {TypeError} for a base URL or a key that no request could be made with. */
  constructor(options: ShelflifeClientOptions) {
    this.#baseUrl = readBaseUrl(options.baseUrl);
    this.#headers = { Accept: "application/json" };
    if (options.key !== undefined) {
      // A key that cannot be a header value would make fetch fail with a message that quotes it.
      if (!/^[\x21-\x7e]+$/.test(options.key)) {
        throw new TypeError("The Shelflife key must be printable ASCII without spaces.");
      }
      this.#headers["Coder-Session-Token"] = options.key;
    }
    if (options.userAgent !== undefined) this.#headers["User-Agent"] = options.userAgent;
    this.#fetch = options.fetch ?? ((request) => globalThis.fetch(request));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  async answer<Answer>(path: string, schema: AnswerSchema<Answer>, call: Call): Promise<Answer> {
    return this.call(path, call, (response) => readAnswer(response, schema));
  }

  /** The body is read within the same time limit as the headers, so a stalled answer cannot hang the caller. */
  async call(path: string, call: Call): Promise<void>;
  async call<Answer>(path: string, call: Call, read: (response: Response) => Promise<Answer>): Promise<Answer>;
  async call(path: string, call: Call, read?: (response: Response) => Promise<unknown>): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
    let request: Request | undefined;
    try {
      request = await this.#request(path, call, signal);
      this.#requests.add(request);
      const response = await this.#send(request);
      if (read) return await read(response);
      await response.body?.cancel();
      return undefined;
    } catch (error) {
      throw asShelflifeError(error, { aborted: call.signal?.aborted ?? false, timedOut: timeout.aborted });
    } finally {
      if (request) this.#requests.delete(request);
    }
  }

  /** Answers as soon as the headers are there; what follows takes as long as its reader does. */
  async openStream(path: string, { signal }: RequestOptions): Promise<ReadableStream<Uint8Array>> {
    const limit = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      limit.abort();
    }, this.#timeoutMs);
    let request: Request | undefined;
    try {
      request = await this.#request(path, {}, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
      this.#requests.add(request);
      const response = await this.#send(request);
      const stream = response.body ?? new ReadableStream({ start: (controller) => controller.close() });
      this.#requestOf.set(stream, request);
      return stream;
    } catch (error) {
      throw asShelflifeError(error, { aborted: signal?.aborted ?? false, timedOut });
    } finally {
      clearTimeout(timer);
      if (request) this.#requests.delete(request);
    }
  }

  async #request(path: string, call: Call, signal: AbortSignal): Promise<Request> {
    const body = call.body === undefined ? call.rawBody : await jsonRequestBody(call.body, call.gzip ?? false);
    return new Request(new URL(path, this.#baseUrl), {
      method: call.method ?? "GET",
      headers: { ...this.#headers, ...body?.headers },
      body: body?.content ?? null,
      // A redirect to another host would carry the key there: fetch strips only the standard header names.
      redirect: "error",
      signal,
    });
  }

  async #send(request: Request): Promise<Response> {
    const response = await this.#fetch(request);
    if (!response.ok) throw await readError(response);
    return response;
  }
}

/** A query of the parameters that are set: `?limit=50`, or nothing. A list repeats its parameter. */
export function queryOf(parameters: Record<string, string | number | boolean | readonly string[] | undefined>): string {
  const set = Object.entries(parameters).flatMap(([name, value]) =>
    [value ?? []].flat().map((single): [string, string] => [name, String(single)]),
  );
  return set.length === 0 ? "" : `?${new URLSearchParams(set).toString()}`;
}

function readBaseUrl(baseUrl: string | URL): URL {
  const url = URL.parse(baseUrl.toString());
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError("The Shelflife URL must be http or https.");
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("The Shelflife URL must not hold credentials; pass the key by itself.");
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = "";
  url.hash = "";
  return url;
}

function asShelflifeError(error: unknown, signals: { aborted: boolean; timedOut: boolean }): ShelflifeError {
  if (error instanceof ShelflifeError) return error;
  if (signals.aborted)
    return new ShelflifeError({ code: "aborted", message: "The request was aborted.", cause: error });
  if (signals.timedOut) {
    return new ShelflifeError({ code: "timeout", message: "The server did not answer in time.", cause: error });
  }
  return new ShelflifeError({ code: "network", message: "The server could not be reached.", cause: error });
}
