import type { ChatContext } from "./chat-context.ts";
import { FetchCalls } from "./http/fetch-calls.ts";
import { NOTHING_RECORDED, openRecorder } from "./open-recorder.ts";
import { OpenRuns } from "./open-runs.ts";
import type { FlushOptions, Recorder } from "./recorder.ts";
import { type RecorderOptions, type ResolvedOptions, resolveOptions } from "./recorder-options.ts";
import { Warnings } from "./warnings.ts";
import type { RecordingControls } from "./recording-controls.ts";

export type { ChatContext } from "./chat-context.ts";
export { inChat } from "./in-chat.ts";

export interface ShelflifeFetchOptions extends Omit<RecorderOptions, "fetch"> {
  /** The chat of calls that are made outside of `inChat`, or how to find it out. */
  chat?: ChatContext | (() => ChatContext | undefined) | undefined;
  /** Makes the application's requests; the global `fetch` unless told. */
  fetch?: typeof globalThis.fetch | undefined;
  /** Makes the recorder's own requests; the same `fetch` unless told. */
  sendWith?: RecorderOptions["fetch"];
}

/** A `fetch` that records the model calls which are made through it. */
export interface ShelflifeFetch extends RecordingControls {
  (...request: Parameters<typeof globalThis.fetch>): Promise<Response>;
}

/**
 * Records the model calls of any library that takes a `fetch`. Make one for the application:
 *
 * ```ts
 * const openai = new OpenAI({ fetch: shelflifeFetch({ baseUrl, key }) });
 * await inChat({ chatId }, () => openai.chat.completions.create({ model, messages }));
 * ```
 *
 * One step per call, one attempt per request; all calls of one `inChat` are one run, and a call elsewhere is a run of its
 * own. OpenAI's chat completions and responses and Anthropic's messages are understood, streamed or not; of any other
 * API the raw attempts are recorded. It never throws into the application, never waits for the server, and passes
 * streams on as they are read.
 */
export function shelflifeFetch(options: ShelflifeFetchOptions = {}): ShelflifeFetch {
  const { chat, fetch = globalThis.fetch, sendWith, ...rest } = options;
  // Taken here once: should this very function become the global one, it must not call itself.
  const resolved = resolveOptions({ ...rest, fetch: sendWith ?? fetch }, globalThis.process?.env ?? {});
  const warnings = new Warnings(resolved.onWarning);
  const recorder = openRecorder(resolved, warnings);
  const chatElsewhere = typeof chat === "function" ? chat : () => chat;
  return recorder ? recording(fetch, recorder, resolved, warnings, chatElsewhere) : recordingNothing(fetch);
}

function recordingNothing(fetch: typeof globalThis.fetch): ShelflifeFetch {
  return Object.assign((...request: Parameters<typeof fetch>) => fetch(...request), {
    stats: () => ({ ...NOTHING_RECORDED }),
    flush: () => Promise.resolve(true),
    shutdown: () => Promise.resolve(true),
  });
}

function recording(
  fetch: typeof globalThis.fetch,
  recorder: Recorder,
  { clock, chatIdNamespace }: ResolvedOptions,
  warnings: Warnings,
  chatElsewhere: () => ChatContext | undefined,
): ShelflifeFetch {
  const runs = new OpenRuns(recorder, clock);
  const noChat = (): void => warnNoChat(warnings);
  const calls = new FetchCalls({ recorder, runs, clock, chatIdNamespace, chatElsewhere, noChat });

  /** What the recorder does wrong is its own affair, and never the application's. */
  const quietly = <Answer>(work: () => Answer): Answer | undefined => {
    try {
      return work();
    } catch {
      warnings.once("internal", "A call could not be recorded completely.");
      return undefined;
    }
  };

  const recordingFetch = (...request: Parameters<typeof fetch>): Promise<Response> => {
    const exchange = quietly(() => calls.begin(...request));
    if (!exchange) return fetch(...request);
    const failed = (error: unknown): never => {
      quietly(() => exchange.failed(error));
      throw error;
    };
    let answer: Promise<Response>;
    try {
      answer = fetch(...request);
    } catch (error) {
      return failed(error);
    }
    return Promise.resolve(answer).then((response) => quietly(() => exchange.answered(response)) ?? response, failed);
  };

  return Object.assign(recordingFetch, {
    stats: () => recorder.stats,
    flush: (options?: FlushOptions) => recorder.flush(options),
    shutdown: (options?: FlushOptions) => {
      quietly(() => runs.interruptAll());
      calls.close();
      return recorder.shutdown(options);
    },
  });
}

function warnNoChat(warnings: Warnings): void {
  warnings.once(
    "no_chat_id",
    "A model call was not recorded because it does not say which chat it belongs to: make it inside of " +
      "inChat({ chatId }, () => ...), or pass `chat` to shelflifeFetch.",
  );
}
