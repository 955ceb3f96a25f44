import type { Attempt, NormalizedError, NormalizedPart, NormalizedResponse, RunStatus } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import type { Clock } from "../clock.ts";
import { readField } from "../normalize-error.ts";
import type { RunStep, StepPlace } from "../run-recording.ts";
import { type JsonObject, snapshot } from "../snapshot.ts";
import type { StepItem } from "../step-recording.ts";
import { type ToolUse, toolMetadata } from "../tool-use.ts";
import { openaiChat } from "../wire/openai-chat.ts";
import { normalizeModelError, wasAborted } from "./langchain-error.ts";
import { asksForStream, normalizeCall } from "./langchain-request.ts";
import { copyResult, normalizeResult, resultDetails } from "./langchain-response.ts";

interface Try {
  status: Attempt["status"];
  startedAt: number;
  finishedAt?: number;
  error?: NormalizedError;
}

/** One model call that LangChain made, with its tries as far as LangChain tells of them. */
export class LangchainStep implements RunStep {
  readonly id = timeOrderedUuid();
  readonly #place: StepPlace;
  readonly #clock: Clock;
  readonly #call: JsonObject;
  readonly #startedAt: number;
  readonly #tries: Try[] = [];
  readonly #tools: ToolUse[] = [];
  readonly #toolResults: NormalizedPart[] = [];
  /** What has been said so far; a stream that ends well brings it whole. */
  #partial = openaiChat.openStream();
  #streams: boolean;
  #firstOutputAt: number | undefined;
  #result: JsonObject | undefined;
  #asked: Set<string | undefined> | undefined;
  #status: RunStatus = "in_progress";
  #finishedAt: number | undefined;
  #error: NormalizedError | undefined;

  constructor(place: StepPlace, call: JsonObject, clock: Clock) {
    this.#place = place;
    this.#call = call;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#streams = asksForStream(call);
  }

  get status(): RunStatus {
    return this.#status;
  }

  get finishedAt(): number | undefined {
    return this.#finishedAt;
  }

  get streams(): boolean {
    return this.#streams;
  }

  tryStarted(): void {
    this.#tries.push({ status: "in_progress", startedAt: this.#clock.now() });
    this.#partial = openaiChat.openStream();
    this.#status = "in_progress";
    this.#finishedAt = undefined;
    this.#error = undefined;
  }

  token(token: unknown, chunk: unknown): void {
    this.#streams = true;
    this.#firstOutputAt ??= this.#clock.now();
    const calls = readField(readField(chunk, "message"), "tool_call_chunks");
    const toolCalls = Array.isArray(calls) ? calls.map(toolCallDelta) : [];
    const delta = snapshot({ content: token, tool_calls: toolCalls });
    this.#partial.take({ choices: [{ delta }] });
  }

  answered(result: unknown): void {
    this.#result = copyResult(result);
    this.#close("completed");
  }

  /** @param awaitsRetry whether the call is tried again if it can be */
  failed(error: unknown, awaitsRetry: boolean): void {
    this.#error = normalizeModelError(error);
    this.#close(wasAborted(error) ? "interrupted" : "error");
    if (awaitsRetry) this.#status = "in_progress";
  }

  /** Nobody is going to try again. */
  giveUp(): void {
    const last = this.#tries.at(-1);
    if (last && this.#status === "in_progress" && last.status !== "in_progress") this.#status = last.status;
  }

  interrupted(): void {
    if (this.#status === "in_progress") this.#close("interrupted");
  }

  toolStarted(tool: ToolUse): void {
    this.#tools.push(tool);
  }

  toolEnded(result: NormalizedPart): void {
    this.#toolResults.push(result);
  }

  capture(withRequest: boolean): () => StepItem {
    const base = this.heartbeat();
    const isOver = this.#status !== "in_progress";
    const [status, result, error, toolResults] = [this.#status, this.#result, this.#error, [...this.#toolResults]];
    const partial = isOver && !result ? this.#partial.body() : undefined;
    const attempts = this.#tries.map(attemptOf);
    const finishedAt = isOver ? this.#finishedAt : undefined;
    const metadata = {
      integration: "langchain",
      ...(this.#firstOutputAt !== undefined && { time_to_first_output_ms: this.#firstOutputAt - this.#startedAt }),
      ...toolMetadata(this.#tools),
    };
    return () => {
      const response = result ? normalizeResult(result) : partial && cutResponse(partial, status);
      return {
        ...base,
        metadata: { ...metadata, ...(result && resultDetails(result)) },
        attempts: attempts.map((attempt) => ({ ...attempt })),
        ...(withRequest && { normalized_request: { ...normalizeCall(this.#call) } }),
        ...(response && {
          normalized_response: { ...response, content: [...response.content, ...toolResults] },
          ...(isOver && { usage: { ...response.usage } }),
        }),
        ...(isOver && error && { error: { ...error } }),
        ...(finishedAt !== undefined && { finished_at: new Date(finishedAt).toISOString() }),
      };
    };
  }

  heartbeat(): StepItem {
    const { runId, chatId, number } = this.#place;
    return {
      id: this.id,
      run_id: runId,
      chat_id: chatId,
      step_number: number,
      operation: this.#streams ? "stream" : "generate",
      started_at: new Date(this.#startedAt).toISOString(),
      status: this.#status,
    };
  }

  /** Whether this step's answer asked for a tool under this id. */
  asksForTool(toolCallId: string): boolean {
    this.#asked ??= this.#result && new Set(normalizeResult(this.#result).content.map((part) => part.tool_call_id));
    return this.#asked?.has(toolCallId) ?? false;
  }

  #close(status: Exclude<RunStatus, "in_progress">): void {
    const now = this.#clock.now();
    this.#status = status;
    this.#finishedAt = now;
    const last = this.#tries.at(-1);
    if (last?.status === "in_progress") {
      Object.assign(last, { status, finishedAt: now, ...(this.#error && { error: this.#error }) });
    }
  }
}

function toolCallDelta(chunk: unknown): JsonObject {
  return snapshot({
    index: readField(chunk, "index"),
    id: readField(chunk, "id"),
    function: { name: readField(chunk, "name"), arguments: readField(chunk, "args") },
  }) as JsonObject;
}

function cutResponse(body: JsonObject, status: RunStatus): NormalizedResponse | undefined {
  const response = openaiChat.readResponse(body);
  return response.content.length === 0 ? undefined : { ...response, finish_reason: status };
}

function attemptOf({ status, startedAt, finishedAt, error }: Try, index: number): Attempt {
  return {
    number: index + 1,
    status,
    started_at: new Date(startedAt).toISOString(),
    ...(finishedAt !== undefined && {
      finished_at: new Date(finishedAt).toISOString(),
      duration_ms: finishedAt - startedAt,
    }),
    ...(error && { error }),
  };
}
