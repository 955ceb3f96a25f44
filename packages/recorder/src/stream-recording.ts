import type { AttemptRecording } from "./attempt-recording.ts";
import { finishReasonOf, responseDetails } from "./model-content.ts";
import { isBrokenOff, readField } from "./normalize-error.ts";
import { PartialContent } from "./partial-content.ts";
import { type Json, type JsonObject, snapshot } from "./snapshot.ts";
import type { StreamListener } from "./stream-tap.ts";

/** `broken off` is a stream that ended without the provider saying why. */
export type StreamState = "flowing" | "finished" | "broken off" | "failed";

/** Who is told of what a stream shows and the AI SDK does not. */
export interface StreamEvents {
  /** Something moved: the call is alive, and the stream now waits for the model's next word or for its reader. */
  alive(waitsFor: "model" | "reader"): void;
  /** The provider said that it failed. */
  failed(error: unknown): void;
  /** The stream ended by itself, well or not. */
  ended(): void;
  /** The application stopped reading, or the connection broke, before the end. */
  cut(reason: unknown): void;
}

/** What a provider's stream says, part by part; one for each try. */
export class StreamRecording implements StreamListener {
  readonly #attempt: AttemptRecording;
  readonly #showsOutputs: boolean;
  readonly #events: StreamEvents;
  readonly #content = new PartialContent();
  #state: StreamState = "flowing";
  #finishReason = "other";
  #usage: Json = null;
  #warnings: Json = [];
  #details: Record<string, string> = {};
  /** Which tools are asked for, whether or not it is recorded with what arguments. */
  readonly toolCalls: unknown[] = [];

  constructor(attempt: AttemptRecording, showsOutputs: boolean, events: StreamEvents) {
    this.#attempt = attempt;
    this.#showsOutputs = showsOutputs;
    this.#events = events;
  }

  get state(): StreamState {
    return this.#state;
  }

  /** What was said so far. */
  get content(): Json[] {
    return this.#content.toJson();
  }

  /** The answer as it would have come in one piece. */
  get result(): JsonObject {
    const { content } = this;
    return { content, finishReason: this.#finishReason, usage: this.#usage, warnings: this.#warnings };
  }

  get details(): Record<string, string> {
    return this.#details;
  }

  asked(): void {
    this.#events.alive("model");
  }

  part(part: unknown): void {
    this.#events.alive("reader");
    switch (readField(part, "type")) {
      case "stream-start":
        this.#warnings = snapshot(readField(part, "warnings"));
        return;
      case "response-metadata":
        this.#details = { ...this.#details, ...responseDetails(part) };
        return;
      case "finish":
        return this.#finish(part);
      case "error":
        return this.#fail(readField(part, "error"));
      case "tool-call":
        this.toolCalls.push(part);
        if (this.#showsOutputs) this.#content.add(part);
        return;
      default:
        if (this.#showsOutputs) this.#content.add(part);
    }
  }

  ended(): void {
    this.#attempt.finish(this.#state === "finished" ? "completed" : "interrupted");
    this.#events.ended();
  }

  cut(reason: unknown): void {
    this.#attempt.finish("interrupted", reason);
    if (this.#state === "flowing") this.#events.cut(reason);
  }

  #finish(part: unknown): void {
    const reason = readField(part, "finishReason");
    this.#finishReason = finishReasonOf(reason);
    this.#usage = snapshot(readField(part, "usage"));
    if (this.#state === "flowing") this.#state = isMadeUp(reason, readField(part, "usage")) ? "broken off" : "finished";
  }

  #fail(error: unknown): void {
    this.#state = isBrokenOff(error) ? "broken off" : "failed";
    this.#attempt.finish(this.#state === "failed" ? "error" : "interrupted", error);
    this.#events.failed(error);
  }
}

/**
 * Providers make up a finish part where the wire brought none. Newer ones say so; older ones give the reason `other`
 * without the provider's own word for it, and the oldest `unknown`, which is also their word for a reason that they do
 * not know: then only the missing token counts tell.
 */
function isMadeUp(reason: unknown, usage: unknown): boolean {
  if (reason === "unknown") return typeof readField(usage, "outputTokens") !== "number";
  const unified = readField(reason, "unified");
  return unified === "interrupted" || (unified === "other" && readField(reason, "raw") === undefined);
}
