import { FIRST_MESSAGE_CHARACTERS, truncateCharacters } from "@shelflife/api-contract";

/**
 * The label of a run: the text of the newest user message in the request of its first step, which is the message that
 * set the run off. Older messages of the chat would label every run alike.
 *
 * @returns at most 200 characters on one line, never half a character; undefined where the request has no such text.
 */
export function firstMessage(request: Record<string, unknown> | undefined): string | undefined {
  const messages = request?.["messages"];
  if (!Array.isArray(messages)) return undefined;
  for (const message of messages.toReversed()) {
    if (!isObject(message) || message["role"] !== "user" || !Array.isArray(message["parts"])) continue;
    const texts = message["parts"]
      .filter(isObject)
      .flatMap((part) => (typeof part["text"] === "string" ? part["text"] : []));
    const label = texts.join(" ").replaceAll(/\s+/g, " ").trim();
    if (label !== "") return truncateCharacters(label, FIRST_MESSAGE_CHARACTERS);
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
