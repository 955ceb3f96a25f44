import type { NormalizedMessage, NormalizedPart } from "@shelflife/api-contract";

/** English text and JSON come to about four characters a token. */
const CHARACTERS_A_TOKEN = 4;

/** Messages are counted once: an agent's every request repeats those before it. */
const counted = new WeakMap<object, number>();

/** About how many tokens a value of a request or an answer is worth. */
export function countTokens(value: NormalizedMessage | readonly NormalizedPart[] | readonly object[]): number {
  const known = counted.get(value);
  if (known !== undefined) return known;
  const tokens = Math.ceil(JSON.stringify(value).length / CHARACTERS_A_TOKEN);
  counted.set(value, tokens);
  return tokens;
}

export function countTokensOfAll(messages: readonly NormalizedMessage[]): number {
  return messages.reduce((sum, message) => sum + countTokens(message), 0);
}
