import type { ChatContext } from "./chat-context.ts";
import { runInChatScope } from "./chat-scope.ts";

/** Call options of the AI SDK that name the chat. */
export interface ChatCallOptions {
  runtimeContext: { shelflife: ChatContext };
  telemetry: { includeRuntimeContext: { shelflife: true } };
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
