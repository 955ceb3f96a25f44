import type { ChatItem, ItemKind, KeyScope, RejectionCode, RunItem, StepItem } from "@shelflife/api-contract";

/** Who sends a batch. */
export interface IngestCaller {
  readonly userId: string;
  readonly scope: KeyScope;
}

/** The parts of a step that are stored apart, each compressed JSON. */
export interface StepPayload {
  readonly request?: Buffer;
  readonly response?: Buffer;
  readonly attempts?: Buffer;
}

type PayloadField = "normalized_request" | "normalized_response" | "attempts";

/** A step whose payload has been redacted, cut to its limits and compressed. */
export type PreparedStep = Omit<StepItem, PayloadField> & {
  readonly payload: StepPayload;
  /** The label of its run, where this step's request tells it. */
  readonly firstMessage?: string | undefined;
};

/**
 * A batch that is ready to be stored: every item is valid by itself, no id stands twice, and no time lies in the future.
 */
export interface PreparedBatch {
  readonly chats: readonly ChatItem[];
  readonly runs: readonly RunItem[];
  readonly steps: readonly PreparedStep[];
}

export interface RejectedItem {
  readonly kind: ItemKind;
  readonly id: string;
  readonly code: RejectionCode;
  readonly message: string;
}

/** Collects refusals while a batch is stored, so that one bad item never loses its neighbours. */
export class Rejections {
  readonly #byItem = new Map<string, RejectedItem>();

  add(kind: ItemKind, id: string, code: RejectionCode, message: string): void {
    this.#byItem.set(`${kind} ${id}`, { kind, id, code, message });
  }

  find(kind: ItemKind, id: string): RejectedItem | undefined {
    return this.#byItem.get(`${kind} ${id}`);
  }

  list(): RejectedItem[] {
    return [...this.#byItem.values()];
  }
}
