import type { StepOperation } from "@shelflife/api-contract";

import type { Visibility } from "../attempt-recording.ts";
import { type ChatContext, type RecordedChat, toRecordedChat } from "../chat-context.ts";
import { type ChatScope, currentChatScope } from "../chat-scope.ts";
import type { Clock } from "../clock.ts";
import { readField } from "../normalize-error.ts";
import type { OpenRuns } from "../open-runs.ts";
import type { Recorder } from "../recorder.ts";
import type { RunRecording, RunStart } from "../run-recording.ts";
import { joinRun } from "../shared-runs.ts";
import type { Json, JsonObject } from "../snapshot.ts";
import { ModelCall } from "./model-call.ts";
import { copyCall, copyEmbedding, newToolResults } from "./model-request.ts";

export interface ModelCallsSurroundings {
  recorder: Recorder;
  runs: OpenRuns;
  clock: Clock;
  chatIdNamespace: string;
  visibility: Visibility;
  /** The chat of a call that is made outside of `inChat`. */
  chatElsewhere(): ChatContext | undefined;
  /** Told of a call that does not say its chat. */
  noChat(): void;
}

interface CallToMake {
  /** `embed` is a generation too, of numbers. */
  operation: StepOperation | "embed";
  params: unknown;
  model: unknown;
}

/** Where a call belongs, and what is known of that place. */
interface Place {
  run: RunRecording;
  scope: ChatScope | undefined;
  metadata: Record<string, string | number>;
}

/** How many tool calls are remembered whose results have not come. */
const MAX_AWAITED = 1000;

/**
 * The model calls that go through one middleware, which sees each try by itself. The AI SDK passes the very same prompt
 * with each try of a call, and a call that follows another brings along the results of the tools that the other asked
 * for: so they are told from new ones, also where the context of the application's work is lost.
 */
export class ModelCalls {
  readonly #around: ModelCallsSurroundings;
  readonly #byPrompt = new WeakMap<object, ModelCall>();
  readonly #waiting = new Set<ModelCall>();
  readonly #awaited = new Map<string, ModelCall>();

  constructor(around: ModelCallsSurroundings) {
    this.#around = around;
    // Inside of `inChat` the end of the work tells whether something follows; elsewhere nothing does.
    around.recorder.beforeFlush(() => {
      for (const call of this.#waiting) if (!call.scope || call.scope.ended) call.nothingFollows();
    });
  }

  /** The call that a try belongs to; undefined for one that is not recorded. */
  begin(toMake: CallToMake): ModelCall | undefined {
    const embeds = toMake.operation === "embed";
    const prompt = readField(toMake.params, embeds ? "values" : "prompt");
    const samePrompt = typeof prompt === "object" && prompt !== null ? this.#byPrompt.get(prompt) : undefined;
    if (samePrompt?.awaitsRetry) return samePrompt;
    const results = embeds ? [] : newToolResults(toMake.params);
    const asker = this.#askerOf(results);
    const place = this.#placeOf(toMake, asker);
    if (!place) {
      this.#around.noChat();
      return undefined;
    }
    const request = (embeds ? copyEmbedding : copyCall)(toMake.params, this.#around.visibility);
    const call = this.#retriedBy(request, place) ?? this.#makeCall(toMake, place, request);
    if (typeof prompt === "object" && prompt !== null) this.#byPrompt.set(prompt, call);
    if (asker) this.#tellResults(asker, results);
    return call;
  }

  /** Remembers which call asked for tools, for the call that brings their results. */
  asked(call: ModelCall, toolCallIds: string[]): void {
    if (this.#awaited.size > MAX_AWAITED) {
      for (const [id, asker] of this.#awaited) if (!asker.run.open) this.#awaited.delete(id);
    }
    for (const id of toolCallIds) this.#awaited.set(id, call);
  }

  #placeOf({ operation, model }: CallToMake, asker: ModelCall | undefined): Place | undefined {
    const scope = currentChatScope();
    const { chatIdNamespace, chatElsewhere, runs } = this.#around;
    // Work that is going on in another chat scope knows better where its calls belong.
    if (asker && (!scope || scope.ended || scope === asker.scope)) {
      const run = asker.run.open ? asker.run : runs.start(runStartOf(model, asker.run.chat));
      return { run, scope: asker.scope, metadata: {} };
    }
    const context = scope?.chat ?? chatElsewhere();
    // An embedding by itself is no turn of its chat, unless it is said to be one.
    const isQuick = operation === "embed" && !scope && context?.kind === undefined;
    const chat = toRecordedChat(isQuick && context ? { ...context, kind: "quickgen" } : context, chatIdNamespace);
    if (!chat) return undefined;
    const makeRun = (): RunRecording => runs.start(runStartOf(model, chat));
    if (!scope) return { run: makeRun(), scope, metadata: {} };
    const { run, tool } = joinRun(scope, runs, makeRun);
    return { run, scope, metadata: tool ?? {} };
  }

  #makeCall(toMake: CallToMake, { run, scope, metadata }: Place, request: JsonObject): ModelCall {
    const { visibility, clock } = this.#around;
    const operation = toMake.operation === "embed" ? "generate" : toMake.operation;
    const step = run.startStep({
      operation,
      visibility,
      metadata: { integration: "ai-sdk-middleware", ...metadata },
      settings: {},
    });
    step.requested(request);
    run.changed(step, { withRequest: true });
    return new ModelCall({
      run,
      step,
      visibility,
      scope,
      operation,
      clock,
      waits: (call, waits) => {
        if (waits) this.#waiting.add(call);
        else this.#waiting.delete(call);
      },
    });
  }

  /** Another middleware may make the prompt anew with each try. */
  #retriedBy(request: JsonObject, { run, scope }: Place): ModelCall | undefined {
    for (const call of this.#waiting) {
      const isSamePlace = call.awaitsRetry && call.scope === scope && call.run.chat.id === run.chat.id;
      if (isSamePlace && isSameJson(call.request?.["messages"], request["messages"])) return call;
    }
    return undefined;
  }

  #askerOf(results: unknown[]): ModelCall | undefined {
    const askers = new Set(results.map((result) => this.#awaited.get(String(readField(result, "toolCallId")))));
    const [asker] = askers;
    return askers.size === 1 ? asker : undefined;
  }

  #tellResults(asker: ModelCall, results: unknown[]): void {
    for (const result of results) this.#awaited.delete(String(readField(result, "toolCallId")));
    asker.toolsAnswered(results);
  }
}

/** Takes the application's time, and is asked only where a call waits for another try. */
function isSameJson(one: Json | undefined, other: Json | undefined): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

function runStartOf(model: unknown, chat: RecordedChat): RunStart {
  return { chat, provider: String(readField(model, "provider")), model: String(readField(model, "modelId")) };
}
