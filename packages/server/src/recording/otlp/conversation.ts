import { mapChatId } from "@shelflife/api-contract";
import { v5 as nameBasedUuid } from "uuid";

import { numberOf, textOf } from "./attribute-values.ts";
import type { Attributes, Span } from "./span.ts";

/** Where spans name their conversation, the most telling first. */
const CONVERSATION_KEYS = [
  "gen_ai.conversation.id",
  "ai.settings.context.shelflife.chatId",
  "session.id",
  "langfuse.session.id",
  ...inEach(
    ["traceloop.association.properties"],
    ["chat_id", "conversation_id", "session_id", "thread_id", "chatId", "conversationId", "sessionId", "threadId"],
  ),
  ...inEach(
    ["ai.telemetry.metadata", "ai.settings.context"],
    ["chatId", "conversationId", "sessionId", "threadId", "chat_id", "conversation_id", "session_id", "thread_id"],
  ),
];

/** Where spans name the person. */
const PERSON_KEYS = [
  "user.email",
  "ai.settings.context.shelflife.owner",
  "user.id",
  "enduser.id",
  "langfuse.user.id",
  ...inEach(["traceloop.association.properties"], ["user_id", "userId"]),
  ...inEach(["ai.telemetry.metadata", "ai.settings.context"], ["userEmail", "userId", "user_id"]),
];

const NAMESPACE_KEY = "shelflife.chat_id_namespace";

function inEach(prefixes: readonly string[], names: readonly string[]): string[] {
  return prefixes.flatMap((prefix) => names.map((name) => `${prefix}.${name}`));
}

/** A chat as a span names it. */
export interface NamedConversation {
  readonly chatId: string;
  /** The id as it stands in the span. */
  readonly name: string;
}

/**
 * The conversation that a span names by itself, or its resource for it. What says it of the span counts more than what
 * says it of the process.
 */
export function conversationOf({ attributes, resource }: Span): NamedConversation | undefined {
  const name = firstName(attributes, CONVERSATION_KEYS) ?? firstName(resource, CONVERSATION_KEYS);
  if (name === undefined) return undefined;
  const namespace = textOf(attributes, NAMESPACE_KEY) ?? textOf(resource, NAMESPACE_KEY) ?? "";
  return { name, chatId: mapChatId(name, namespace, nameBasedUuid) };
}

/** What a span or its resource calls the person, as the e-mail address or id of an account, or anything else. */
export function personNamesOf({ attributes, resource }: Span): string[] {
  const names = [attributes, resource].flatMap((place) => PERSON_KEYS.map((key) => textOf(place, key)));
  return [...new Set(names.filter((name) => name !== undefined).map((name) => name.toLowerCase()))];
}

/** Ids are texts, but some applications number their conversations. */
function firstName(attributes: Attributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const name = textOf(attributes, key) ?? numberOf(attributes, key);
    if (name !== undefined) return String(name);
  }
  return undefined;
}
