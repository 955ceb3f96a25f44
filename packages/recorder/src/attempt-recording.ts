import type { Attempt } from "@shelflife/api-contract";

import type { Clock } from "./clock.ts";
import { withoutFileBytes } from "./file-bytes.ts";
import type { HttpListener } from "./http-exchange.ts";
import { isAbort, normalizeError, readField } from "./normalize-error.ts";
import { type Json, type JsonObject, isJsonObject, snapshot } from "./snapshot.ts";

/** What of a call the application lets telemetry see. */
export interface Visibility {
  inputs: boolean;
  outputs: boolean;
}

/** What of a body is beyond this would be cut off anyway. */
const BODY_NODES = 20_000;

/** One HTTP try of a model call, as far as the AI SDK and Node's `fetch` show it. */
export class AttemptRecording implements HttpListener {
  readonly #number: number;
  readonly #startedAt: number | undefined;
  readonly #clock: Clock;
  readonly #visibility: Visibility;
  #status: Attempt["status"] = "in_progress";
  #finishedAt: number | undefined;
  #error: unknown;
  /** Copies of what the provider gave: of its result, or of its error. */
  #exchange: Record<string, Json> = {};
  #answered = false;
  #final = false;

  /** @param timed false for a try that is only known by its outcome */
  constructor(number: number, clock: Clock, visibility: Visibility, timed = true) {
    this.#number = number;
    this.#clock = clock;
    this.#visibility = visibility;
    this.#startedAt = timed ? clock.now() : undefined;
  }

  /** Whether its end is still to come; one that was suspended may go on. */
  get open(): boolean {
    return !this.#final;
  }

  get listens(): boolean {
    return !this.#answered && this.open;
  }

  /** The last request before the answer is the one that was answered: others fetch a token, or were redirected. */
  requested({ method, url, headers }: Parameters<HttpListener["requested"]>[0]): void {
    this.#exchange = { ...this.#exchange, method, url, requestHeaders: headers };
  }

  responded({ status, headers }: Parameters<HttpListener["responded"]>[0]): void {
    this.#exchange = { ...this.#exchange, responseStatus: status, responseHeaders: headers };
  }

  /** The provider answered; a stream goes on until `finish`. */
  answered(result: unknown): void {
    this.#answered = true;
    const request = readField(result, "request");
    const response = readField(result, "response");
    this.#keepUnlessKnown("url", readField(request, "url"));
    if (this.#visibility.inputs) this.#keep("requestBody", readField(request, "body"));
    this.#keepUnlessKnown("responseHeaders", readField(response, "headers"));
    if (this.#visibility.outputs) this.#keep("responseBody", readField(response, "body"));
  }

  failed(error: unknown): void {
    this.#keepUnlessKnown("url", readField(error, "url"));
    if (this.#visibility.inputs) this.#keep("requestBody", readField(error, "requestBodyValues"));
    this.#keepUnlessKnown("responseStatus", readField(error, "statusCode"));
    this.#keepUnlessKnown("responseHeaders", readField(error, "responseHeaders"));
    // A provider's error may quote the request, so it needs both permissions.
    if (this.#visibility.inputs && this.#visibility.outputs)
      this.#keep("responseBody", readField(error, "responseBody"));
    this.#error ??= error;
    this.finish(isAbort(error) ? "interrupted" : "error", error);
  }

  /** Only the first end counts. */
  finish(status: Exclude<Attempt["status"], "in_progress">, error?: unknown): void {
    if (this.#final) return;
    this.#final = true;
    this.#status = status;
    this.#finishedAt = this.#clock.now();
    this.#error = error;
  }

  /** It looks as if it were interrupted, and may go on all the same. */
  suspend(): void {
    if (this.#final) return;
    this.#status = "interrupted";
    this.#finishedAt = this.#clock.now();
  }

  #keep(name: string, value: unknown): void {
    if (value !== undefined && value !== null) this.#exchange[name] = snapshot(value, BODY_NODES);
  }

  /** What was seen on its way is more than what the AI SDK tells of it. */
  #keepUnlessKnown(name: string, value: unknown): void {
    if (this.#exchange[name] === undefined) this.#keep(name, value);
  }

  /** Answers how to render the attempt as it is now; the rendering itself can wait. */
  capture(): () => Attempt {
    const exchange = { ...this.#exchange };
    const finishedAt = this.#finishedAt;
    const visible = this.#visibility.inputs && this.#visibility.outputs;
    const error = this.#error === undefined ? undefined : normalizeError(this.#error);
    const timing: Attempt = {
      number: this.#number,
      status: this.#status,
      ...timesOf(this.#startedAt, finishedAt),
      ...(error && { error: visible ? error : { ...error, message: "The message is not recorded." } }),
    };
    return () => ({ ...timing, ...renderExchange(exchange) });
  }
}

function renderExchange(exchange: Record<string, Json | undefined>): Partial<Attempt> {
  const { method, url, requestHeaders, requestBody, responseStatus, responseHeaders, responseBody } = exchange;
  return {
    ...(typeof method === "string" && { method }),
    ...(typeof url === "string" && { url, ...pathOf(url) }),
    ...(isJsonObject(requestHeaders) && { request_headers: textsOf(requestHeaders) }),
    ...(requestBody !== undefined && { request_body: withoutFileBytes(parsed(requestBody)) }),
    ...(typeof responseStatus === "number" && { response_status: responseStatus }),
    ...(isJsonObject(responseHeaders) && { response_headers: textsOf(responseHeaders) }),
    ...(responseBody !== undefined && { response_body: withoutFileBytes(parsed(responseBody)) }),
  };
}

function timesOf(
  startedAt: number | undefined,
  finishedAt: number | undefined,
): Pick<Attempt, "started_at" | "finished_at" | "duration_ms"> {
  if (startedAt === undefined) return {};
  return {
    started_at: new Date(startedAt).toISOString(),
    ...(finishedAt !== undefined && {
      finished_at: new Date(finishedAt).toISOString(),
      duration_ms: finishedAt - startedAt,
    }),
  };
}

/** Where all went well the AI SDK shows the host and hides the path. */
function pathOf(url: string): Pick<Attempt, "path"> {
  const path = URL.parse(url)?.pathname ?? "/";
  return path === "/" ? {} : { path };
}

function textsOf(headers: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** Text that is JSON is looked at as JSON, so that a file in it is found. */
function parsed(body: Json): Json {
  if (typeof body !== "string" || !/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}
