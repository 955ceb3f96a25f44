import type { Clock } from "../../clock.ts";

/** An application may do without conversations, and its log should not fill up with being told so. */
const TOLD_EVERY_MS = 3_600_000;

/** Tells senders of traces that name no conversation how to name one, each of them once an hour. */
export class ConversationHints {
  readonly #clock: Clock;
  /** When each account was told last, in milliseconds. */
  readonly #told = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns empty where the sender was told lately */
  describe(senderId: string, traces: number): string {
    const now = this.#clock.now().getTime();
    if (now - (this.#told.get(senderId) ?? -Infinity) < TOLD_EVERY_MS) return "";
    this.#told.set(senderId, now);
    const subject =
      traces === 1 ? "A trace names no conversation and is" : `${traces} traces name no conversation and are each`;
    return `All was recorded. ${subject} a chat by itself: gen_ai.conversation.id, or session.id, on one of its spans says which chat it belongs to.`;
  }
}
