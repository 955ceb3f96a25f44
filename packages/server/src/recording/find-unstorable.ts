import { INGEST_DEPTH } from "@shelflife/api-contract";

/**
 * What PostgreSQL could not store or give back: the character U+0000, and nesting beyond the limit. It walks with a stack
 * of its own, so that no depth of nesting can exhaust the program's.
 *
 * @returns what is wrong, in words for the sender; undefined where nothing is
 */
export function findUnstorable(item: unknown): string | undefined {
  const pending: { value: unknown; depth: number }[] = [{ value: item, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value === "string" && value.includes("\0")) return "must not contain the character U+0000";
    if (typeof value !== "object" || value === null) continue;
    if (depth > INGEST_DEPTH) return `must not be nested deeper than ${INGEST_DEPTH} levels`;
    for (const [key, child] of Object.entries(value)) {
      if (key.includes("\0")) return "must not contain the character U+0000";
      pending.push({ value: child, depth: depth + 1 });
    }
  }
  return undefined;
}
