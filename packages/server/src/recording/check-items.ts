import {
  chatItemSchema,
  INGEST_DEPTH,
  runItemSchema,
  stepItemSchema,
  usageSchema,
  type ChatItem,
  type ItemKind,
  type RunItem,
  type StepItem,
} from "@shelflife/api-contract";
import type { z } from "zod";

import type { RejectedItem } from "../store/ingest-batch.ts";

/** An envelope whose items have not been looked at. */
export interface UncheckedBatch {
  readonly chats?: readonly unknown[] | undefined;
  readonly runs?: readonly unknown[] | undefined;
  readonly steps?: readonly unknown[] | undefined;
}

export interface CheckedBatch {
  readonly chats: ChatItem[];
  readonly runs: RunItem[];
  readonly steps: StepItem[];
  /** Items that are wrong by themselves. */
  readonly rejected: RejectedItem[];
}

/**
 * Checks every item by itself, merges what stands twice under one id (the later value of a field wins), brings times
 * from the future back to `now`, and sorts by id.
 */
export function checkItems(batch: UncheckedBatch, now: string): CheckedBatch {
  const rejected: RejectedItem[] = [];
  const check = <T extends { id: string }>(kind: ItemKind, schema: z.ZodType<T>, items: readonly unknown[]): T[] => {
    const byId = new Map<string, T>();
    for (const item of items) {
      const problem = findUnstorable(item);
      const parsed = problem === undefined ? schema.safeParse(item) : undefined;
      if (parsed?.success) {
        const known = byId.get(parsed.data.id);
        byId.set(parsed.data.id, clampTimes({ ...known, ...parsed.data }, now));
      } else {
        const message = problem ?? parsed?.error.issues.map(describeIssue).join("; ") ?? "";
        rejected.push({ kind, id: idOf(item), code: "invalid", message });
      }
    }
    // Where one of two items of an id is refused, the other is kept: it is complete by itself.
    return [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  };
  return {
    chats: check("chat", chatItemSchema, batch.chats ?? []),
    runs: check("run", runItemSchema, batch.runs ?? []),
    steps: check(
      "step",
      stepItemSchema.refine(hasWholeUsage, { path: ["usage"], error: USAGE_RULE }),
      batch.steps ?? [],
    ),
    rejected,
  };
}

const USAGE_RULE = "token counts must be whole numbers from 0";

/** Summaries add these up, so a count that is no count is refused at the door. */
function hasWholeUsage(step: StepItem): boolean {
  if (step.usage === undefined) return true;
  return Object.keys(usageSchema.shape).every((key) => {
    const value = step.usage?.[key];
    return value === undefined || value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}

function idOf(item: unknown): string {
  if (typeof item !== "object" || item === null || !("id" in item)) return "";
  return typeof item.id === "string" ? item.id.slice(0, 100).replaceAll("\0", "") : "";
}

const TIMES = new Set(["created_at", "started_at", "updated_at", "finished_at"]);

/** A sender whose clock is ahead must not put a run beyond the reach of its retention window. */
function clampTimes<T extends object>(item: T, now: string): T {
  const clamp = (key: string, value: unknown): unknown =>
    TIMES.has(key) && typeof value === "string" && value > now ? now : value;
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, clamp(key, value)])) as T;
}

/**
 * What PostgreSQL could not store or give back: the character U+0000, and nesting beyond the limit. It walks with a stack
 * of its own, so that no depth of nesting can exhaust the program's.
 */
function findUnstorable(item: unknown): string | undefined {
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
