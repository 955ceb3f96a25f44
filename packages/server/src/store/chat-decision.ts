import type { ChatItem, RejectionCode } from "@shelflife/api-contract";

import type { IngestCaller, Rejections } from "./ingest-batch.ts";

/** A chat that the caller may record into. */
export interface WritableChat {
  readonly id: string;
  readonly ownerId: string;
  readonly parentChatId: string | null;
  readonly rootChatId: string | null;
}

export interface StoredChat extends WritableChat {
  readonly recorderId: string | null;
  readonly purging: boolean;
}

export interface NewChat {
  readonly id: string;
  readonly owner_id: string;
  readonly recorder_id: string | null;
  readonly parent_chat_id: string | null;
  readonly root_chat_id: string | null;
  readonly created_at: string;
}

/** Why nothing may be recorded into a chat. */
export interface Refusal {
  readonly code: RejectionCode;
  readonly message: string;
}

/** What is known of the chats that a batch names, before anything is decided. */
export interface ChatFacts {
  readonly caller: IngestCaller;
  readonly stored: ReadonlyMap<string, StoredChat>;
  /** Chats that were deleted on purpose a short while ago. */
  readonly deleted: ReadonlySet<string>;
  /** The people that chat items name, by the text that named them in lower case. */
  readonly owners: ReadonlyMap<string, string>;
  readonly now: string;
  readonly rejections: Rejections;
}

/**
 * Decides, chat by chat, which of the chats of a batch the caller may record into, which are to be created and for whom,
 * and which are refused. A chat that was refused is never created by what the batch puts into it: that would make its
 * data the caller's, whoever's it is.
 */
export class ChatDecision {
  readonly writable = new Map<string, WritableChat>();
  readonly refusals = new Map<string, Refusal>();
  readonly created: NewChat[] = [];
  readonly #facts: ChatFacts;

  constructor(facts: ChatFacts) {
    this.#facts = facts;
  }

  /** Parents must be decided before their children, so that a family that arrives in one batch is created whole. */
  decideItem(item: ChatItem): void {
    const refusal = this.#refuseItem(item);
    if (refusal !== undefined) {
      this.#facts.rejections.add("chat", item.id, refusal.code, refusal.message);
      this.#refuseContent(item.id, refusal);
      return;
    }
    const stored = this.#facts.stored.get(item.id);
    if (stored !== undefined) {
      this.writable.set(item.id, stored);
      return;
    }
    const parent = this.#findParent(item);
    this.#create(item.id, {
      ownerId: this.#ownerOf(item) ?? parent?.ownerId ?? this.#facts.caller.userId,
      parentId: parent?.id ?? null,
      createdAt: item.created_at ?? item.updated_at ?? this.#facts.now,
    });
  }

  /** A chat that a run or a step names without a chat item of its own; a run's is created for the caller if need be. */
  decideImplied(id: string, { create }: { create: boolean }): void {
    if (this.writable.has(id) || this.refusals.has(id)) return;
    const { caller, stored, deleted, rejections, now } = this.#facts;
    const before = rejections.find("chat", id);
    if (before !== undefined) return this.#refuseContent(id, before);
    const chat = stored.get(id);
    if (chat === undefined) {
      if (deleted.has(id)) this.refusals.set(id, { code: "gone", message: "Its chat has been deleted." });
      else if (create) this.#create(id, { ownerId: caller.userId, parentId: null, createdAt: now });
    } else if (!this.#mayWrite(chat)) {
      this.refusals.set(id, { code: "not_owner", message: "Its chat belongs to another person." });
    } else if (chat.purging) {
      this.refusals.set(id, { code: "gone", message: "Its chat is being deleted." });
    } else {
      this.writable.set(id, chat);
    }
  }

  #refuseItem(item: ChatItem): Refusal | undefined {
    const { caller, stored, deleted } = this.#facts;
    const owner = this.#ownerOf(item);
    if (item.owner !== undefined && owner === undefined) return invalid("owner: there is no such person.");
    if (owner !== undefined && owner !== caller.userId && caller.scope !== "ingest") {
      return { code: "not_owner", message: "Only a key of the scope ingest may record for another person." };
    }
    if (deleted.has(item.id)) return { code: "gone", message: "This chat has been deleted." };
    const chat = stored.get(item.id);
    if (chat === undefined) return this.#refuseParent(item, owner);
    if (!this.#mayWrite(chat) || (owner !== undefined && owner !== chat.ownerId)) {
      return { code: "not_owner", message: "This chat belongs to another person." };
    }
    if (chat.purging) return { code: "gone", message: "This chat is being deleted." };
    if (item.parent_chat_id !== undefined && item.parent_chat_id !== chat.parentChatId) {
      return invalid("parent_chat_id: the parent of a chat cannot change.");
    }
    return undefined;
  }

  #refuseParent(item: ChatItem, owner: string | undefined): Refusal | undefined {
    if (item.parent_chat_id === undefined) return undefined;
    if (this.#facts.deleted.has(item.parent_chat_id)) return { code: "gone", message: "Its parent has been deleted." };
    const parent = this.#findParent(item);
    if (parent === undefined) return invalid("parent_chat_id: there is no such chat.");
    if (parent.rootChatId !== null) return invalid("parent_chat_id: a child chat cannot have children.");
    if (owner !== undefined && owner !== parent.ownerId) {
      return { code: "not_owner", message: "A child chat belongs to the owner of its parent." };
    }
    return undefined;
  }

  #findParent({ parent_chat_id: id }: ChatItem): WritableChat | undefined {
    if (id === undefined) return undefined;
    const stored = this.#facts.stored.get(id);
    return this.writable.get(id) ?? (stored && this.#mayWrite(stored) && !stored.purging ? stored : undefined);
  }

  #ownerOf({ owner }: ChatItem): string | undefined {
    return owner === undefined ? undefined : this.#facts.owners.get(owner.toLowerCase());
  }

  #refuseContent(id: string, { code, message }: Refusal): void {
    this.refusals.set(id, { code, message: `Its chat was refused: ${message}` });
  }

  #create(id: string, chat: { ownerId: string; parentId: string | null; createdAt: string }): void {
    const { ownerId, parentId, createdAt } = chat;
    const { userId } = this.#facts.caller;
    this.created.push({
      id,
      owner_id: ownerId,
      recorder_id: ownerId === userId ? null : userId,
      parent_chat_id: parentId,
      root_chat_id: parentId,
      created_at: createdAt,
    });
    this.writable.set(id, { id, ownerId, parentChatId: parentId, rootChatId: parentId });
  }

  #mayWrite(chat: StoredChat): boolean {
    const { userId, scope } = this.#facts.caller;
    return chat.ownerId === userId || (scope === "ingest" && chat.recorderId === userId);
  }
}

function invalid(message: string): Refusal {
  return { code: "invalid", message };
}
