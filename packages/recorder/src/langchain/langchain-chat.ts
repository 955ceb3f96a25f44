import { type ChatContext, type RecordedChat, toRecordedChat } from "../chat-context.ts";
import { readField } from "../normalize-error.ts";
import type { Warnings } from "../warnings.ts";

/** Under these names LangGraph and LangSmith know a conversation. */
const THREADS = ["thread_id", "session_id", "conversation_id"];

/** Whether a call's metadata say on purpose which chat it belongs to. */
export function namesChat(metadata: unknown): boolean {
  return readField(metadata, "shelflife") !== undefined;
}

/** The chat of a call, from whoever says it first: its metadata, the work around it, its thread, the handler. */
export function chatOf(
  metadata: unknown,
  aroundIt: ChatContext | undefined,
  elsewhere: () => ChatContext | undefined,
  namespace: string,
): RecordedChat | undefined {
  const thread = THREADS.map((name) => readField(metadata, name)).find((id) => typeof id === "string");
  const candidates = [
    () => readField(metadata, "shelflife"),
    () => aroundIt,
    () => (thread === undefined ? undefined : { chatId: thread }),
    elsewhere,
  ];
  for (const candidate of candidates) {
    const chat = toRecordedChat(candidate(), namespace);
    if (chat) return chat;
  }
  return undefined;
}

export function warnNoChat(warnings: Warnings): void {
  warnings.once(
    "no_chat_id",
    "A model call was not recorded because it does not say which chat it belongs to: pass " +
      "metadata: { shelflife: { chatId } } beside the callbacks, or make it inside of inChat({ chatId }, () => ...).",
  );
}
