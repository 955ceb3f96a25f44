import type { Chat } from "@shelflife/api-contract";

import { expiryOf } from "./expiry.ts";

const BUSY = new Set<Chat["status"]>(["running", "pending", "paused", "requires_action"]);

/**
 * Before when a conversation is not archived by itself; null where nothing is known of that, or where it is exempt.
 * Its activity is not told by the API, but it is no older than the conversation: this is when it is archived at the
 * earliest, and it is later where anything has happened in it since.
 */
export function earliestAutoArchive(chat: Chat, days: number | undefined, now: Date): Date | null {
  if (chat.archived || chat.root_chat_id !== undefined || chat.pin_order > 0 || BUSY.has(chat.status)) return null;
  const earliest = expiryOf(chat.created_at, days);
  return earliest !== null && earliest > now ? earliest : null;
}
