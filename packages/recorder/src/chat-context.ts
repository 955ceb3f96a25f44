import { CHAT_TITLE_CHARACTERS, mapChatId, RUN_KINDS, type RunKind } from "@shelflife/api-contract";
import { v5 as nameBasedUuid } from "uuid";

import { runInChatScope } from "./chat-scope.ts";

/** Which chat a model call belongs to. */
export interface ChatContext {
  /** A UUID is kept. Any other id is mapped to one, always the same. */
  chatId: string;
  /** What the call is for; `chat_turn` unless told. */
  kind?: RunKind;
  /** The chat's title, for people who look at its records. */
  title?: string;
  /** E-mail address or id of the person whose chat this is; only with a key of the scope `ingest`. */
  owner?: string;
}

/** Call options of the AI SDK that name the chat. */
export interface ChatCallOptions {
  runtimeContext: { shelflife: ChatContext };
  telemetry: { includeRuntimeContext: { shelflife: true } };
}

/** A chat as the server knows it. */
export interface RecordedChat {
  id: string;
  kind: RunKind;
  title?: string;
  owner?: string;
}

/**
 * Names the chat of a model call. Spread the answer into the call's options:
 *
 * ```ts
 * streamText({ model, prompt, ...inChat({ chatId }) });
 * ```
 *
 * The AI SDK keeps the runtime context from telemetry unless it is let through property by property; both halves are
 * in the answer. A call that has a runtime context or telemetry options of its own adds them by hand:
 * `runtimeContext: { ...own, shelflife: { chatId } }, telemetry: { includeRuntimeContext: { shelflife: true } }`.
 */
export function inChat(chat: ChatContext): ChatCallOptions;

/**
 * Does some work whose model calls are one run of the chat, through whichever recorder they are made. The answer is that
 * of the work:
 *
 * ```ts
 * await inChat({ chatId }, () => openai.chat.completions.create({ model, messages }));
 * ```
 *
 * The run is over when the work is done and its last stream has ended, so that the work may answer a stream.
 */
export function inChat<Answer>(chat: ChatContext, work: () => Answer | PromiseLike<Answer>): Promise<Answer>;

export function inChat<Answer>(
  chat: ChatContext,
  work?: () => Answer | PromiseLike<Answer>,
): ChatCallOptions | Promise<Answer> {
  if (work) return runInChatScope(chat, work);
  return {
    runtimeContext: { shelflife: chat },
    telemetry: { includeRuntimeContext: { shelflife: true } },
  };
}

/** Reads the chat out of a telemetry event's runtime context; undefined where there is none. */
export function readChat(runtimeContext: unknown, namespace: string): RecordedChat | undefined {
  return toRecordedChat(isRecord(runtimeContext) ? runtimeContext["shelflife"] : undefined, namespace);
}

/** Takes a `ChatContext` for what it turns out to be: it comes from an application, which may know no types. */
export function toRecordedChat(context: unknown, namespace: string): RecordedChat | undefined {
  if (!isRecord(context)) return undefined;
  const { chatId, kind, title, owner } = context;
  if (typeof chatId !== "string" || chatId === "") return undefined;
  const shownTitle = typeof title === "string" ? title.trim().slice(0, CHAT_TITLE_CHARACTERS).trim() : "";
  return {
    id: chatUuid(chatId, namespace),
    kind: isRunKind(kind) ? kind : "chat_turn",
    ...(shownTitle !== "" && { title: shownTitle }),
    ...(typeof owner === "string" && owner !== "" && { owner }),
  };
}

/**
 * A UUID passes through in lower case; any other id becomes a UUID version 5 of itself within the namespace, so that
 * every process maps it the same way.
 */
export function chatUuid(chatId: string, namespace = ""): string {
  return mapChatId(chatId, namespace, nameBasedUuid);
}

function isRunKind(kind: unknown): kind is RunKind {
  return RUN_KINDS.some((known) => known === kind);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
