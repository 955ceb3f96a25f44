import type { Telemetry } from "ai";

import type { Visibility } from "./attempt-recording.ts";
import { readChat } from "./chat-context.ts";
import { readField } from "./normalize-error.ts";
import { OPTION_FIELDS, countProviderOptions } from "./normalize-request.ts";
import { NOTHING_RECORDED, openRecorder } from "./open-recorder.ts";
import type { FlushOptions, Recorder } from "./recorder.ts";
import { type RecorderOptions, type ResolvedOptions, resolveOptions } from "./recorder-options.ts";
import { RunRecording } from "./run-recording.ts";
import type { RecorderStats } from "./sender.ts";
import { type JsonObject, snapshot } from "./snapshot.ts";
import { Warnings } from "./warnings.ts";

const OPERATIONS = { "ai.generateText": "generate", "ai.streamText": "stream" } as const;

/** A telemetry integration of the AI SDK that records into Shelflife. */
export interface ShelflifeRecorder extends Telemetry {
  /** What became of the items recorded so far. */
  stats(): RecorderStats;
  /** Sends what waits, now. Answers whether all of it reached the server within the time (5 seconds unless told). */
  flush(options?: FlushOptions): Promise<boolean>;
  /**
   * Closes what is still going on as interrupted, sends what waits, and records nothing from then on. Answers whether
   * all of it reached the server within the time (5 seconds unless told).
   */
  shutdown(options?: FlushOptions): Promise<boolean>;
}

/**
 * Records the AI SDK's model calls in the background:
 *
 * ```ts
 * registerTelemetry(shelflifeRecorder({ baseUrl, key }));
 * streamText({ model, prompt, ...inChat({ chatId }) });
 * ```
 *
 * One run per `generateText` or `streamText`, one step per model call, one attempt per try. It never throws into the
 * application, never waits for the server and never holds up a call; what goes wrong is counted in `stats()` and told
 * once to `onWarning`. Without a URL or a key it records nothing and says so once.
 */
export function shelflifeRecorder(options: RecorderOptions = {}): ShelflifeRecorder {
  const resolved = resolveOptions(options, globalThis.process?.env ?? {});
  const warnings = new Warnings(resolved.onWarning);
  const recorder = openRecorder(resolved, warnings);
  return recorder ? recording(recorder, resolved, warnings) : RECORDING_NOTHING;
}

const RECORDING_NOTHING: ShelflifeRecorder = {
  stats: () => ({ ...NOTHING_RECORDED }),
  flush: () => Promise.resolve(true),
  shutdown: () => Promise.resolve(true),
};

function recording(recorder: Recorder, options: ResolvedOptions, warnings: Warnings): ShelflifeRecorder {
  const runs = new Map<string, RunRecording>();

  /** What the recorder does wrong is its own affair, and never the application's. */
  const quietly = <Answer>(work: () => Answer): Answer | undefined => {
    try {
      return work();
    } catch {
      warnings.once("internal", "A call could not be recorded completely.");
      return undefined;
    }
  };

  /** Events of operations that are not recorded, such as embeddings, find no run and are ignored. */
  const onRun = <Event>(handle: (run: RunRecording, event: Event) => void) => {
    return (event: Event): void => {
      quietly(() => {
        const run = runs.get(String(readField(event, "callId")));
        if (run) handle(run, event);
      });
    };
  };

  const start = (event: { callId: string; operationId: string; provider: string; modelId: string }): void => {
    const operation = Object.hasOwn(OPERATIONS, event.operationId)
      ? OPERATIONS[event.operationId as keyof typeof OPERATIONS]
      : undefined;
    if (operation === undefined) return;
    const chat = readChat(readField(event, "runtimeContext"), options.chatIdNamespace);
    if (!chat) return warnNoChat(warnings);
    const around = {
      clock: options.clock,
      emit: recorder.emit.bind(recorder),
      closed: () => void runs.delete(event.callId),
    };
    const { provider, modelId: model } = event;
    const startOfRun = {
      chat,
      provider,
      model,
      operation,
      visibility: visibilityOf(event),
      metadata: metadataOf(event),
    };
    runs.set(event.callId, new RunRecording(startOfRun, around));
  };

  return {
    onStart: (event) => {
      quietly(() => start(event as Parameters<typeof start>[0]));
    },
    onStepStart: onRun((run, event) => run.stepStarted(event.stepNumber + 1, callSettings(event))),
    onLanguageModelCallStart: onRun((run, event) => run.requested(copyRequest(event))),
    executeLanguageModelCall: ({ callId, execute }) => {
      const attempt = quietly(() => runs.get(callId)?.attemptStarted());
      const outcome = execute();
      if (!attempt) return outcome;
      // A branch of its own: the application gets the very promise that it would have got.
      void Promise.resolve(outcome).then(
        (result) => quietly(() => runs.get(callId)?.attemptAnswered(attempt, result)),
        (error: unknown) => quietly(() => runs.get(callId)?.attemptFailed(attempt, error)),
      );
      return outcome;
    },
    onLanguageModelCallEnd: onRun((run, event) => run.stepAnswered(copyResult(event), detailsOf(event))),
    onStepEnd: onRun((run, event) => run.stepEnded(copyResult(event))),
    onStepError: onRun((run, event) => run.stepFailed(event.error)),
    onEnd: onRun((run) => run.ended()),
    onAbort: onRun((run, event) => run.interrupted(event.reason)),
    onError: onRun((run, event) => run.failed(readField(event, "error"))),
    stats: () => recorder.stats,
    flush: (flushOptions) => recorder.flush(flushOptions),
    shutdown: (flushOptions) => {
      for (const run of runs.values()) quietly(() => run.interrupted());
      return recorder.shutdown(flushOptions);
    },
  };
}

function warnNoChat(warnings: Warnings): void {
  warnings.once(
    "no_chat_id",
    "A model call was not recorded because it does not say which chat it belongs to: spread inChat({ chatId }) into " +
      "its options, or let the runtime context's property `shelflife` through with telemetry.includeRuntimeContext.",
  );
}

/** The application may hide what goes in or what comes out from telemetry; the recorder obeys where it looks itself. */
function visibilityOf(event: unknown): Visibility {
  return { inputs: readField(event, "recordInputs") !== false, outputs: readField(event, "recordOutputs") !== false };
}

function metadataOf(event: unknown): Record<string, string> {
  const functionId = readField(event, "functionId");
  const version = readField(event, "aiVersion");
  return {
    integration: "ai-sdk",
    ...(typeof version === "string" && { ai_sdk_version: version }),
    ...(typeof functionId === "string" && { function_id: functionId }),
  };
}

/** The two settings of a model call that its own event leaves out. */
function callSettings(event: { toolChoice?: unknown; providerOptions?: unknown }): JsonObject {
  return {
    toolChoice: snapshot(event.toolChoice),
    providerOptionCount: countProviderOptions(event.providerOptions),
  };
}

/** The content fields of a model call, without what the recorder has no use for, such as headers. */
const REQUEST_FIELDS = ["instructions", "messages", "tools", ...OPTION_FIELDS];
const RESULT_FIELDS = ["content", "finishReason", "usage", "warnings"];

function copyRequest(event: unknown): JsonObject {
  return copyFields(event, REQUEST_FIELDS);
}

function copyResult(event: unknown): JsonObject {
  return copyFields(event, RESULT_FIELDS);
}

function copyFields(event: unknown, fields: string[]): JsonObject {
  const picked = Object.fromEntries(fields.map((field) => [field, readField(event, field)]));
  return snapshot(picked) as JsonObject;
}

function detailsOf(event: unknown): Record<string, string | number> {
  const responseId = readField(event, "responseId");
  const model = readField(event, "modelId");
  const firstOutput = readField(readField(event, "performance"), "timeToFirstOutputMs");
  return {
    ...(typeof responseId === "string" && { response_id: responseId }),
    ...(typeof model === "string" && { response_model: model }),
    ...(typeof firstOutput === "number" && { time_to_first_output_ms: Math.round(firstOutput) }),
  };
}
