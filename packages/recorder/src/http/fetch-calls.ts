import { type ChatContext, type RecordedChat, toRecordedChat } from "../chat-context.ts";
import { type ChatScope, currentChatScope } from "../chat-scope.ts";
import type { Clock } from "../clock.ts";
import type { OpenRuns } from "../open-runs.ts";
import type { Recorder } from "../recorder.ts";
import type { RunRecording } from "../run-recording.ts";
import { joinRun } from "../shared-runs.ts";
import { wireFormatOf } from "../wire/wire-formats.ts";
import { type CapturedRequest, captureRequest, pathOf } from "./captured-request.ts";
import { FetchCall, type FetchExchange } from "./fetch-call.ts";

/** Asking for something is no model call, which has to send what it asks. */
const METHODS_WITHOUT_A_PROMPT = new Set(["GET", "HEAD", "OPTIONS"]);

export interface FetchSurroundings {
  recorder: Recorder;
  runs: OpenRuns;
  clock: Clock;
  chatIdNamespace: string;
  /** The chat of a call that is made outside of `inChat`. */
  chatElsewhere(): ChatContext | undefined;
  /** Told of a call that does not say its chat. */
  noChat(): void;
}

/** The model calls that are made through one recording `fetch`, each in its run. */
export class FetchCalls {
  readonly #around: FetchSurroundings;
  readonly #awaitingRetry = new Set<FetchCall>();
  #closed = false;

  constructor(around: FetchSurroundings) {
    this.#around = around;
    // Inside of `inChat` the end of the work tells whether another attempt comes; elsewhere nothing does.
    around.recorder.beforeFlush(() => {
      for (const call of this.#awaitingRetry) if (!call.scope || call.scope.ended) call.concede();
    });
  }

  /** From now on nothing is recorded, not even of what is going on. */
  close(): void {
    this.#closed = true;
  }

  /** Undefined for a request that is not recorded. */
  begin(input: unknown, init: RequestInit | undefined): FetchExchange | undefined {
    if (this.#closed) return undefined;
    const request = captureRequest(input, init);
    if (METHODS_WITHOUT_A_PROMPT.has(request.method)) return undefined;
    const scope = currentChatScope();
    const { chatIdNamespace, chatElsewhere, noChat } = this.#around;
    const chat = toRecordedChat(scope?.chat ?? chatElsewhere(), chatIdNamespace);
    if (chat) return (this.#retriedBy(request, scope, chat) ?? this.#makeCall(request, scope, chat)).begin(request);
    noChat();
    return undefined;
  }

  #retriedBy(request: CapturedRequest, scope: ChatScope | undefined, chat: RecordedChat): FetchCall | undefined {
    for (const call of this.#awaitingRetry) {
      if (call.scope === scope && call.chatId === chat.id && call.isRetriedBy(request)) return call;
    }
    return undefined;
  }

  #makeCall(request: CapturedRequest, scope: ChatScope | undefined, chat: RecordedChat): FetchCall {
    const { clock, recorder, runs } = this.#around;
    const makeRun = (): RunRecording => runs.start({ chat, provider: providerOf(request), model: "" });
    const run = scope ? joinRun(scope, runs, makeRun).run : makeRun();
    return new FetchCall(run, scope, request, {
      clock,
      defer: (work) => {
        if (!this.#closed) recorder.defer(work);
      },
      awaitsRetry: (call, awaits) => {
        if (awaits) this.#awaitingRetry.add(call);
        else this.#awaitingRetry.delete(call);
      },
    });
  }
}

/** The two whose libraries are known by the name of their API as elsewhere, all others by their host. */
function providerOf(request: CapturedRequest): string {
  const host = URL.parse(request.url)?.hostname ?? "unknown";
  const format = wireFormatOf(pathOf(request.url));
  return format && /^api\.(?:openai|anthropic)\.com$/.test(host) ? format.name : host;
}
