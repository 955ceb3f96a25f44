import type { Attempt, NormalizedError, NormalizedResponse } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { isAbort, normalizeError, readField } from "../normalize-error.ts";
import type { Json, JsonObject } from "../snapshot.ts";
import { wireError } from "../wire/wire-error.ts";
import type { WireFormat } from "../wire/wire-format.ts";
import { AnswerBody } from "./answer-body.ts";
import { type CapturedRequest, pathOf } from "./captured-request.ts";

/** How the exchange came to its end: the body was read to its end, nobody can see it, its reader left, or it broke off. */
type Ending = { kind: "complete" | "unseen" | "left" } | { kind: "broken"; error: unknown };

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: AnswerBody;
}

/** One HTTP request of a model call. What is told to it is kept; what that means is found out later, by `settle`. */
export class FetchAttempt {
  readonly request: CapturedRequest;
  readonly number: number;
  readonly #clock: Clock;
  readonly #format: WireFormat | undefined;
  readonly startedAt: number;
  #answer: Answer | undefined;
  #ending: Ending | undefined;
  #finishedAt: number | undefined;
  #status: Attempt["status"] = "in_progress";
  #error: NormalizedError | undefined;
  #read: { shown: Json | undefined; answer: JsonObject | undefined } | undefined;

  constructor(request: CapturedRequest, number: number, format: WireFormat | undefined, clock: Clock) {
    this.request = request;
    this.number = number;
    this.#format = format;
    this.#clock = clock;
    this.startedAt = clock.now();
  }

  get status(): Attempt["status"] {
    return this.#status;
  }

  get error(): NormalizedError | undefined {
    return this.#error;
  }

  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  /** Whether the answer comes as a stream. */
  get streams(): boolean {
    return this.#answer?.body.streams ?? false;
  }

  /** A failed request is over as soon as its status is known, whoever reads its body and when. */
  answered(status: number, headers: Headers): void {
    const body = new AnswerBody(headers.get("content-type") ?? "", this.#format);
    this.#answer = { status, headers: Object.fromEntries(headers), body };
    if (status >= 400) this.#finishedAt = this.#clock.now();
  }

  passed(bytes: Uint8Array): void {
    this.#answer?.body.take(bytes);
  }

  completed(): void {
    this.#end({ kind: "complete" });
  }

  /** The body takes ways on which it cannot be listened to. */
  unseen(): void {
    this.#end({ kind: "unseen" });
  }

  /** A reader who was taken for gone may come back. */
  left(): void {
    this.#end({ kind: "left" });
  }

  broke(error: unknown): void {
    this.#end({ kind: "broken", error });
  }

  /** Whether the caller may be expected to try once more. */
  get mayBeRetried(): boolean {
    const { status, headers } = this.#answer ?? {};
    if (status === undefined) return this.#ending?.kind === "broken" && this.#mayHaveTimedOut(this.#ending.error);
    if (headers?.["x-should-retry"] === "true") return status >= 400;
    if (headers?.["x-should-retry"] === "false") return false;
    return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  }

  /** How long the server asks to be left alone, in milliseconds. */
  get retryAfterMs(): number {
    const { headers } = this.#answer ?? {};
    const milliseconds = Number.parseFloat(headers?.["retry-after-ms"] ?? "");
    const seconds = Number.parseFloat(headers?.["retry-after"] ?? "");
    const asked = Number.isFinite(milliseconds) ? milliseconds : seconds * 1000;
    return Number.isFinite(asked) && asked > 0 ? asked : 0;
  }

  /** Makes sense of what came since the last time. */
  digest(): void {
    this.#answer?.body.digest();
  }

  /** Finds out how the attempt went, as far as that can be told. */
  settle(): void {
    const { body, status } = this.#answer ?? {};
    if (this.#ending) {
      if (this.#ending.kind === "left") body?.digest();
      else body?.close(this.#ending.kind === "complete");
      this.#read = body?.read();
    }
    if (status !== undefined && status >= 400) {
      this.#status = "error";
      this.#error = { ...statusError(status, this.mayBeRetried), ...wireError(this.#read?.answer) };
    } else if (this.#ending) this.#judge(this.#ending);
  }

  /** What the answer says, in one shape whatever provider gave it. */
  response(): NormalizedResponse | undefined {
    const answer = this.#read?.answer;
    if (answer === undefined || this.#format === undefined) return undefined;
    const response = this.#format.readResponse(answer);
    if (this.#status === "completed") return response;
    return response.content.length === 0 ? undefined : { ...response, finish_reason: this.#status };
  }

  /** The model that answered and the id of the answer. */
  details(): Record<string, string> {
    const { id, model } = this.#read?.answer ?? {};
    return {
      ...(typeof id === "string" && { response_id: id }),
      ...(typeof model === "string" && { response_model: model }),
    };
  }

  render(requestBody: Json | undefined): Attempt {
    const { method, url, headers } = this.request;
    const finishedAt = this.#finishedAt;
    return {
      number: this.number,
      status: this.#status,
      method,
      url,
      path: pathOf(url),
      started_at: new Date(this.startedAt).toISOString(),
      ...(finishedAt !== undefined && {
        finished_at: new Date(finishedAt).toISOString(),
        duration_ms: finishedAt - this.startedAt,
      }),
      request_headers: headers,
      ...(requestBody !== undefined && { request_body: requestBody }),
      ...(this.#answer && { response_status: this.#answer.status, response_headers: this.#answer.headers }),
      ...(this.#read?.shown !== undefined && { response_body: this.#read.shown }),
      ...(this.#error && { error: this.#error }),
    };
  }

  /** Only the first end counts, but for one that was none. */
  #end(ending: Ending): void {
    if (this.#ending && this.#ending.kind !== "left") return;
    const hasFailed = (this.#answer?.status ?? 0) >= 400;
    if (!hasFailed) this.#finishedAt = this.#clock.now();
    this.#ending = ending;
  }

  #judge(ending: Ending): void {
    const { body } = this.#answer ?? {};
    const failure = wireError(this.#read?.answer);
    if (failure) {
      this.#status = "error";
      this.#error = failure;
    } else if (body?.finished || ending.kind === "unseen") {
      this.#status = "completed";
    } else if (ending.kind === "broken") {
      this.#status = isAbort(ending.error) || body?.streams === true ? "interrupted" : "error";
      this.#error = transportError(ending.error);
    } else {
      this.#status = "interrupted";
    }
  }

  /** The official libraries abort a request that takes too long, and then try again; so they say how often they did. */
  #mayHaveTimedOut(error: unknown): boolean {
    return !isAbort(error) || this.request.retryCount !== undefined;
  }
}

function statusError(status: number, retryable: boolean): NormalizedError {
  return { message: `The provider answered with the status ${status}.`, status_code: status, retryable };
}

/** What `fetch` says itself is only that it failed. */
function transportError(error: unknown): NormalizedError {
  const normalized = normalizeError(error);
  const cause = readField(readField(error, "cause"), "message");
  return typeof cause === "string" && cause !== ""
    ? { ...normalized, message: `${normalized.message}: ${cause}` }
    : normalized;
}
