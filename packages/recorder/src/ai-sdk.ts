import type { Telemetry } from "ai";

import { AiSdkCalls, type OpenCall } from "./ai-sdk-calls.ts";
import { callSettings, copyRequest, copyResult, detailsOf } from "./ai-sdk-events.ts";
import { currentChatScope, runInChatScope } from "./chat-scope.ts";
import { listeningToHttp } from "./http-exchange.ts";
import { isAbort, readField } from "./normalize-error.ts";
import { NOTHING_RECORDED, openRecorder } from "./open-recorder.ts";
import { OpenRuns } from "./open-runs.ts";
import type { OperationRecording } from "./operation-recording.ts";
import type { Recorder } from "./recorder.ts";
import { type RecorderOptions, type ResolvedOptions, resolveOptions } from "./recorder-options.ts";
import { shareRun } from "./shared-runs.ts";
import { Warnings } from "./warnings.ts";
import type { RecordingControls } from "./recording-controls.ts";

/** A telemetry integration of the AI SDK that records into Shelflife. */
export interface ShelflifeRecorder extends Telemetry, RecordingControls {}

/**
 * Records the AI SDK's model calls in the background:
 *
 * ```ts
 * registerTelemetry(shelflifeRecorder({ baseUrl, key }));
 * streamText({ model, prompt, ...inChat({ chatId }) });
 * ```
 *
 * One run per `generateText`, `streamText`, `generateObject`, `streamObject`, `embed` or `embedMany`, one step per model
 * call, one attempt per try. It never throws into the application, never waits for the server and never holds up a call;
 * what goes wrong is counted in `stats()` and told once to `onWarning`. Without a URL or a key it records nothing and
 * says so once.
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
  const { chatIdNamespace, clock } = options;
  const runs = new OpenRuns(recorder, clock);
  const calls = new AiSdkCalls({ runs, chatIdNamespace, clock, noChat: () => warnNoChat(warnings) });

  /** What the recorder does wrong is its own affair, and never the application's. */
  const quietly = <Answer>(work: () => Answer): Answer | undefined => {
    try {
      return work();
    } catch {
      warnings.once("internal", "A call could not be recorded completely.");
      return undefined;
    }
  };

  /** Events of calls that are not recorded find none and are ignored. */
  const onCall = <Event>(handle: (call: OpenCall, event: Event) => void) => {
    return (event: Event): void => {
      quietly(() => {
        const call = calls.find(event);
        if (call) handle(call, event);
      });
    };
  };

  return {
    onStart: (event) => {
      quietly(() => calls.start(event));
    },
    onStepStart: onCall(({ operation }, event) => operation?.stepStarted(callSettings(event))),
    onLanguageModelCallStart: onCall(({ operation }, event) => operation?.requested(copyRequest(event))),
    executeLanguageModelCall: (event) => {
      const operation = quietly(() => calls.find(event)?.operation);
      return operation ? executeModelCall(operation, event.execute, quietly) : event.execute();
    },
    onLanguageModelCallEnd: onCall(({ operation }, event) =>
      operation?.stepAnswered(copyResult(event), detailsOf(event)),
    ),
    executeTool: (event) => {
      const operation = quietly(() => calls.find(event)?.operation);
      return operation ? executeTool(operation, runs, event, quietly) : event.execute();
    },
    onStepEnd: onCall(({ operation }, event) => operation?.stepEnded(copyResult(event))),
    onStepError: onCall(({ operation }, event) => operation?.stepFailed(event.error)),
    onObjectStepStart: onCall(({ object }, event) => object?.stepStarted(event)),
    onObjectStepEnd: onCall(({ object }, event) => object?.stepEnded(event)),
    onEmbedStart: onCall(({ embedding }, event) => embedding?.callStarted(event)),
    onEmbedEnd: onCall(({ embedding }, event) => embedding?.callEnded(event)),
    onEnd: onCall((call, event) => {
      calls.forget(event);
      (call.embedding ?? call.object ?? call.operation)?.finished(event);
    }),
    onAbort: onCall(({ operation }, event) => operation?.interrupted(event.reason)),
    onError: onCall((call, event) => {
      calls.forget(event);
      (call.embedding ?? call.object ?? call.operation)?.broke(readField(event, "error"));
    }),
    stats: () => recorder.stats,
    flush: (flushOptions) => recorder.flush(flushOptions),
    shutdown: (flushOptions) => {
      quietly(() => calls.interruptAll());
      quietly(() => runs.interruptAll());
      return recorder.shutdown(flushOptions);
    },
  };
}

type Quietly = <Answer>(work: () => Answer) => Answer | undefined;

function executeModelCall<Result>(
  operation: OperationRecording,
  execute: () => PromiseLike<Result>,
  quietly: Quietly,
): PromiseLike<Result> {
  const attempt = quietly(() => operation.attemptStarted());
  if (!attempt) return execute();
  const outcome = listeningToHttp(attempt, execute);
  // A branch of its own: the application gets the very promise that it would have got.
  void Promise.resolve(outcome).then(
    (result) => quietly(() => operation.attemptAnswered(attempt, result)),
    (error: unknown) => quietly(() => operation.attemptFailed(attempt, error)),
  );
  return outcome;
}

/** The calls that a tool makes belong to the run that the tool is part of. */
function executeTool<Result>(
  operation: OperationRecording,
  runs: OpenRuns,
  event: { toolCallId: string; execute: () => PromiseLike<Result> },
  quietly: Quietly,
): PromiseLike<Result> {
  const { toolCallId, execute } = event;
  const { id: chatId, ...chat } = operation.run.chat;
  const tool = { parent_step_number: operation.stepNumber, parent_tool_call_id: toolCallId };
  const use = quietly(() => operation.toolStarted(toolNameOf(event), toolCallId));
  const outcome = runInChatScope({ ...chat, chatId }, () => {
    quietly(() => {
      const scope = currentChatScope();
      if (scope) shareRun(scope, runs, operation.run, tool);
    });
    return execute();
  });
  if (use) {
    void outcome.then(
      () => quietly(() => operation.toolEnded(use, "completed")),
      (error: unknown) => quietly(() => operation.toolEnded(use, isAbort(error) ? "interrupted" : "error")),
    );
  }
  return outcome;
}

function toolNameOf(event: unknown): string {
  const name = readField(readField(event, "toolCall"), "toolName");
  return typeof name === "string" ? name : "unknown";
}

function warnNoChat(warnings: Warnings): void {
  warnings.once(
    "no_chat_id",
    "A model call was not recorded because it does not say which chat it belongs to: spread inChat({ chatId }) into " +
      "its options, make it within inChat({ chatId }, work), or let the runtime context's property `shelflife` through " +
      "with telemetry.includeRuntimeContext.",
  );
}
