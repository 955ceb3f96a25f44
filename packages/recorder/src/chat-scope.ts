import { AsyncLocalStorage } from "node:async_hooks";

import type { ChatContext } from "./chat-context.ts";
import { oncePerProcess } from "./once-per-process.ts";

export type WorkOutcome = PromiseSettledResult<void>;

const scopes = oncePerProcess("chat scopes", () => new AsyncLocalStorage<ChatScope>());

/** A piece of the application's work whose model calls belong to one run of a chat. */
export class ChatScope {
  readonly chat: ChatContext;
  #outcome: WorkOutcome | undefined;
  readonly #listeners: ((outcome: WorkOutcome) => void)[] = [];

  constructor(chat: ChatContext) {
    this.chat = chat;
  }

  /** Work that was left running may make calls after the end; they belong to runs of their own. */
  get ended(): boolean {
    return this.#outcome !== undefined;
  }

  get failed(): boolean {
    return this.#outcome?.status === "rejected";
  }

  onEnd(listener: (outcome: WorkOutcome) => void): void {
    this.#listeners.push(listener);
  }

  end(outcome: WorkOutcome): void {
    this.#outcome = outcome;
    for (const listener of this.#listeners) {
      try {
        listener(outcome);
      } catch {
        // A recorder that fails must not fail the work that it records.
      }
    }
  }
}

/** The scope that the code at hand runs in. */
export function currentChatScope(): ChatScope | undefined {
  return scopes.getStore();
}

/** Answers what the work answers, and fails as it fails. */
export async function runInChatScope<Answer>(
  chat: ChatContext,
  work: () => Answer | PromiseLike<Answer>,
): Promise<Answer> {
  const scope = new ChatScope(chat);
  try {
    // Some promises start their work only when they are awaited, so that has to happen inside as well.
    const answer = await scopes.run(scope, async () => await work());
    scope.end({ status: "fulfilled", value: undefined });
    return answer;
  } catch (error) {
    scope.end({ status: "rejected", reason: error });
    throw error;
  }
}
