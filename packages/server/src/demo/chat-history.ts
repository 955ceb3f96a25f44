import type { NormalizedMessage, NormalizedPart } from "@shelflife/api-contract";

import { countTokens, countTokensOfAll } from "./tokens.ts";

/** A history longer than this is compacted before the next turn. */
const COMPACT_FROM_TOKENS = 4_000;

/** The messages of a chat, which every request to the model repeats from the first. */
export class ChatHistory {
  #messages: NormalizedMessage[] = [];

  get messages(): readonly NormalizedMessage[] {
    return this.#messages;
  }

  get tooLong(): boolean {
    return countTokensOfAll(this.#messages) > COMPACT_FROM_TOKENS;
  }

  add(role: NormalizedMessage["role"], ...parts: NormalizedPart[]): void {
    this.#messages.push({ role, parts });
  }

  /** Puts a summary in the place of everything so far. */
  replaceBy(summary: string): void {
    this.#messages = [{ role: "user", parts: [{ type: "text", text: summary }] }];
  }
}

/** What a provider remembers of the requests of a chat, for a few minutes. */
export class PromptCache {
  #tokens = 0;
  #expiresAt = 0;

  /** How many tokens of a request at this moment have been seen before. */
  tokensAt(moment: number): number {
    return moment < this.#expiresAt ? this.#tokens : 0;
  }

  remember(messages: readonly NormalizedMessage[], tools: readonly object[], moment: number): void {
    this.#tokens = countTokensOfAll(messages) + countTokens(tools);
    this.#expiresAt = moment + 5 * 60_000;
  }

  forget(): void {
    this.#tokens = 0;
  }
}
