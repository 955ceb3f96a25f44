import type { NormalizedPart } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import type { RunOutcome, RunRecording, Unattended } from "../run-recording.ts";
import { type JsonObject, isJsonObject, snapshot } from "../snapshot.ts";
import { ToolUse } from "../tool-use.ts";
import { wasAborted } from "./langchain-error.ts";
import { copyMessage, toolResult } from "./langchain-message.ts";
import { type ModelCall, copyCall, nameOf } from "./langchain-request.ts";
import { LangchainStep } from "./langchain-step.ts";

export interface OperationSurroundings {
  clock: Clock;
  /** The run of the chat that the first model call names; undefined where it names none. */
  makeRun(names: { provider: string; model: string; metadata: unknown }): RunRecording | undefined;
}

/** A tool that is running, for the step that asked for it. */
interface RunningTool {
  step: LangchainStep;
  use: ToolUse;
}

/** One outermost chain or model of LangChain, with all that runs inside of it, by LangChain's ids for that. */
export class LangchainOperation implements Unattended {
  readonly #around: OperationSurroundings;
  readonly #steps: LangchainStep[] = [];
  readonly #inFlight = new Map<string, LangchainStep>();
  readonly #tools = new Map<string, RunningTool>();
  /** Failed calls, by the id of the run that may try them again. */
  readonly #awaitingRetry = new Map<string, LangchainStep>();
  #run: RunRecording | undefined;
  #release: ((outcome?: RunOutcome, at?: number) => void) | undefined;
  #unwatch: (() => void) | undefined;
  #lastSign: number;

  constructor(around: OperationSurroundings) {
    this.#around = around;
    this.#lastSign = around.clock.now();
  }

  /** When something of it was last heard of, in milliseconds since the Unix epoch. */
  get lastSign(): number {
    return this.#lastSign;
  }

  modelStarted(id: string, parentId: string | undefined, call: ModelCall, isRetry: boolean): void {
    this.#alive();
    const retried = isRetry ? this.#awaitingRetry.get(parentId ?? "") : undefined;
    if (parentId !== undefined && retried) this.#awaitingRetry.delete(parentId);
    const step = retried ?? this.#makeStep(copyCall(call), call.metadata);
    if (!step) return;
    step.tryStarted();
    this.#inFlight.set(id, step);
    this.#run?.changed(step, { withRequest: retried === undefined });
  }

  token(id: string, token: unknown, chunk: unknown): void {
    this.#alive();
    this.#inFlight.get(id)?.token(token, chunk);
  }

  modelEnded(id: string, result: unknown): void {
    const step = this.#land(id);
    step?.answered(result);
    this.#changed(step);
  }

  /** @param retrier the id of the run that tries the call again if it can */
  modelFailed(id: string, error: unknown, retrier: string | undefined): void {
    const step = this.#land(id);
    if (!step) return;
    step.failed(error, retrier !== undefined);
    if (retrier !== undefined) this.#awaitingRetry.set(retrier, step);
    this.#changed(step);
  }

  toolStarted(id: string, name: string, toolCallId: string | undefined): void {
    this.#alive();
    const asked = toolCallId === undefined ? undefined : this.#steps.findLast((step) => step.asksForTool(toolCallId));
    const step = asked ?? this.#steps.at(-1);
    if (!step) return;
    const use = new ToolUse(name, toolCallId, this.#around.clock);
    step.toolStarted(use);
    this.#tools.set(id, { step, use });
    this.#changed(step);
  }

  toolEnded(id: string, output: unknown): void {
    const content = copyOutput(output);
    const result = toolResult(content);
    this.#endTool(id, result, result.type === "tool-error" ? "error" : "completed");
  }

  toolFailed(id: string, error: unknown): void {
    const status = wasAborted(error) ? "interrupted" : "error";
    this.#endTool(id, { type: "tool-error", result: snapshot(error) }, status);
  }

  /** A run inside of this one is over; what it would have tried again stays as it failed. */
  innerEnded(id: string): void {
    this.#alive();
    const step = this.#awaitingRetry.get(id);
    this.#awaitingRetry.delete(id);
    step?.giveUp();
    this.#changed(step);
  }

  /** It came to its own end; how its last model call ended is how it ended. */
  ended(): void {
    const last = this.#steps.at(-1)?.status;
    this.#end(last === undefined || last === "in_progress" ? "completed" : last);
  }

  failed(error: unknown): void {
    const wasCut = wasAborted(error) || this.#steps.at(-1)?.status === "interrupted";
    this.#end(wasCut ? "interrupted" : "error");
  }

  /** Only the reader of a stream can bring it on, but so can a slow model: what is said then may prove wrong. */
  waitingSince(): number | undefined {
    const steps = [...this.#inFlight.values()];
    return steps.length > 0 && steps.every((step) => step.streams) ? this.#lastSign : undefined;
  }

  left(): void {
    for (const step of this.#inFlight.values()) {
      step.interrupted();
      this.#run?.changed(step);
    }
    this.#end("interrupted");
  }

  #makeStep(call: JsonObject, metadata: unknown): LangchainStep | undefined {
    const names = { provider: nameOf(call, "provider"), model: nameOf(call, "model"), metadata };
    if (!this.#run) {
      this.#run = this.#around.makeRun(names);
      this.#release = this.#run?.hold();
      this.#unwatch = this.#run?.watch(this);
    }
    const step = this.#run?.addStep((place) => new LangchainStep(place, call, this.#around.clock));
    if (step) this.#steps.push(step);
    return step;
  }

  #land(id: string): LangchainStep | undefined {
    this.#alive();
    const step = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    return step;
  }

  #endTool(id: string, result: NormalizedPart, status: RunOutcome): void {
    this.#alive();
    const tool = this.#tools.get(id);
    this.#tools.delete(id);
    if (!tool) return;
    const { step, use } = tool;
    use.end(status);
    const { toolCallId, name } = use;
    step.toolEnded({ ...result, ...(toolCallId !== undefined && { tool_call_id: toolCallId }), tool_name: name });
    this.#changed(step);
  }

  #changed(step: LangchainStep | undefined): void {
    if (step) this.#run?.changed(step);
  }

  #alive(): void {
    this.#lastSign = this.#around.clock.now();
    this.#run?.alive();
  }

  #end(outcome: RunOutcome): void {
    for (const step of this.#awaitingRetry.values()) {
      step.giveUp();
      this.#changed(step);
    }
    this.#awaitingRetry.clear();
    this.#unwatch?.();
    this.#release?.(outcome);
    // One that was taken for left has let go of its run already, and knows better now.
    if (this.#run && !this.#run.open) this.#run.end(outcome);
  }
}

/** A tool answers a message, or whatever it likes. */
function copyOutput(output: unknown): JsonObject {
  const message = copyMessage(output);
  if (message["type"] === "tool") return message;
  const content = snapshot(output);
  return isJsonObject(content) && content["content"] !== undefined ? content : { content };
}
