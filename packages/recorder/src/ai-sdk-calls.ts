import { metadataOf, visibilityOf } from "./ai-sdk-events.ts";
import { type RecordedChat, readChat, toRecordedChat } from "./chat-context.ts";
import { type ChatScope, currentChatScope } from "./chat-scope.ts";
import type { Clock } from "./clock.ts";
import { EmbeddingRecording } from "./embedding-recording.ts";
import { readField } from "./normalize-error.ts";
import { countProviderOptions } from "./normalize-request.ts";
import { ObjectRecording } from "./object-recording.ts";
import type { OpenRuns } from "./open-runs.ts";
import { OperationRecording } from "./operation-recording.ts";
import type { RunRecording, RunStart } from "./run-recording.ts";
import { joinRun } from "./shared-runs.ts";

const OPERATIONS = {
  "ai.generateText": { shape: "text", operation: "generate" },
  "ai.streamText": { shape: "text", operation: "stream" },
  "ai.generateObject": { shape: "object", operation: "generate" },
  "ai.streamObject": { shape: "object", operation: "stream" },
  "ai.embed": { shape: "embedding", operation: "generate" },
  "ai.embedMany": { shape: "embedding", operation: "generate" },
} as const;

/** One call of the AI SDK that is going on, by the events that it has. */
export interface OpenCall {
  /** Not for embeddings. */
  operation?: OperationRecording;
  object?: ObjectRecording;
  embedding?: EmbeddingRecording;
}

/** Whose run a call belongs to. */
interface Belonging {
  run: RunRecording;
  chat: RecordedChat;
  /** False where the run is that of the call that a tool runs for. */
  holdsRun: boolean;
  metadata: Record<string, string | number>;
}

export interface CallsSurroundings {
  runs: OpenRuns;
  chatIdNamespace: string;
  clock: Clock;
  /** Told of a call that does not say its chat. */
  noChat(): void;
}

/** The calls of the AI SDK that are going on, by the id that all their events bear. */
export class AiSdkCalls {
  readonly #calls = new Map<string, OpenCall>();
  readonly #around: CallsSurroundings;

  constructor(around: CallsSurroundings) {
    this.#around = around;
  }

  /** Undefined for a call that is not recorded: one of another kind, or without a chat. */
  find(event: unknown): OpenCall | undefined {
    return this.#calls.get(String(readField(event, "callId")));
  }

  forget(event: unknown): void {
    this.#calls.delete(String(readField(event, "callId")));
  }

  start(event: unknown): void {
    const operationId = String(readField(event, "operationId"));
    if (!Object.hasOwn(OPERATIONS, operationId)) return;
    const { shape, operation } = OPERATIONS[operationId as keyof typeof OPERATIONS];
    const belonging = this.#belongingOf(event, shape === "embedding");
    if (!belonging) return this.#around.noChat();
    const visibility = visibilityOf(event);
    const metadata = { ...metadataOf(event), ...belonging.metadata };
    const { run, holdsRun } = belonging;
    if (shape === "embedding") {
      const settings = { providerOptionCount: countProviderOptions(readField(event, "providerOptions")) };
      const start = { visibility, metadata: { ...metadata, operation_name: operationId }, settings };
      return this.#keep(event, { embedding: new EmbeddingRecording(start, run, holdsRun) });
    }
    const recording = new OperationRecording({ operation, visibility, metadata, holdsRun }, run, {
      clock: this.#around.clock,
      continueRun: () => this.#around.runs.start(runStartOf(event, belonging.chat)),
      over: () => this.forget(event),
    });
    const object = shape === "object" ? { object: new ObjectRecording(recording, event) } : {};
    this.#keep(event, { operation: recording, ...object });
  }

  interruptAll(): void {
    for (const { operation, embedding } of this.#calls.values()) {
      operation?.interrupted();
      embedding?.interrupted();
    }
    this.#calls.clear();
  }

  #keep(event: unknown, call: OpenCall): void {
    this.#calls.set(String(readField(event, "callId")), call);
  }

  /**
   * A call that names its chat is a run of its own, wherever it is made. Any other belongs to the run of the work that
   * it is made in: that of `inChat`, or of the call that a tool runs for.
   */
  #belongingOf(event: unknown, isEmbedding: boolean): Belonging | undefined {
    const { chatIdNamespace, runs } = this.#around;
    const context = readField(event, "runtimeContext");
    const named = readChat(context, chatIdNamespace);
    if (named) {
      const kindIsTold = typeof readField(readField(context, "shelflife"), "kind") === "string";
      const chat: RecordedChat = isEmbedding && !kindIsTold ? { ...named, kind: "quickgen" } : named;
      return { run: runs.start(runStartOf(event, chat)), chat, holdsRun: true, metadata: {} };
    }
    const scope = currentChatScope();
    const chat = scope && toRecordedChat(scope.chat, chatIdNamespace);
    if (!scope || !chat) return undefined;
    return { chat, ...this.#joinRun(scope, runStartOf(event, chat)) };
  }

  #joinRun(scope: ChatScope, start: RunStart): Omit<Belonging, "chat"> {
    const { runs } = this.#around;
    const { run, tool } = joinRun(scope, runs, () => runs.start(start));
    return { run, holdsRun: tool === undefined, metadata: tool ?? {} };
  }
}

function runStartOf(event: unknown, chat: RecordedChat): RunStart {
  return { chat, provider: String(readField(event, "provider")), model: String(readField(event, "modelId")) };
}
