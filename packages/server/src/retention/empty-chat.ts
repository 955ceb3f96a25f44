import type { Store } from "../store/store.ts";

/** Partitions whose payload rows are looked at in one transaction: each of them is locked until it ends. */
const PARTITIONS_AT_ONCE = 16;

/** What the batches of one chat run with. */
export interface EmptyingContext {
  readonly signal: AbortSignal;
  /** Where the purge deletes: its row in the ledger. */
  readonly ledgerId?: string;
}

/** One kind of thing that a chat holds: its batches are repeated until one finds fewer rows than it may delete. */
export interface EmptyingStep {
  readonly kind: "runs" | "payloads" | "content";
  /** Deletes at most so many rows; answers how many there were. */
  readonly deleteBatch: (limit: number) => Promise<number>;
}

/** What has to be done, in this order, before a chat that was marked as deleted can be dropped. */
export async function stepsToEmpty(store: Store, chatId: string, context: EmptyingContext): Promise<EmptyingStep[]> {
  return [
    { kind: "runs", deleteBatch: (limit) => store.deleteChatRunBatch({ chatId, limit, ...context }) },
    ...(await stepsToSweep(store, [chatId], context)),
    { kind: "content", deleteBatch: (limit) => store.deleteChatContentBatch({ chatId, limit, ...context }) },
  ];
}

/** The payloads of these chats whose runs were purged before, and whose partitions have not been dropped yet. */
export async function stepsToSweep(
  store: Store,
  chatIds: readonly string[],
  context: EmptyingContext,
): Promise<EmptyingStep[]> {
  const names = (await store.listPayloadPartitions()).map(({ name }) => name);
  const chunks = Array.from({ length: Math.ceil(names.length / PARTITIONS_AT_ONCE) }, (_, index) =>
    names.slice(index * PARTITIONS_AT_ONCE, (index + 1) * PARTITIONS_AT_ONCE),
  );
  return chunks.map((partitions) => ({
    kind: "payloads",
    deleteBatch: (limit) => store.deleteDeadPayloadBatch({ chatIds, partitions, limit, ...context }),
  }));
}
