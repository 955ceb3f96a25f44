import type { StepOperation } from "@shelflife/api-contract";

import type { AttemptRecording, Visibility } from "../attempt-recording.ts";
import type { ChatScope } from "../chat-scope.ts";
import type { Clock } from "../clock.ts";
import { embeddingAnswer, embeddingExchange } from "../embedding-content.ts";
import { responseDetails } from "../model-content.ts";
import { isAbort, readField } from "../normalize-error.ts";
import type { RunOutcome, RunRecording, Unattended } from "../run-recording.ts";
import { type JsonObject, snapshot } from "../snapshot.ts";
import type { StepRecording } from "../step-recording.ts";
import type { StreamEvents, StreamRecording } from "../stream-recording.ts";
import { listenTo } from "../stream-tap.ts";
import { copyAnswer, toolCallIds } from "./model-request.ts";

/** How long another try may take to come, in milliseconds: the AI SDK obeys a server's wish to wait up to a minute. */
const RETRY_WINDOW_MS = 90_000;

/** How long tools may take until the model is asked again, in milliseconds. */
const TOOLS_WINDOW_MS = 300_000;

export interface ModelCallStart {
  run: RunRecording;
  step: StepRecording;
  visibility: Visibility;
  /** The work that the call is part of, whose end says that nothing follows. */
  scope: ChatScope | undefined;
  operation: StepOperation;
  clock: Clock;
  /** Told that another try or another call may follow, and that none will any more. */
  waits(call: ModelCall, waits: boolean): void;
}

/** One model call as a middleware sees it: its tries, its answer, and what may follow. */
export class ModelCall implements StreamEvents, Unattended {
  readonly #start: ModelCallStart;
  readonly #release: (outcome?: RunOutcome, at?: number) => void;
  #attempt: AttemptRecording | undefined;
  #stream: StreamRecording | undefined;
  #unwatch: (() => void) | undefined;
  #cancelWindow: (() => void) | undefined;
  #failure: { error: unknown; at: number } | undefined;
  #waitsForReaderSince: number | undefined;
  #concluded: (toolCallIds: string[]) => void = () => undefined;

  constructor(start: ModelCallStart) {
    this.#start = start;
    this.#release = start.run.hold();
    start.scope?.onEnd(() => {
      // A stream may go on after the work that made it; what is called for its answer was awaited.
      if (start.operation === "generate") this.nothingFollows();
    });
  }

  get run(): RunRecording {
    return this.#start.run;
  }

  get scope(): ChatScope | undefined {
    return this.#start.scope;
  }

  /** Whether its last try failed in a way that makes another one likely. */
  get awaitsRetry(): boolean {
    return this.#failure !== undefined;
  }

  get request(): JsonObject | undefined {
    return this.#start.step.request;
  }

  tryOnce(): AttemptRecording {
    this.#closeWindow();
    this.#failure = undefined;
    this.#attempt = this.#start.step.attemptStarted();
    this.run.alive();
    return this.#attempt;
  }

  /** Answers the ids of the tool calls whose results may ask the model again. */
  answered(result: unknown): string[] {
    this.#attempt?.answered(result);
    const answer = copyAnswer(result, this.#start.visibility);
    return this.#conclude(answer, responseDetails(readField(result, "response")), readField(result, "content"));
  }

  /** An embedding model has answered. */
  embedded(result: unknown): void {
    this.#attempt?.answered(embeddingExchange(readField(result, "response")));
    const { answer, shape } = embeddingAnswer(this.#start.visibility.outputs ? result : undefined);
    this.#conclude({ ...answer, usage: snapshot(readField(result, "usage")) }, shape, undefined);
  }

  /** The stream that the application is to get: the same, with somebody listening. */
  streams<Part>(
    result: unknown,
    stream: ReadableStream<Part>,
    concluded: (toolCallIds: string[]) => void,
  ): ReadableStream<Part> {
    const { step } = this.#start;
    const attempt = this.#attempt ?? step.attemptStarted();
    attempt.answered(result);
    this.#concluded = concluded;
    this.#stream = step.streamStarted(attempt, this);
    this.#unwatch = this.run.watch(this);
    return listenTo(stream, this.#stream);
  }

  /** The try failed; whether it was the last, nobody says. */
  broke(error: unknown): void {
    this.#attempt?.failed(error);
    const mayBeRetried = readField(error, "isRetryable") !== false && !isAbort(error);
    if (mayBeRetried) {
      this.#failure = { error, at: this.#start.clock.now() };
      this.#openWindow(RETRY_WINDOW_MS);
      this.run.changed(this.#start.step);
    } else this.#fail(error);
  }

  /** What the tools that it asked for gave, as the next call brings it along. */
  toolsAnswered(results: unknown[]): void {
    this.#closeWindow();
    const { step, visibility } = this.#start;
    if (visibility.outputs && step.toolsAnswered(results.map((result) => snapshot(result)))) this.run.changed(step);
    this.#release();
  }

  /** Neither another try nor another call comes for this one. */
  nothingFollows(): void {
    if (!this.#closeWindow()) return;
    if (this.#failure) this.#fail(this.#failure.error, this.#failure.at);
    else this.#letGo();
  }

  alive(waitsFor: "model" | "reader"): void {
    this.run.alive();
    this.#waitsForReaderSince = waitsFor === "reader" ? this.#start.clock.now() : undefined;
  }

  /** What comes after an error is its end; whether it does come is the reader's affair. */
  failed(error: unknown): void {
    this.#fail(error);
  }

  ended(): void {
    const stream = this.#stream;
    if (stream) this.#concluded(this.#conclude(stream.result, stream.details, stream.toolCalls));
  }

  cut(reason: unknown): void {
    if (reason instanceof Error && !isAbort(reason)) this.#fail(reason);
    else this.#interrupt(reason);
  }

  waitingSince(): number | undefined {
    return this.#waitsForReaderSince;
  }

  /** The reader may come back: what is said until then is true until then. */
  left(): void {
    this.#unwatch?.();
    this.#start.step.suspend();
    this.#letGo();
  }

  #conclude(answer: JsonObject, details: Record<string, string | number>, content: unknown): string[] {
    const { step, scope } = this.#start;
    step.answered(answer, details);
    const ids = step.status === "completed" ? toolCallIds(content) : [];
    if (ids.length > 0 && (scope === undefined || scope.ended)) {
      this.#openWindow(TOOLS_WINDOW_MS);
      this.#unwatch?.();
      this.run.changed(step);
    } else this.#letGo();
    return ids;
  }

  #fail(error: unknown, at?: number): void {
    this.#failure = undefined;
    this.#start.step.failed(error, at);
    this.#letGo(at);
  }

  #interrupt(reason: unknown): void {
    this.#start.step.interrupted(reason);
    this.#letGo();
  }

  #letGo(at?: number): void {
    const { run, step, scope } = this.#start;
    this.#unwatch?.();
    run.changed(step);
    const { status } = step;
    // A call that went well does not make good what failed around it.
    if (status === "in_progress" || (status === "completed" && scope?.failed)) return this.#release();
    this.#release(status, at);
    // One that was taken for left has let go of its run already, and knows better now.
    if (!run.open) run.end(status, at);
  }

  #openWindow(forMs: number): void {
    this.#closeWindow();
    this.#start.waits(this, true);
    this.#cancelWindow = this.#start.clock.setTimer(() => this.nothingFollows(), forMs);
  }

  #closeWindow(): boolean {
    const wasOpen = this.#cancelWindow !== undefined;
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#start.waits(this, false);
    return wasOpen;
  }
}
