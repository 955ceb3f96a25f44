import { BaseCallbackHandler } from "@langchain/core/callbacks/base";

import type { ChatContext } from "./chat-context.ts";
import { currentChatScope } from "./chat-scope.ts";
import { chatOf, namesChat, warnNoChat } from "./langchain/langchain-chat.ts";
import { LangchainRuns } from "./langchain/langchain-runs.ts";
import { readField } from "./normalize-error.ts";
import { NOTHING_RECORDED, openRecorder } from "./open-recorder.ts";
import { OpenRuns } from "./open-runs.ts";
import type { FlushOptions, Recorder } from "./recorder.ts";
import { type RecorderOptions, type ResolvedOptions, resolveOptions } from "./recorder-options.ts";
import type { RunRecording } from "./run-recording.ts";
import type { RecordingControls } from "./recording-controls.ts";
import type { RecorderStats } from "./sender.ts";
import { joinRun } from "./shared-runs.ts";
import { Warnings } from "./warnings.ts";

export type { ChatContext } from "./chat-context.ts";
export { inChat } from "./in-chat.ts";

export interface ShelflifeCallbackHandlerOptions extends RecorderOptions {
  /** The chat of calls whose metadata names none and that are made outside of `inChat`, or how to find it out. */
  chat?: ChatContext | (() => ChatContext | undefined) | undefined;
}

/** The tag that LangChain gives to the tries after the first. */
const RETRY_TAG = /^retry:attempt:\d+$/;

/**
 * Records the model calls of LangChain. Make one for the application, and hand it to what is run:
 *
 * ```ts
 * const handler = new ShelflifeCallbackHandler({ baseUrl, key });
 * await chain.invoke(input, { callbacks: [handler], metadata: { shelflife: { chatId } } });
 * ```
 *
 * The outermost chain or model is a run, and each model call in it a step, with the tools that it asked for. It never
 * throws into the application, never waits for the server and never holds up a call.
 */
export class ShelflifeCallbackHandler extends BaseCallbackHandler implements RecordingControls {
  override readonly name = "shelflife";
  readonly #recorder: Recorder | undefined;
  readonly #warnings: Warnings;
  readonly #options: ResolvedOptions;
  readonly #chatElsewhere: () => ChatContext | undefined;
  readonly #openRuns: OpenRuns | undefined;
  readonly #runs: LangchainRuns | undefined;
  #closed = false;

  constructor(options: ShelflifeCallbackHandlerOptions = {}) {
    // Called at once and in the context of the call, each event finds its chat and its time; none of them takes long.
    super({ _awaitHandler: true });
    const { chat, ...rest } = options;
    this.#options = resolveOptions(rest, globalThis.process?.env ?? {});
    this.#warnings = new Warnings(this.#options.onWarning);
    this.#chatElsewhere = typeof chat === "function" ? chat : () => chat;
    this.#recorder = openRecorder(this.#options, this.#warnings);
    if (!this.#recorder) return;
    const { clock } = this.#options;
    this.#openRuns = new OpenRuns(this.#recorder, clock);
    this.#runs = new LangchainRuns({ clock, makeRun: (names) => this.#makeRun(names) });
  }

  /** LangChain copies handlers; a copy of this one would have a queue of its own. */
  override copy(): this {
    return this;
  }

  /** What became of the items recorded so far. */
  stats(): RecorderStats {
    return this.#recorder?.stats ?? { ...NOTHING_RECORDED };
  }

  /** Sends what waits, now. Answers whether all of it reached the server within the time (5 seconds unless told). */
  async flush(options?: FlushOptions): Promise<boolean> {
    return (await this.#recorder?.flush(options)) ?? true;
  }

  /**
   * Closes what is still going on as interrupted, sends what waits, and records nothing from then on. Answers whether
   * all of it reached the server within the time (5 seconds unless told).
   */
  async shutdown(options?: FlushOptions): Promise<boolean> {
    this.#quietly(() => this.#openRuns?.interruptAll());
    this.#closed = true;
    return (await this.#recorder?.shutdown(options)) ?? true;
  }

  /** The arguments after the id have changed places between versions: a parent is a run that is known. */
  override handleChainStart(chain: unknown, _inputs: unknown, runId: string, ...rest: unknown[]): void {
    this.#quietly((runs) => {
      runs.started(
        runId,
        rest.find((argument): argument is string => runs.has(argument)),
      );
      const className = readField(chain, "id");
      if (Array.isArray(className) && className.at(-1) === "RunnableRetry") runs.retries(runId);
    });
  }

  override handleChainEnd(_outputs: unknown, runId: string): void {
    this.#ended(runId);
  }

  override handleChainError(error: unknown, runId: string): void {
    this.#ended(runId, { error });
  }

  override handleRetrieverStart(_retriever: unknown, _query: string, runId: string, parentRunId?: string): void {
    this.#quietly((runs) => void runs.started(runId, parentRunId));
  }

  override handleRetrieverEnd(_documents: unknown, runId: string): void {
    this.#ended(runId);
  }

  override handleRetrieverError(error: unknown, runId: string): void {
    this.#ended(runId, { error });
  }

  override handleChatModelStart(
    _model: unknown,
    messages: unknown[][],
    runId: string,
    parentRunId?: string,
    extraParams?: unknown,
    tags?: string[],
    metadata?: unknown,
  ): void {
    this.#modelStarted(messages[0] ?? [], runId, parentRunId, extraParams, tags, metadata);
  }

  override handleLLMStart(
    _model: unknown,
    prompts: string[],
    runId: string,
    parentRunId?: string,
    extraParams?: unknown,
    tags?: string[],
    metadata?: unknown,
  ): void {
    this.#modelStarted(prompts[0] ?? "", runId, parentRunId, extraParams, tags, metadata);
  }

  override handleLLMNewToken(
    token: unknown,
    _indices: unknown,
    runId: string,
    _parentRunId?: string,
    _tags?: string[],
    fields?: unknown,
  ): void {
    this.#quietly((runs) => runs.find(runId)?.token(runId, token, readField(fields, "chunk")));
  }

  override handleLLMEnd(output: unknown, runId: string): void {
    this.#quietly((runs) => runs.find(runId)?.modelEnded(runId, output));
    this.#ended(runId);
  }

  override handleLLMError(error: unknown, runId: string, parentRunId?: string): void {
    this.#quietly((runs) => {
      runs.find(runId)?.modelFailed(runId, error, runs.doesRetry(parentRunId) ? parentRunId : undefined);
    });
    this.#ended(runId, { error });
  }

  override handleToolStart(
    tool: unknown,
    _input: string,
    runId: string,
    parentRunId?: string,
    _tags?: string[],
    _metadata?: unknown,
    runName?: string,
    toolCallId?: string,
  ): void {
    this.#quietly((runs) => {
      const name = runName ?? readField(tool, "name");
      runs.started(runId, parentRunId).toolStarted(runId, typeof name === "string" ? name : "unknown", toolCallId);
    });
  }

  override handleToolEnd(output: unknown, runId: string): void {
    this.#quietly((runs) => runs.find(runId)?.toolEnded(runId, output));
    this.#ended(runId);
  }

  override handleToolError(error: unknown, runId: string): void {
    this.#quietly((runs) => runs.find(runId)?.toolFailed(runId, error));
    this.#ended(runId, { error });
  }

  #modelStarted(
    prompt: unknown,
    runId: string,
    parentRunId: string | undefined,
    extraParams: unknown,
    tags: string[] | undefined,
    metadata: unknown,
  ): void {
    this.#quietly((runs) => {
      const isRetry = tags?.some((tag) => RETRY_TAG.test(tag)) ?? false;
      const operation = runs.started(runId, parentRunId);
      operation.modelStarted(runId, parentRunId, { prompt, extraParams, metadata }, isRetry);
    });
  }

  #ended(runId: string, failure?: { error: unknown }): void {
    this.#quietly((runs) => {
      const operation = runs.find(runId);
      operation?.innerEnded(runId);
      if (!runs.ended(runId)) return;
      if (failure) operation?.failed(failure.error);
      else operation?.ended();
    });
  }

  #makeRun(names: { provider: string; model: string; metadata: unknown }): RunRecording | undefined {
    const { provider, model, metadata } = names;
    const runs = this.#openRuns;
    const scope = currentChatScope();
    const chat = chatOf(metadata, scope?.chat, this.#chatElsewhere, this.#options.chatIdNamespace);
    if (!chat || !runs) {
      warnNoChat(this.#warnings);
      return undefined;
    }
    const makeRun = (): RunRecording => runs.start({ chat, provider, model });
    // Metadata that names a chat of its own makes a run of its own.
    return scope && !namesChat(metadata) ? joinRun(scope, runs, makeRun).run : makeRun();
  }

  /** What the recorder does wrong is its own affair, and never the application's. */
  #quietly(work: (runs: LangchainRuns) => void): void {
    try {
      if (this.#runs && !this.#closed) work(this.#runs);
    } catch {
      this.#warnings.once("internal", "A call could not be recorded completely.");
    }
  }
}
