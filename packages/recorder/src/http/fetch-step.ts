import type { NormalizedRequest, RunStatus } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import type { Clock } from "../clock.ts";
import type { RunStep, StepPlace } from "../run-recording.ts";
import type { StepItem } from "../step-recording.ts";
import { type Json, isJsonObject, textOf } from "../snapshot.ts";
import type { WireFormat } from "../wire/wire-format.ts";
import { wireFormatOf } from "../wire/wire-formats.ts";
import { type CapturedRequest, isSameRequest, pathOf } from "./captured-request.ts";
import { FetchAttempt } from "./fetch-attempt.ts";
import { recordRequestBody } from "./recorded-body.ts";

/** A request's body, taken apart once for all attempts, which send the same. */
interface ReadRequest {
  shown: Json | undefined;
  normalized: NormalizedRequest | undefined;
  model: string | undefined;
  streams: boolean;
}

/** One model call that was made through a recording `fetch`, with all its attempts. */
export class FetchStep implements RunStep {
  readonly id = timeOrderedUuid();
  readonly #place: StepPlace;
  readonly #clock: Clock;
  readonly #format: WireFormat | undefined;
  readonly #startedAt: number;
  readonly #attempts: FetchAttempt[] = [];
  #request: ReadRequest | undefined;
  #status: RunStatus = "in_progress";
  #finishedAt: number | undefined;
  #awaitsRetry = false;

  constructor(place: StepPlace, request: CapturedRequest, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
    this.#format = wireFormatOf(pathOf(request.url));
    this.#startedAt = clock.now();
  }

  get status(): RunStatus {
    return this.#status;
  }

  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  get responseModel(): string | undefined {
    return this.#last?.details()["response_model"];
  }

  startAttempt(request: CapturedRequest): FetchAttempt {
    const attempt = new FetchAttempt(request, this.#attempts.length + 1, this.#format, this.#clock);
    this.#attempts.push(attempt);
    this.#awaitsRetry = false;
    this.#status = "in_progress";
    this.#finishedAt = undefined;
    return attempt;
  }

  isLast(attempt: FetchAttempt): boolean {
    return attempt === this.#last;
  }

  /**
   * Whether a request is this one once more. Callers that count their tries say which one it is; one that begins to
   * count anew is somebody who calls a library again.
   */
  isRetriedBy(request: CapturedRequest): boolean {
    const last = this.#last?.request;
    if (!last || !isSameRequest(last, request)) return false;
    return !request.retryCount || request.retryCount === (last.retryCount ?? 0) + 1;
  }

  /** Holds the step's end back for another attempt. */
  awaitRetry(): void {
    this.#awaitsRetry = true;
  }

  /** Goes as its last attempt went. */
  settle(): void {
    const last = this.#last;
    if (last === undefined || last.status === "in_progress" || this.#awaitsRetry) return;
    this.#status = last.status;
    this.#finishedAt = last.finishedAt;
  }

  /** No further attempt is going to come. */
  giveUp(): void {
    this.#awaitsRetry = false;
    this.settle();
  }

  interrupted(): void {
    this.#last?.left();
    this.#last?.settle();
    this.giveUp();
  }

  capture(withRequest: boolean): () => StepItem {
    const request = this.readRequest();
    const last = this.#last;
    const response = last?.response();
    const isOver = this.#status !== "in_progress";
    const error = isOver ? last?.error : undefined;
    // What the normalised request says is not said a second time for each attempt before all is there.
    const body = isOver || !request.normalized ? request.shown : undefined;
    const item: StepItem = {
      ...this.heartbeat(),
      metadata: { integration: "fetch", ...last?.details() },
      attempts: this.#attempts.map((attempt) => ({ ...attempt.render(body) })),
      ...(withRequest && request.normalized && { normalized_request: { ...request.normalized } }),
      ...(response && { normalized_response: { ...response } }),
      ...(response && this.#finishedAt !== undefined && { usage: { ...response.usage } }),
      ...(error && { error: { ...error } }),
      ...(this.#finishedAt !== undefined && { finished_at: new Date(this.#finishedAt).toISOString() }),
    };
    return () => item;
  }

  heartbeat(): StepItem {
    const { runId, chatId, number } = this.#place;
    const streams = this.#request?.streams === true || this.#last?.streams === true;
    return {
      id: this.id,
      run_id: runId,
      chat_id: chatId,
      step_number: number,
      operation: streams ? "stream" : "generate",
      started_at: new Date(this.#startedAt).toISOString(),
      status: this.#status,
    };
  }

  /** Takes the request apart, once. One whose body comes later is taken apart again then. */
  readRequest(): ReadRequest {
    const captured = this.#attempts[0]?.request;
    this.#request ??= captured ? readRequest(captured, this.#format) : undefined;
    return this.#request ?? NOTHING_READ;
  }

  forgetRequest(): void {
    this.#request = undefined;
  }

  get #last(): FetchAttempt | undefined {
    return this.#attempts.at(-1);
  }
}

const NOTHING_READ: ReadRequest = { shown: undefined, normalized: undefined, model: undefined, streams: false };

function readRequest(request: CapturedRequest, format: WireFormat | undefined): ReadRequest {
  const { shown, json } = recordRequestBody(request.body);
  const body = isJsonObject(json) ? json : undefined;
  return {
    shown,
    normalized: body && format?.readRequest(body),
    model: body && textOf(body, "model"),
    streams: body?.["stream"] === true,
  };
}
