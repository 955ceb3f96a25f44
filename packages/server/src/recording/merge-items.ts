import { RUN_STATUSES, type ItemKind } from "@shelflife/api-contract";

/** What items of every kind have in common, as far as merging is concerned. */
export interface MergeableItem {
  readonly id: string;
  readonly status?: string | undefined;
  readonly updated_at: string;
  readonly finished_at?: string | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
}

/** Fields that say what an item is: two items of one id must not disagree about them. */
const IDENTITY: Record<ItemKind, readonly string[]> = {
  chat: ["owner", "parent_chat_id"],
  run: ["chat_id"],
  step: ["run_id", "chat_id"],
};

/** Fields that the first write fixes. */
const FIXED: Record<ItemKind, readonly string[]> = {
  chat: ["created_at"],
  run: ["kind", "started_at"],
  step: ["operation", "started_at", "step_number"],
};

/** The first field in which two items of one id contradict each other; undefined where they can be merged. */
export function findContradiction(kind: ItemKind, earlier: object, later: object): string | undefined {
  return IDENTITY[kind].find((field) => {
    const [before, after] = [textOf(earlier, field), textOf(later, field)];
    return before !== undefined && after !== undefined && before.toLowerCase() !== after.toLowerCase();
  });
}

function textOf(item: object, field: string): string | undefined {
  const value: unknown = Reflect.get(item, field);
  return typeof value === "string" ? value : undefined;
}

/** One item that leaves behind what storing the two, one after the other, would leave behind. */
export function mergeItems<T extends MergeableItem>(kind: ItemKind, earlier: T, later: T): T {
  const fixed = Object.entries(earlier).filter(([field, value]) => value !== undefined && FIXED[kind].includes(field));
  const merged = {
    ...earlier,
    ...later,
    ...Object.fromEntries(fixed),
    updated_at: earlier.updated_at > later.updated_at ? earlier.updated_at : later.updated_at,
    ...(earlier.metadata && later.metadata ? { metadata: { ...earlier.metadata, ...later.metadata } } : {}),
  };
  if (kind === "chat") return merged;
  const ended = [earlier, later].find((item) => rank(item.status) > 0);
  return {
    ...merged,
    ...(rank(earlier.status) > rank(later.status) ? { status: earlier.status } : {}),
    // Whatever ended it first says when that was.
    finished_at: ended === undefined ? undefined : (ended.finished_at ?? ended.updated_at),
  };
}

/** The strength of a status; one that is left out is the weakest. */
function rank(status: string | undefined): number {
  return Math.max(
    0,
    RUN_STATUSES.findIndex((known) => known === status),
  );
}
