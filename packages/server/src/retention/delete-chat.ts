import type { AuditOrigin } from "../store/audit.ts";
import type { Store } from "../store/store.ts";
import { stepsToEmpty } from "./empty-chat.ts";

/** Rows of a kind that one transaction deletes at the most. */
const BATCH = 500;

/**
 * Deletes a chat with all that was recorded of it, at once and whatever the windows; a root takes its children along.
 *
 * From the first moment it reads as gone. What follows happens in bounded batches, so that a chat of a hundred thousand
 * runs holds nobody up; calling this again goes on where an interrupted call stopped, and so does the next purge.
 *
 * @returns how many chats went; 0 where there is no such chat
 */
export async function deleteChat(
  store: Store,
  chatId: string,
  { origin, signal, onProgress }: { origin: AuditOrigin; signal: AbortSignal; onProgress?: (runs: number) => void },
): Promise<number> {
  const chats = await store.markChatDeleted(chatId, origin);
  for (const id of chats) {
    for (const { kind, deleteBatch } of await stepsToEmpty(store, id, { signal })) {
      for (let deleted = BATCH; deleted === BATCH;) {
        deleted = await deleteBatch(BATCH);
        if (kind === "runs") onProgress?.(deleted);
      }
    }
    // A purge that finishes what is marked may have been faster.
    await store.dropDeletedChat({ chatId: id });
  }
  return chats.length;
}
