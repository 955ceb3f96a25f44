import type { DebugBatch } from "@shelflife/api-contract";

import type { ChatItem, RecordedChat } from "./family.ts";
import type { RecordedRun } from "./recorded-run.ts";

/** About how much JSON goes into a batch: enough to make requests few, and far below what the server takes. */
const BATCH_BYTES = 1024 * 1024;

export interface DemoBatch {
  readonly batch: DebugBatch;
  /** How many chats are complete once this batch and those before it have arrived. */
  readonly chatsDone: number;
}

/**
 * Packs chats into batches that may arrive in any order: each one names the chats that its runs belong to, and a run is
 * never torn apart. A chat that only a run named would be made for whoever sends it, and not for its owner.
 *
 * @param nameOwners whether chat items say whose they are, which only a key of the scope `ingest` may do
 */
export function* packBatches(
  families: Iterable<readonly RecordedChat[]>,
  { nameOwners }: { nameOwners: boolean },
): Generator<DemoBatch> {
  let open = new OpenBatch();
  for (const family of families) {
    const items = family.map(({ chat, owner }) => (nameOwners ? { ...chat, owner } : chat));
    for (const [index, { runs }] of family.entries()) {
      const chat = items[index];
      const parent = items.find(({ id }) => id === chat?.parent_chat_id);
      const chats = [parent, chat].filter((item) => item !== undefined);
      open.addChats(chats);
      for (const run of runs) {
        if (open.isFull) {
          yield open.close();
          open = new OpenBatch();
          open.addChats(chats);
        }
        open.addRun(run);
      }
      open.chatsDone += 1;
    }
  }
  yield open.close();
}

class OpenBatch {
  readonly #chats = new Map<string, ChatItem>();
  readonly #runs: RecordedRun[] = [];
  #bytes = 0;
  chatsDone = 0;

  get isFull(): boolean {
    return this.#bytes >= BATCH_BYTES;
  }

  addChats(chats: readonly ChatItem[]): void {
    for (const chat of chats) this.#chats.set(chat.id, chat);
  }

  addRun(run: RecordedRun): void {
    this.#runs.push(run);
    this.#bytes += JSON.stringify(run.steps).length;
  }

  close(): DemoBatch {
    return {
      batch: {
        chats: [...this.#chats.values()],
        runs: this.#runs.map(({ run }) => run),
        steps: this.#runs.flatMap(({ steps }) => steps),
      },
      chatsDone: this.chatsDone,
    };
  }
}
