import { type DebugBatch, HEARTBEAT_INTERVAL_MS, type RunStatus, type StepOperation } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import type { AttemptRecording, Visibility } from "./attempt-recording.ts";
import type { RecordedChat } from "./chat-context.ts";
import type { Clock } from "./clock.ts";
import { isAbort, lastOfRetries } from "./normalize-error.ts";
import type { RecordItem } from "./record-queue.ts";
import type { JsonObject } from "./snapshot.ts";
import { type StepListener, StepRecording } from "./step-recording.ts";

type RunItem = NonNullable<DebugBatch["runs"]>[number];

/**
 * A call that has shown no sign of life for this long, in milliseconds, is taken for abandoned: a stream whose reader
 * left without a word sends none, and must not look alive for ever.
 */
export const ABANDONED_AFTER_MS = 3_600_000;

/** The server refuses longer names. */
const NAME_CHARACTERS = 200;

export interface RunStart {
  chat: RecordedChat;
  provider: string;
  model: string;
  operation: StepOperation;
  visibility: Visibility;
  metadata: Record<string, string>;
}

export interface RunSurroundings {
  clock: Clock;
  /** Takes the rendering of items, to be done after the application's own work. */
  emit(runId: string, render: () => RecordItem[]): void;
  /** Told once, when the run is over. */
  closed(): void;
}

/** One operation of the AI SDK: a run, whose steps are its model calls. */
export class RunRecording {
  readonly id = timeOrderedUuid();
  readonly #start: RunStart;
  readonly #around: RunSurroundings;
  readonly #startedAt: string;
  #step: StepRecording | undefined;
  #status: RunStatus = "in_progress";
  #finishedAt: string | undefined;
  #lastSign: number;
  #cancelHeartbeat: () => void;

  constructor(start: RunStart, around: RunSurroundings) {
    this.#start = start;
    this.#around = around;
    this.#lastSign = around.clock.now();
    this.#startedAt = new Date(this.#lastSign).toISOString();
    this.#cancelHeartbeat = this.#scheduleHeartbeat();
  }

  /**
   * @param number from 1
   * @param settings what of the request is known already
   */
  stepStarted(number: number, settings: JsonObject): void {
    this.#alive();
    const { chat, operation, visibility, metadata } = this.#start;
    this.#step = new StepRecording(
      { runId: this.id, chatId: chat.id, number, operation, visibility, metadata, settings },
      this.#around.clock,
    );
  }

  requested(call: JsonObject): void {
    this.#alive();
    if (this.#step?.requested(call)) this.#emit({ withRequest: true });
  }

  attemptStarted(): AttemptRecording | undefined {
    this.#alive();
    return this.#step?.attemptStarted();
  }

  attemptAnswered(attempt: AttemptRecording, result: unknown): void {
    this.#alive();
    this.#step?.attemptAnswered(attempt, result, this.#listener);
  }

  attemptFailed(attempt: AttemptRecording, error: unknown): void {
    this.#alive();
    this.#step?.attemptFailed(attempt, error, this.#listener);
  }

  stepAnswered(result: JsonObject, details: Record<string, string | number>): void {
    this.#alive();
    this.#step?.answered(result, details);
    this.#emit();
  }

  stepEnded(result: JsonObject): void {
    this.#alive();
    this.#step?.ended(result);
    this.#emit();
  }

  stepFailed(error: unknown): void {
    this.#step?.failed(error);
    this.#emit();
  }

  /** The operation came to its own end; how its last step ended is how it ended. */
  ended(): void {
    const last = this.#step?.status;
    this.#close(last === undefined || last === "in_progress" ? "completed" : last);
  }

  failed(error: unknown): void {
    const cause = lastOfRetries(error);
    if (this.#step?.status === "in_progress") this.#step.failed(cause);
    this.#close(isAbort(cause) || this.#step?.status === "interrupted" ? "interrupted" : "error");
  }

  interrupted(reason?: unknown): void {
    this.#step?.interrupted(reason);
    this.#close("interrupted");
  }

  readonly #listener: StepListener = {
    alive: () => this.#alive(),
    attemptFailed: () => this.#emit(),
    left: () => this.interrupted(),
  };

  #alive(): void {
    this.#lastSign = this.#around.clock.now();
  }

  #close(status: RunStatus): void {
    if (this.#finishedAt !== undefined) return;
    this.#status = status;
    this.#finishedAt = new Date(this.#around.clock.now()).toISOString();
    this.#cancelHeartbeat();
    this.#emit();
    this.#around.closed();
  }

  #scheduleHeartbeat(): () => void {
    return this.#around.clock.setTimer(() => {
      if (this.#around.clock.now() - this.#lastSign >= ABANDONED_AFTER_MS) return this.interrupted();
      this.#cancelHeartbeat = this.#scheduleHeartbeat();
      const step = this.#step?.status === "in_progress" ? this.#step.heartbeat() : undefined;
      this.#emitItems(() => (step ? [{ kind: "step", value: step }] : []));
    }, HEARTBEAT_INTERVAL_MS);
  }

  #emit(options: { withRequest: boolean } = { withRequest: false }): void {
    const render = this.#step?.capture(options.withRequest);
    this.#emitItems(() => (render ? [{ kind: "step", value: render() }] : []));
  }

  /**
   * Every emission brings the chat and the run along: they cost a few bytes, merge while they wait, and make each
   * emission whole, whatever became of the earlier ones.
   */
  #emitItems(renderSteps: () => RecordItem[]): void {
    const { id, title, owner } = this.#start.chat;
    const chat = { id, ...(title !== undefined && { title }), ...(owner !== undefined && { owner }) };
    const run: RunItem = {
      id: this.id,
      chat_id: id,
      kind: this.#start.chat.kind,
      status: this.#status,
      provider: this.#start.provider.slice(0, NAME_CHARACTERS),
      model: this.#start.model.slice(0, NAME_CHARACTERS),
      started_at: this.#startedAt,
      ...(this.#finishedAt !== undefined && { finished_at: this.#finishedAt }),
    };
    this.#around.emit(this.id, () => [{ kind: "chat", value: chat }, { kind: "run", value: run }, ...renderSteps()]);
  }
}
