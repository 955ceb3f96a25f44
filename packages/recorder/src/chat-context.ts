import { CHAT_TITLE_CHARACTERS, mapChatId, RUN_KINDS, type RunKind } from "@shelflife/api-contract";
import { v5 as nameBasedUuid } from "uuid";

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

/** A chat as the server knows it. */
export interface RecordedChat {
  id: string;
  kind: RunKind;
  title?: string;
  owner?: string;
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
