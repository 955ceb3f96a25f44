import type { DebugBatch } from "@shelflife/api-contract";

type ChatInput = NonNullable<DebugBatch["chats"]>[number];
type RunInput = NonNullable<DebugBatch["runs"]>[number];
type StepInput = NonNullable<DebugBatch["steps"]>[number];

export type RecordItem =
  | { kind: "chat"; value: ChatInput }
  | { kind: "run"; value: RunInput }
  | { kind: "step"; value: StepInput };

/** Some waiting items in the shape of one request. */
export interface Batch {
  body: DebugBatch;
  items: number;
  bytes: number;
}

export interface QueueLimits {
  /** How many items may be held, waiting and on their way together. */
  maxItems: number;
  /** How many bytes of JSON may be held, waiting and on their way together. */
  maxBytes: number;
  /** A run's items travel together unless they are more bytes than this. */
  maxBatchBytes: number;
}

interface Entry {
  item: RecordItem;
  bytes: number;
}

interface WaitingRun {
  entries: Map<string, Entry>;
  bytes: number;
}

/**
 * What waits to be sent, bounded in items and bytes.
 *
 * Items are kept by the run that they belong to, the run that has waited longest first, and a run's items leave
 * together: a step never leaves before its run, and a run's end not before its steps. A later version of a waiting item
 * is merged into it. When the queue is full, the run that has waited longest goes as a whole, because part of a run
 * would tell a wrong story.
 */
export class RecordQueue {
  readonly #limits: QueueLimits;
  readonly #waiting = new Map<string, WaitingRun>();
  readonly #departed = { items: 0, bytes: 0 };
  #items = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Items held: waiting, and taken but not yet settled. */
  get items(): number {
    return this.#items + this.#departed.items;
  }

  get waitingItems(): number {
    return this.#items;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Adds an item, or merges it into its waiting version. Answers how many items had to be dropped for lack of room. */
  push(runId: string, item: RecordItem): number {
    const run = this.#waiting.get(runId) ?? { entries: new Map<string, Entry>(), bytes: 0 };
    const key = `${item.kind} ${item.value.id}`;
    const earlier = run.entries.get(key);
    const merged = earlier ? merge(earlier.item, item) : item;
    const entry = { item: merged, bytes: Buffer.byteLength(JSON.stringify(merged.value)) };
    run.entries.set(key, entry);
    run.bytes += entry.bytes - (earlier?.bytes ?? 0);
    this.#waiting.set(runId, run);
    this.#items += earlier ? 0 : 1;
    this.#bytes += entry.bytes - (earlier?.bytes ?? 0);
    return this.#makeRoom(runId);
  }

  /** Takes whole runs until about this many bytes. They count as held until the batch is settled. */
  take(bytes: number): Batch | undefined {
    const taken: Entry[] = [];
    let takenBytes = 0;
    for (const [runId, run] of this.#waiting) {
      if (taken.length > 0 && takenBytes + run.bytes > bytes) break;
      for (const [key, entry] of run.entries) {
        if (taken.length > 0 && takenBytes + entry.bytes > this.#limits.maxBatchBytes) break;
        run.entries.delete(key);
        run.bytes -= entry.bytes;
        taken.push(entry);
        takenBytes += entry.bytes;
      }
      if (run.entries.size > 0) break;
      this.#waiting.delete(runId);
      if (takenBytes >= bytes) break;
    }
    if (taken.length === 0) return undefined;
    this.#items -= taken.length;
    this.#bytes -= takenBytes;
    this.#departed.items += taken.length;
    this.#departed.bytes += takenBytes;
    return { body: bodyOf(taken), items: taken.length, bytes: takenBytes };
  }

  /** Gives back the room of a batch that arrived or was given up. */
  settle(batch: Batch): void {
    this.#departed.items -= batch.items;
    this.#departed.bytes -= batch.bytes;
  }

  /** Forgets what waits. Answers how many items that were. */
  clear(): number {
    const items = this.#items;
    this.#waiting.clear();
    this.#items = 0;
    this.#bytes = 0;
    return items;
  }

  #makeRoom(newest: string): number {
    let dropped = 0;
    while (this.#isOver()) {
      const oldest = this.#oldestBut(newest);
      const run = this.#waiting.get(oldest);
      if (run === undefined) break;
      this.#waiting.delete(oldest);
      this.#items -= run.entries.size;
      this.#bytes -= run.bytes;
      dropped += run.entries.size;
    }
    return dropped;
  }

  /** What has just come stays as long as there is anything older. */
  #oldestBut(newest: string): string {
    for (const runId of this.#waiting.keys()) if (runId !== newest) return runId;
    return newest;
  }

  #isOver(): boolean {
    return (
      this.#items + this.#departed.items > this.#limits.maxItems ||
      this.#bytes + this.#departed.bytes > this.#limits.maxBytes
    );
  }
}

/** Fields of the later version replace those of the earlier one; what it leaves out stays, as on the server. */
function merge(earlier: RecordItem, later: RecordItem): RecordItem {
  return { kind: later.kind, value: { ...earlier.value, ...later.value } } as RecordItem;
}

function bodyOf(entries: Entry[]): DebugBatch {
  // Two runs of one chat both bring it along, so that losing one run does not lose the other its chat.
  const chats = new Map<string, ChatInput>();
  const runs: RunInput[] = [];
  const steps: StepInput[] = [];
  for (const { item } of entries) {
    if (item.kind === "chat") chats.set(item.value.id, { ...chats.get(item.value.id), ...item.value });
    else if (item.kind === "run") runs.push(item.value);
    else steps.push(item.value);
  }
  return {
    ...(chats.size > 0 && { chats: [...chats.values()] }),
    ...(runs.length > 0 && { runs }),
    ...(steps.length > 0 && { steps }),
  };
}
