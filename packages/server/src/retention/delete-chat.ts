import type { AuditOrigin } from "../store/audit.ts";
import type { Store } from "../store/store.ts";

/** Runs, or payload rows, that one transaction deletes at the most. */
const BATCH = 500;

/**
 * Deletes a chat with all that was recorded of it, at once and whatever the windows; a root takes its children along.
 *
 * From the first moment it reads as gone. What follows happens in bounded batches, so that a chat of a hundred thousand
 * runs holds nobody up; calling this again goes on where an interrupted call stopped.
 *
 * @returns how many chats went; 0 where there is no such chat
 */
export async function deleteChat(
  store: Store,
  chatId: string,
  { origin, signal, onProgress }: { origin: AuditOrigin; signal: AbortSignal; onProgress?: (runs: number) => void },
): Promise<number> {
  const chats = await store.markChatDeleted(chatId, origin);
  let dropped = 0;
  for (const id of chats) {
    await repeat(BATCH, async (limit) => {
      const runs = await store.deleteChatRunBatch({ chatId: id, limit, signal });
      onProgress?.(runs);
      return runs;
    });
    // Payloads of runs that were purged before this, and whose partitions have not been dropped yet.
    for (const { name } of await store.listPayloadPartitions()) {
      await repeat(BATCH, (limit) => store.deleteChatPayloadBatch({ chatId: id, partition: name, limit, signal }));
    }
    if (await store.dropDeletedChat(id)) dropped += 1;
  }
  return dropped;
}

async function repeat(limit: number, batch: (limit: number) => Promise<number>): Promise<void> {
  while ((await batch(limit)) === limit);
}
