import type { StepOperation } from "@shelflife/api-contract";

import type { AttemptRecording, Visibility } from "./attempt-recording.ts";
import type { Clock } from "./clock.ts";
import { isAbort, lastOfRetries } from "./normalize-error.ts";
import { ABANDONED_AFTER_MS, type RunOutcome, type RunRecording, type Unattended } from "./run-recording.ts";
import type { JsonObject } from "./snapshot.ts";
import type { StepRecording } from "./step-recording.ts";
import type { StreamEvents } from "./stream-recording.ts";
import { tapStream } from "./stream-tap.ts";
import { ToolUse } from "./tool-use.ts";

export interface OperationStart {
  operation: StepOperation;
  visibility: Visibility;
  metadata: Record<string, string | number>;
  /** False for one that is made within another, whose run goes on without it. */
  holdsRun: boolean;
}

export interface OperationSurroundings {
  clock: Clock;
  /** Makes a run for what follows after the first one was taken for over. */
  continueRun(): RunRecording;
  /** Told once, when nothing more can come. */
  over(): void;
}

type Waiting = "model" | "reader";

/** One `generateText`, `streamText` or the like: the steps that one call of the AI SDK makes in a run. */
export class OperationRecording implements StreamEvents, Unattended {
  readonly #start: OperationStart;
  readonly #around: OperationSurroundings;
  #run: RunRecording;
  #release: ((outcome?: RunOutcome) => void) | undefined;
  #unwatch: () => void;
  #step: StepRecording | undefined;
  /** Those that are running. */
  readonly #tools = new Set<ToolUse>();
  #waitsFor: Waiting = "model";
  #since: number;
  #over = false;
  #cancelForgetting: (() => void) | undefined;

  constructor(start: OperationStart, run: RunRecording, around: OperationSurroundings) {
    this.#start = start;
    this.#around = around;
    this.#since = around.clock.now();
    this.#run = run;
    this.#release = start.holdsRun ? run.hold() : undefined;
    this.#unwatch = run.watch(this);
  }

  get run(): RunRecording {
    return this.#run;
  }

  get stepNumber(): number {
    return this.#step?.number ?? 1;
  }

  /** @param settings what of the request is known already */
  stepStarted(settings: JsonObject): void {
    if (!this.#run.open) this.#goOnInAnotherRun();
    this.#waits("model");
    const { operation, visibility, metadata } = this.#start;
    this.#step = this.#run.startStep({ operation, visibility, metadata, settings });
  }

  requested(call: JsonObject): void {
    this.#waits("model");
    if (this.#step?.requested(call)) this.#run.changed(this.#step, { withRequest: true });
  }

  attemptStarted(timed?: boolean): AttemptRecording | undefined {
    this.#waits("model");
    return this.#step?.attemptStarted(timed);
  }

  attemptAnswered(attempt: AttemptRecording, result: unknown): void {
    this.#waits("model");
    attempt.answered(result);
    if (this.#start.operation === "generate") attempt.finish("completed");
    else if (this.#step) tapStream(result, this.#step.streamStarted(attempt, this));
  }

  attemptFailed(attempt: AttemptRecording, error: unknown): void {
    this.#waits("model");
    attempt.failed(error);
    this.#changed();
  }

  stepAnswered(result: JsonObject, details: Record<string, string | number>): void {
    this.#waits("reader");
    this.#step?.answered(result, details);
    this.#changed();
  }

  stepEnded(result: JsonObject): void {
    this.#waits("reader");
    this.#step?.ended(result);
    this.#changed();
  }

  stepFailed(error: unknown): void {
    this.#step?.failed(error);
    this.#changed();
  }

  toolStarted(name: string, toolCallId: string): ToolUse {
    const tool = new ToolUse(name, toolCallId, this.#around.clock);
    this.#tools.add(tool);
    this.#step?.toolStarted(tool);
    this.#waits("reader");
    return tool;
  }

  toolEnded(tool: ToolUse, outcome: RunOutcome): void {
    tool.end(outcome);
    this.#tools.delete(tool);
    this.#waits("reader");
  }

  /** It came to its own end; how its last step ended is how it ended. */
  finished(): void {
    const last = this.#step?.status;
    this.#end(last === undefined || last === "in_progress" ? "completed" : last);
  }

  broke(error: unknown): void {
    const cause = lastOfRetries(error);
    if (this.#step?.status === "in_progress") this.stepFailed(cause);
    this.#end(isAbort(cause) || this.#step?.status === "interrupted" ? "interrupted" : "error");
  }

  interrupted(reason?: unknown): void {
    this.#step?.interrupted(reason);
    this.#changed();
    this.#end("interrupted");
  }

  alive(waitsFor: Waiting): void {
    this.#waits(waitsFor);
  }

  failed(): void {
    this.#waits("reader");
  }

  ended(): void {
    this.#waits("reader");
  }

  cut(reason: unknown): void {
    this.interrupted(reason);
  }

  waitingSince(): number | undefined {
    const reads = this.#start.operation === "stream" && this.#waitsFor === "reader";
    return reads && this.#tools.size === 0 ? this.#since : undefined;
  }

  /** The reader may come back: what is said until then is true until then. */
  left(): void {
    this.#unwatch();
    this.#step?.suspend();
    this.#changed();
    this.#release?.("interrupted");
    this.#cancelForgetting = this.#around.clock.setTimer(() => this.abandoned(), ABANDONED_AFTER_MS);
  }

  abandoned(): void {
    this.#end("interrupted");
  }

  #goOnInAnotherRun(): void {
    this.#cancelForgetting?.();
    this.#unwatch();
    this.#run = this.#around.continueRun();
    this.#release = this.#run.hold();
    this.#unwatch = this.#run.watch(this);
  }

  #waits(waitsFor: Waiting): void {
    this.#waitsFor = waitsFor;
    this.#since = this.#around.clock.now();
    this.#run.alive();
  }

  #changed(): void {
    if (this.#step) this.#run.changed(this.#step);
  }

  #end(outcome: RunOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelForgetting?.();
    this.#unwatch();
    this.#release?.(outcome);
    // One that was taken for left has let go of its run already, and knows better now.
    if (this.#release && !this.#run.open) this.#run.end(outcome);
    this.#around.over();
  }
}
