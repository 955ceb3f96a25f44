import type { ChatContext } from "./chat-context.ts";
import { isListenedTo, listeningToHttp } from "./http-exchange.ts";
import type { ModelCall } from "./middleware/model-call.ts";
import { ModelCalls } from "./middleware/model-calls.ts";
import { readField } from "./normalize-error.ts";
import { NOTHING_RECORDED, openRecorder } from "./open-recorder.ts";
import { OpenRuns } from "./open-runs.ts";
import type { Recorder } from "./recorder.ts";
import { type RecorderOptions, type ResolvedOptions, resolveOptions } from "./recorder-options.ts";
import { Warnings } from "./warnings.ts";
import type { RecordingControls } from "./recording-controls.ts";

export type { ChatContext } from "./chat-context.ts";
export { inChat } from "./in-chat.ts";
export { type Mask, type MaskedField, maskTexts } from "./mask.ts";
export type { RecorderOptions } from "./recorder-options.ts";

export interface ShelflifeMiddlewareOptions extends RecorderOptions {
  /** The chat of calls that are made outside of `inChat`, or how to find it out. */
  chat?: ChatContext | (() => ChatContext | undefined) | undefined;
  /** False records no prompts and no tool definitions. */
  recordInputs?: boolean | undefined;
  /** False records no answers. */
  recordOutputs?: boolean | undefined;
}

/**
 * A middleware for language models of the AI SDK 5, 6 and 7, and for embedding models of 6 and 7. Its types are those of
 * no version in particular, so that each takes it for its own.
 */
export interface ShelflifeMiddleware extends RecordingControls {
  readonly specificationVersion: "v3";
  wrapGenerate<Result>(call: {
    doGenerate: () => PromiseLike<Result>;
    params: unknown;
    model: unknown;
  }): Promise<Result>;
  wrapStream<Result>(call: { doStream: () => PromiseLike<Result>; params: unknown; model: unknown }): Promise<Result>;
  wrapEmbed<Result>(call: { doEmbed: () => PromiseLike<Result>; params: unknown; model: unknown }): Promise<Result>;
}

/**
 * Records the calls of a language model of the AI SDK 5 or 6 in the background:
 *
 * ```ts
 * const middleware = shelflifeMiddleware({ baseUrl, key });
 * const model = wrapLanguageModel({ model: openai("gpt-5"), middleware });
 * await inChat({ chatId }, () => generateText({ model, prompt }));
 * ```
 *
 * `wrapEmbeddingModel` of the AI SDK 6 takes the same middleware.
 *
 * All calls of one `inChat` are one run, with a step for each model call and an attempt for each try. It never throws
 * into the application, never waits for the server and never holds up a call. Within a call that the telemetry
 * integration of the AI SDK 7 records it does nothing.
 */
export function shelflifeMiddleware(options: ShelflifeMiddlewareOptions = {}): ShelflifeMiddleware {
  const resolved = resolveOptions(options, globalThis.process?.env ?? {});
  const warnings = new Warnings(resolved.onWarning);
  const recorder = openRecorder(resolved, warnings);
  return recorder ? recording(recorder, resolved, options, warnings) : RECORDING_NOTHING;
}

const RECORDING_NOTHING: ShelflifeMiddleware = {
  specificationVersion: "v3",
  wrapGenerate: async ({ doGenerate }) => doGenerate(),
  wrapStream: async ({ doStream }) => doStream(),
  wrapEmbed: async ({ doEmbed }) => doEmbed(),
  stats: () => ({ ...NOTHING_RECORDED }),
  flush: () => Promise.resolve(true),
  shutdown: () => Promise.resolve(true),
};

function recording(
  recorder: Recorder,
  { clock, chatIdNamespace }: ResolvedOptions,
  { chat, recordInputs = true, recordOutputs = true }: ShelflifeMiddlewareOptions,
  warnings: Warnings,
): ShelflifeMiddleware {
  const runs = new OpenRuns(recorder, clock);
  const calls = new ModelCalls({
    recorder,
    runs,
    clock,
    chatIdNamespace,
    visibility: { inputs: recordInputs, outputs: recordOutputs },
    chatElsewhere: typeof chat === "function" ? chat : () => chat,
    noChat: () => warnNoChat(warnings),
  });
  let closed = false;

  /** What the recorder does wrong is its own affair, and never the application's. */
  const quietly = <Answer>(work: () => Answer): Answer | undefined => {
    try {
      return work();
    } catch {
      warnings.once("internal", "A call could not be recorded completely.");
      return undefined;
    }
  };

  /** Makes a call, with somebody listening. What it answers and throws is the application's own. */
  const make = async <Result>(
    toMake: Parameters<ModelCalls["begin"]>[0],
    execute: () => PromiseLike<Result>,
    answered: (call: ModelCall, result: Result) => Result,
  ): Promise<Result> => {
    const call = closed || isListenedTo() ? undefined : quietly(() => calls.begin(toMake));
    const attempt = call && quietly(() => call.tryOnce());
    if (!call || !attempt) return execute();
    let result: Result;
    try {
      result = await listeningToHttp(attempt, execute);
    } catch (error) {
      quietly(() => call.broke(error));
      throw error;
    }
    return quietly(() => answered(call, result)) ?? result;
  };

  return {
    specificationVersion: "v3",
    wrapGenerate: ({ doGenerate, params, model }) =>
      make({ operation: "generate", params, model }, doGenerate, (call, result) => {
        calls.asked(call, call.answered(result));
        return result;
      }),
    wrapStream: ({ doStream, params, model }) =>
      make({ operation: "stream", params, model }, doStream, (call, result) => {
        const stream = readField(result, "stream");
        if (!(stream instanceof ReadableStream)) return result;
        return { ...result, stream: call.streams(result, stream, (ids) => calls.asked(call, ids)) };
      }),
    wrapEmbed: ({ doEmbed, params, model }) =>
      make({ operation: "embed", params, model }, doEmbed, (call, result) => {
        call.embedded(result);
        return result;
      }),
    stats: () => recorder.stats,
    flush: (flushOptions) => recorder.flush(flushOptions),
    shutdown: (flushOptions) => {
      closed = true;
      quietly(() => runs.interruptAll());
      return recorder.shutdown(flushOptions);
    },
  };
}

function warnNoChat(warnings: Warnings): void {
  warnings.once(
    "no_chat_id",
    "A model call was not recorded because it does not say which chat it belongs to: make it within " +
      "inChat({ chatId }, work), or tell shelflifeMiddleware({ chat }) where its calls belong.",
  );
}
