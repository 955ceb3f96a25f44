import type { ChatItem, ItemKind, KeyScope, RejectionCode, RunItem, StepItem } from "@shelflife/api-contract";

import type { PreparedTrace } from "./trace-batch.ts";

/** Who sends a batch. */
export interface IngestCaller {
  readonly userId: string;
  readonly scope: KeyScope;
}

/** The parts of a step that are stored apart, compressed, and the chunks that it is the first of its run to hold. */
export interface StepPayload {
  readonly request?: Buffer;
  readonly response?: Buffer;
  readonly attempts?: Buffer;
  readonly chunks?: Buffer;
  readonly chunkIndex?: Buffer;
}

/** The numbers by which a run's payloads refer to what the run stores once. */
export interface ChunkNumbering {
  /** @param digest in hexadecimal */
  find(digest: string): number | undefined;
  /** Gives a chunk that has no number the next one. */
  take(digest: string): number;
}

/** A payload that has been redacted and cut to its limits, before it is known what of it the run has stored already. */
export interface PayloadDraft {
  /** Takes the numbers of what is new before it returns, so that the next draft of the run finds them. */
  encode(numbering: ChunkNumbering): Promise<StepPayload>;
}

type PayloadField = "normalized_request" | "normalized_response" | "attempts";

/** An item whose clock is settled: its own, or else the server's. */
export type Clocked<Item> = Item & { readonly updated_at: string };

export type PreparedChat = Clocked<ChatItem>;
export type PreparedRun = Clocked<RunItem>;

/** A step whose payload has been redacted and cut to its limits. */
export type PreparedStep = Clocked<Omit<StepItem, PayloadField>> & {
  readonly started_at: string;
  /** Left out where the step brings none. */
  readonly payload?: PayloadDraft | undefined;
  /** The label of its run, where this step's request tells it. */
  readonly firstMessage?: string | undefined;
};

/**
 * A batch that is ready to be stored: every item is valid by itself, no id stands twice, and no time lies in the future.
 */
export interface PreparedBatch {
  readonly chats: readonly PreparedChat[];
  readonly runs: readonly PreparedRun[];
  readonly steps: readonly PreparedStep[];
  /** Where the batch is made of spans: what it holds of their traces besides steps. */
  readonly traces?: readonly PreparedTrace[];
  /** What was refused before: nothing may go into a chat of these, and least of all may it be created for somebody else. */
  readonly rejected?: readonly RejectedItem[];
}

export interface RejectedItem {
  readonly kind: ItemKind;
  readonly id: string;
  readonly code: RejectionCode;
  readonly message: string;
}

/** Collects refusals while a batch is stored, so that one bad item never loses its neighbours. */
export class Rejections {
  readonly #before: ReadonlyMap<string, RejectedItem>;
  readonly #added = new Map<string, RejectedItem>();

  /** @param before refusals that are known already, and not listed again */
  constructor(before: readonly RejectedItem[]) {
    this.#before = new Map(before.map((item) => [keyOf(item.kind, item.id.toLowerCase()), item]));
  }

  add(kind: ItemKind, id: string, code: RejectionCode, message: string): void {
    this.#added.set(keyOf(kind, id), { kind, id, code, message });
  }

  find(kind: ItemKind, id: string): RejectedItem | undefined {
    return this.#added.get(keyOf(kind, id)) ?? this.#before.get(keyOf(kind, id));
  }

  list(): RejectedItem[] {
    return [...this.#added.values()];
  }
}

function keyOf(kind: ItemKind, id: string): string {
  return `${kind} ${id}`;
}
