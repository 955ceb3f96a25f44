import type { DebugBatch, NormalizedError, RunStatus, StepOperation } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import { AttemptRecording, type Visibility } from "./attempt-recording.ts";
import type { Clock } from "./clock.ts";
import { isAbort, lastOfRetries, normalizeError } from "./normalize-error.ts";
import { normalizeRequest } from "./normalize-request.ts";
import { normalizeResponse } from "./normalize-response.ts";
import { normalizeUsage } from "./normalize-usage.ts";
import { type Json, type JsonObject, arrayOf } from "./snapshot.ts";
import { type StreamEvents, StreamRecording } from "./stream-recording.ts";
import { type ToolUse, toolMetadata } from "./tool-use.ts";

export type StepItem = NonNullable<DebugBatch["steps"]>[number];

export interface StepOfRun {
  operation: StepOperation;
  visibility: Visibility;
  metadata: Record<string, string | number>;
  /** What of the request is known when the step starts. */
  settings: JsonObject;
}

export interface StepStart extends StepOfRun {
  runId: string;
  chatId: string;
  number: number;
}

/** One model call, with all its tries. Its methods copy what they are given; what they answer renders later. */
export class StepRecording {
  readonly id = timeOrderedUuid();
  readonly #start: StepStart;
  readonly #clock: Clock;
  readonly #startedAt: string;
  readonly #attempts: AttemptRecording[] = [];
  readonly #tools: ToolUse[] = [];
  /** That of the newest try; one that was given up for another has no say any more. */
  #stream: StreamRecording | undefined;
  #metadata: Record<string, string | number>;
  #request: JsonObject | undefined;
  #response: JsonObject | undefined;
  #answered = false;
  #status: RunStatus = "in_progress";
  #finishedAt: string | undefined;
  #error: NormalizedError | undefined;

  constructor(start: StepStart, clock: Clock) {
    this.#start = start;
    this.#clock = clock;
    this.#metadata = start.metadata;
    this.#startedAt = new Date(clock.now()).toISOString();
  }

  get status(): RunStatus {
    return this.#status;
  }

  get number(): number {
    return this.#start.number;
  }

  get request(): JsonObject | undefined {
    return this.#request;
  }

  /** The request of the first try is that of all of them. Answers whether it was the first. */
  requested(call: JsonObject): boolean {
    if (this.#request) return false;
    this.#request = { ...call, ...this.#start.settings };
    return true;
  }

  /** @param timed false for a try that is only known by its outcome */
  attemptStarted(timed = true): AttemptRecording {
    const attempt = new AttemptRecording(this.#attempts.length + 1, this.#clock, this.#start.visibility, timed);
    // The application throws away what an earlier try had said, and never hears of an error that was tried again.
    this.#stream = undefined;
    this.#error = undefined;
    this.#attempts.push(attempt);
    return attempt;
  }

  /** Who is to listen to the stream that the newest try was answered with. */
  streamStarted(attempt: AttemptRecording, events: StreamEvents): StreamRecording {
    const current = (): boolean => this.#stream === stream;
    const stream: StreamRecording = new StreamRecording(attempt, this.#start.visibility.outputs, {
      alive: (waitsFor) => {
        if (current()) events.alive(waitsFor);
      },
      failed: (error) => {
        if (!current()) return;
        this.#error = this.#readError(error);
        events.failed(error);
      },
      ended: () => {
        if (current()) events.ended();
      },
      cut: (reason) => {
        if (current()) events.cut(reason);
      },
    });
    this.#stream = stream;
    return stream;
  }

  /** The model has answered; its tools have yet to run. */
  answered(result: JsonObject, details: Record<string, string | number>): void {
    const status = this.#outcome(result);
    this.#answered = true;
    this.#closeAttempts(status);
    this.#response = result;
    this.#metadata = { ...this.#metadata, ...details };
    this.#close(status);
  }

  /** The step is over, tools included. A stream that never sent its finish part comes here without having answered. */
  ended(result: JsonObject): void {
    this.#response = result;
    const outcome = this.#outcome(result);
    const status = !this.#answered && outcome === "completed" ? "interrupted" : outcome;
    this.#closeAttempts(status);
    this.#close(status);
  }

  /** A tool that the answer asked for runs. */
  toolStarted(tool: ToolUse): void {
    this.#tools.push(tool);
  }

  /** What the tools that the answer asked for have given. Answers whether there was an answer to add it to. */
  toolsAnswered(results: Json[]): boolean {
    if (!this.#response) return false;
    this.#response = { ...this.#response, content: [...arrayOf(this.#response["content"]), ...results] };
    return true;
  }

  /** @param at when it failed, in milliseconds since the Unix epoch, where that turns out later */
  failed(error: unknown, at?: number): void {
    const cause = lastOfRetries(error);
    const state = this.#stream?.state;
    const wasCut = state === "flowing" || state === "broken off" || isAbort(cause);
    this.#error ??= this.#readError(cause);
    this.#closeAttempts(wasCut ? "interrupted" : "error", cause);
    this.#close(wasCut ? "interrupted" : "error", at);
  }

  interrupted(reason: unknown): void {
    if (this.#status !== "in_progress") return;
    if (reason !== undefined && reason !== null) this.#error ??= this.#readError(reason);
    this.#closeAttempts("interrupted");
    this.#close("interrupted");
  }

  /** It looks as if it were interrupted, and may go on all the same. */
  suspend(): void {
    if (this.#status !== "in_progress") return;
    for (const attempt of this.#attempts) attempt.suspend();
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
      metadata: { ...this.#metadata, ...toolMetadata(this.#tools) },
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

  /** An error may quote the request or the answer. */
  #readError(error: unknown): NormalizedError {
    const read = normalizeError(error);
    const { inputs, outputs } = this.#start.visibility;
    return inputs && outputs ? read : { ...read, message: "The message is not recorded." };
  }

  #partialResponse(): JsonObject | undefined {
    if (this.#status !== "interrupted" && this.#status !== "error") return undefined;
    const content = this.#stream?.content ?? [];
    return content.length > 0 ? { content, finishReason: this.#status } : undefined;
  }

  #outcome(result: JsonObject): "completed" | "error" | "interrupted" {
    const reason = result["finishReason"];
    const state = this.#stream?.state;
    if (reason === "interrupted" || state === "broken off") return "interrupted";
    return reason === "error" || state === "failed" ? "error" : "completed";
  }

  #closeAttempts(status: Exclude<RunStatus, "in_progress">, error?: unknown): void {
    for (const attempt of this.#attempts) attempt.finish(status, error);
  }

  #close(status: RunStatus, at: number = this.#clock.now()): void {
    if (status !== this.#status) this.#finishedAt = new Date(at).toISOString();
    this.#status = status;
  }
}
