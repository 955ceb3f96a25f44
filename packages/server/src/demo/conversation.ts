import type { NormalizedMessage, NormalizedPart } from "@shelflife/api-contract";

import type { ChatItem, RecordedChat } from "./family.ts";
import type { RecordedRun } from "./recorded-run.ts";

export interface Said {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** What was said in a chat, as its owner sees it: the questions and the answers, without tools and thoughts. */
export interface Conversation {
  readonly chat: ChatItem;
  /** The e-mail address of the person whose chat it is. */
  readonly owner: string;
  readonly said: readonly Said[];
}

export function conversationOf({ chat, owner, runs }: RecordedChat): Conversation {
  return { chat, owner, said: runs.filter(({ run }) => run.kind === "chat_turn").flatMap(saidIn) };
}

/** A turn that failed has no answer, and neither has one in progress; one that was cut short has the beginning of one. */
function saidIn({ steps }: RecordedRun): Said[] {
  const messages = (steps[0]?.normalized_request?.["messages"] ?? []) as readonly NormalizedMessage[];
  const question = messages.findLast(({ role }) => role === "user");
  const answer = (steps.at(-1)?.normalized_response?.["content"] ?? []) as readonly NormalizedPart[];
  const said: Said[] = [
    { role: "user", text: textOf(question?.parts ?? []) },
    { role: "assistant", text: textOf(answer) },
  ];
  return said.filter(({ text }) => text !== "");
}

function textOf(parts: readonly NormalizedPart[]): string {
  return parts
    .flatMap((part) => (part.type === "text" && typeof part.text === "string" ? [part.text] : []))
    .join("\n\n");
}
