import type { DebugBatch, NormalizedError, RunStatus, StepOperation } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import { AttemptRecording, type Visibility } from "./attempt-recording.ts";
import type { Clock } from "./clock.ts";
import { isAbort, lastOfRetries, normalizeError, readField } from "./normalize-error.ts";
import { normalizeRequest } from "./normalize-request.ts";
import { normalizeResponse } from "./normalize-response.ts";
import { normalizeUsage } from "./normalize-usage.ts";
import { PartialContent } from "./partial-content.ts";
import type { JsonObject } from "./snapshot.ts";
import { type StreamListener, tapStream } from "./stream-tap.ts";

export type StepItem = NonNullable<DebugBatch["steps"]>[number];

export interface StepStart {
  runId: string;
  chatId: string;
  number: number;
  operation: StepOperation;
  visibility: Visibility;
  metadata: Record<string, string>;
  /** What of the request is known when the step starts. */
  settings: JsonObject;
}

/** Who is told of what a stream shows and the AI SDK does not. */
export interface StepListener {
  /** Something moved: the call is alive. */
  alive(): void;
  /** An attempt failed; another may follow. */
  attemptFailed(): void;
  /** The application stopped reading the stream. */
  left(): void;
}

/** `broken off` is a stream that ended without the provider saying why. */
type StreamState = "none" | "flowing" | "finished" | "broken off" | "failed";

/** One model call, with all its tries. Its methods copy what they are given; what they answer renders later. */
export class StepRecording {
  readonly id = timeOrderedUuid();
  readonly #start: StepStart;
  readonly #clock: Clock;
  readonly #startedAt: string;
  readonly #attempts: AttemptRecording[] = [];
  #partial = new PartialContent();
  #metadata: Record<string, string | number>;
  #request: JsonObject | undefined;
  #response: JsonObject | undefined;
  #status: RunStatus = "in_progress";
  #finishedAt: string | undefined;
  #error: NormalizedError | undefined;
  #stream: StreamState = "none";

  constructor(start: StepStart, clock: Clock) {
    this.#start = start;
    this.#clock = clock;
    this.#metadata = start.metadata;
    this.#startedAt = new Date(clock.now()).toISOString();
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** The request of the first try is that of all of them. Answers whether it was the first. */
  requested(call: JsonObject): boolean {
    if (this.#request) return false;
    this.#request = { ...call, ...this.#start.settings };
    return true;
  }

  attemptStarted(): AttemptRecording {
    const attempt = new AttemptRecording(this.#attempts.length + 1, this.#clock, this.#start.visibility);
    // The application throws away what an earlier try had said, and never hears of an error that was tried again.
    this.#partial = new PartialContent();
    this.#error = undefined;
    this.#stream = "none";
    this.#attempts.push(attempt);
    return attempt;
  }

  attemptAnswered(attempt: AttemptRecording, result: unknown, listener: StepListener): void {
    attempt.answered(result);
    if (tapStream(result, this.#listen(attempt, listener))) this.#stream = "flowing";
    else if (this.#start.operation === "generate") attempt.finish("completed");
  }

  attemptFailed(attempt: AttemptRecording, error: unknown, listener: StepListener): void {
    attempt.failed(error);
    listener.attemptFailed();
  }

  /** The model has answered; its tools have yet to run. */
  answered(result: JsonObject, details: Record<string, string | number>): void {
    const status = this.#outcome(result);
    this.#closeAttempts(status);
    this.#response = result;
    this.#metadata = { ...this.#metadata, ...details };
    this.#close(status);
  }

  /** The step is over, tools included. A stream that never sent its finish part comes here without having answered. */
  ended(result: JsonObject): void {
    const answered = this.#status !== "in_progress";
    this.#response = result;
    const outcome = this.#outcome(result);
    const status = !answered && outcome === "completed" ? "interrupted" : outcome;
    this.#closeAttempts(status);
    this.#close(status);
  }

  failed(error: unknown): void {
    const cause = lastOfRetries(error);
    const wasCut = this.#stream === "flowing" || isAbort(cause);
    this.#error ??= this.#readError(cause);
    this.#closeAttempts(wasCut ? "interrupted" : "error", cause);
    this.#close(wasCut ? "interrupted" : "error");
  }

  interrupted(reason: unknown): void {
    if (this.#status !== "in_progress") return;
    if (reason !== undefined && reason !== null) this.#error ??= this.#readError(reason);
    this.#closeAttempts("interrupted");
    this.#close("interrupted");
  }

  /** The step as it is now. What the server knows already, it keeps: an update leaves the request out. */
  capture(withRequest: boolean): () => StepItem {
    const request = withRequest ? this.#request : undefined;
    const response = this.#response ?? this.#partialResponse();
    const attempts = this.#attempts.map((attempt) => attempt.capture());
    const item: StepItem = {
      ...this.#identity(),
      status: this.#status,
      metadata: this.#metadata,
      ...(this.#error && { error: { ...this.#error } }),
      ...(this.#finishedAt !== undefined && { finished_at: this.#finishedAt }),
    };
    return () => ({
      ...item,
      ...(request && { normalized_request: { ...normalizeRequest(request) } }),
      ...(response && { normalized_response: { ...normalizeResponse(response) } }),
      ...(response && this.#finishedAt !== undefined && { usage: { ...normalizeUsage(response["usage"]) } }),
      ...(attempts.length > 0 && { attempts: attempts.map((render) => ({ ...render() })) }),
    });
  }

  /** Just enough to say that the step is still going on. */
  heartbeat(): StepItem {
    return { ...this.#identity(), status: this.#status };
  }

  #identity(): StepItem {
    const { runId, chatId, number, operation } = this.#start;
    return { id: this.id, run_id: runId, chat_id: chatId, step_number: number, operation, started_at: this.#startedAt };
  }

  /** A stream that was given up for another try has no say any more. */
  #listen(attempt: AttemptRecording, listener: StepListener): StreamListener {
    const current = (): boolean => attempt === this.#attempts.at(-1);
    return {
      part: (part) => {
        if (!current()) return;
        listener.alive();
        const type = readField(part, "type");
        if (type === "finish" && this.#stream === "flowing") this.#stream = finishState(part);
        if (type === "error") this.#errorPart(attempt, readField(part, "error"));
        if (this.#start.visibility.outputs) this.#partial.add(part);
      },
      ended: () => attempt.finish(current() && this.#stream === "finished" ? "completed" : "interrupted"),
      cut: (reason) => {
        attempt.finish("interrupted", reason);
        if (current() && this.#stream === "flowing") listener.left();
      },
    };
  }

  #errorPart(attempt: AttemptRecording, error: unknown): void {
    this.#stream = "failed";
    this.#error = this.#readError(error);
    attempt.finish("error", error);
  }

  /** An error may quote the request or the answer. */
  #readError(error: unknown): NormalizedError {
    const read = normalizeError(error);
    const { inputs, outputs } = this.#start.visibility;
    return inputs && outputs ? read : { ...read, message: "The message is not recorded." };
  }

  #partialResponse(): JsonObject | undefined {
    if (this.#status !== "interrupted" && this.#status !== "error") return undefined;
    const content = this.#partial.toJson();
    return content.length > 0 ? { content, finishReason: this.#status } : undefined;
  }

  #outcome(result: JsonObject): "completed" | "error" | "interrupted" {
    const reason = result["finishReason"];
    if (reason === "error" || this.#stream === "failed") return "error";
    return reason === "interrupted" || this.#stream === "broken off" ? "interrupted" : "completed";
  }

  #closeAttempts(status: Exclude<RunStatus, "in_progress">, error?: unknown): void {
    for (const attempt of this.#attempts) attempt.finish(status, error);
  }

  #close(status: RunStatus): void {
    this.#status = status;
    this.#finishedAt ??= new Date(this.#clock.now()).toISOString();
  }
}

/**
 * Providers make up a finish part where the wire brought none. Newer ones say so; older ones give the reason `other`
 * without the provider's own word for it.
 */
function finishState(part: unknown): StreamState {
  const reason = readField(part, "finishReason");
  const unified = readField(reason, "unified");
  const made = unified === "interrupted" || (unified === "other" && readField(reason, "raw") === undefined);
  return made ? "broken off" : "finished";
}
