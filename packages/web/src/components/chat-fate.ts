import type { Chat } from "@shelflife/api-contract";

import type { LifeWindows } from "../api/life-windows.ts";
import { expiryOf } from "./expiry.ts";

/** When what happens to a conversation; what does not happen, or of which nothing is known, is left out. */
export type ChatFate = Partial<Record<"debugGone" | "archived" | "deleted", Date>>;

const BUSY = new Set<Chat["status"]>(["running", "pending", "paused", "requires_action"]);

/** What retention does to a chat and its family, should nothing more happen in it. */
export function fateOf(chat: Chat, { retentionDays, autoArchiveDays, debugDays }: LifeWindows): ChatFate {
  const isExempt = chat.archived || chat.root_chat_id !== undefined || chat.pin_order > 0 || BUSY.has(chat.status);
  const lastDebugAt = [chat, ...chat.children].flatMap(({ last_debug_at: at }) => at ?? []).reduce(later, "");
  const deleted = expiryOf(chat.archived_at, retentionDays);
  const archived = isExempt ? null : expiryOf(chat.last_activity_at, autoArchiveDays);
  const debugGone = lastDebugAt === "" ? null : earlier(expiryOf(lastDebugAt, debugDays), deleted);
  return { ...(debugGone && { debugGone }), ...(archived && { archived }), ...(deleted && { deleted }) };
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

/** Debug data goes with its chat, if not before. */
function earlier(one: Date | null, other: Date | null): Date | null {
  return one !== null && other !== null && other < one ? other : (one ?? other);
}
