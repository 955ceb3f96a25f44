import {
  chatItemSchema,
  runItemSchema,
  stepItemSchema,
  usageSchema,
  type ItemKind,
  type StepItem,
} from "@shelflife/api-contract";
import type { z } from "zod";

import type { Clocked, PreparedChat, PreparedRun, RejectedItem } from "../store/ingest-batch.ts";
import { findUnstorable } from "./find-unstorable.ts";
import { findContradiction, mergeItems, type MergeableItem } from "./merge-items.ts";

/** An envelope whose items have not been looked at. */
export interface UncheckedBatch {
  readonly chats?: readonly unknown[] | undefined;
  readonly runs?: readonly unknown[] | undefined;
  readonly steps?: readonly unknown[] | undefined;
}

export type CheckedStep = Clocked<StepItem> & { readonly started_at: string };

export interface CheckedBatch {
  readonly chats: PreparedChat[];
  readonly runs: PreparedRun[];
  readonly steps: CheckedStep[];
  /** Items that are wrong by themselves, each with its id as it was sent. */
  readonly rejected: RejectedItem[];
  /** The ids under which an item was sent: several where it was sent more than once. */
  sentIds(kind: ItemKind, id: string): readonly string[];
}

/**
 * Checks every item by itself, brings times from the future back to `now`, fills in the clocks that were left out, and
 * merges what stands twice under one id. Items stay in the order in which they were sent.
 */
export function checkItems(batch: UncheckedBatch, now: string): CheckedBatch {
  const checker = new ItemChecker(now);
  const chats = checker.check("chat", batch.chats, chatItemSchema, (chat) => ({
    ...chat,
    updated_at: chat.updated_at ?? now,
  }));
  const runs = checker.check("run", batch.runs, runItemSchema, (run) => ({
    ...run,
    updated_at: run.updated_at ?? now,
  }));
  const steps = checker.check("step", batch.steps, stepSchema, (step) => {
    // A step that comes with its run inherits the run's clock, so that an import of old data stays old.
    const updated_at = step.updated_at ?? runs.get(step.run_id)?.updated_at ?? now;
    return { ...step, ...knownCounts(step), updated_at, started_at: step.started_at ?? updated_at };
  });
  return {
    chats: [...checker.withoutRefused("chat", chats).values()],
    runs: [...runs.values()],
    steps: [...steps.values()],
    rejected: checker.rejected,
    sentIds: (kind, id) => checker.sentIds.get(`${kind} ${id}`) ?? [id],
  };
}

class ItemChecker {
  readonly rejected: RejectedItem[] = [];
  readonly sentIds = new Map<string, string[]>();
  readonly #now: string;

  constructor(now: string) {
    this.#now = now;
  }

  check<Item extends object, Complete extends MergeableItem>(
    kind: ItemKind,
    items: readonly unknown[] = [],
    schema: z.ZodType<Item>,
    complete: (item: Item) => Complete,
  ): Map<string, Complete> {
    const byId = new Map<string, Complete>();
    for (const sent of items) {
      const problem = findUnstorable(sent);
      const parsed = problem === undefined ? schema.safeParse(sent) : undefined;
      if (parsed?.success !== true) {
        this.#reject(kind, sent, problem ?? parsed?.error.issues.map(describeIssue).join("; ") ?? "");
        continue;
      }
      const item = complete(clampTimes(parsed.data, this.#now));
      const known = byId.get(item.id);
      const contradiction = known && findContradiction(kind, known, item);
      if (contradiction !== undefined) {
        this.#reject(kind, sent, `${contradiction}: another item of this id in the batch says otherwise`);
        continue;
      }
      byId.set(item.id, known === undefined ? item : mergeItems(kind, known, item));
      const key = `${kind} ${item.id}`;
      this.sentIds.set(key, [...(this.sentIds.get(key) ?? []), idOf(sent)]);
    }
    return byId;
  }

  /** An id of which one item was refused is refused whole: what its other items leave unsaid may be what was wrong. */
  withoutRefused<Complete>(kind: ItemKind, items: Map<string, Complete>): Map<string, Complete> {
    for (const { id, code, message } of this.rejected.filter((item) => item.kind === kind)) {
      const key = id.toLowerCase();
      if (!items.delete(key)) continue;
      for (const sentId of this.sentIds.get(`${kind} ${key}`) ?? []) {
        this.rejected.push({ kind, id: sentId, code, message });
      }
    }
    return items;
  }

  #reject(kind: ItemKind, item: unknown, message: string): void {
    this.rejected.push({ kind, id: idOf(item), code: "invalid", message: message.slice(0, MESSAGE_CHARACTERS_MAX) });
  }
}

/** What is wrong with an item is told in a message; a hostile item must not make it long. */
const MESSAGE_CHARACTERS_MAX = 500;

const ID_CHARACTERS_MAX = 100;

/** The id of an item that may be anything, as far as it has one. */
export function idOf(item: unknown): string {
  if (typeof item !== "object" || item === null || !("id" in item)) return "";
  return typeof item.id === "string" ? item.id.slice(0, ID_CHARACTERS_MAX).replaceAll("\0", "") : "";
}

const USAGE_RULE = "token counts must be whole numbers from 0";

const stepSchema = stepItemSchema.refine(hasWholeUsage, { path: ["usage"], error: USAGE_RULE });

/** Summaries add these up, so a count that is no count is refused at the door. */
function hasWholeUsage(step: StepItem): boolean {
  if (step.usage === undefined) return true;
  return Object.keys(usageSchema.shape).every((key) => {
    const value = step.usage?.[key];
    return value === undefined || value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
  });
}

/** Some providers report a count that they do not have as null; on this wire it is left out. */
function knownCounts({ usage }: StepItem): Pick<StepItem, "usage"> {
  if (usage === undefined) return {};
  return { usage: Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== null)) };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}

const TIMES = new Set(["created_at", "started_at", "updated_at", "finished_at"]);

/** A sender whose clock is ahead must not put a run beyond the reach of its retention window. */
function clampTimes<T extends object>(item: T, now: string): T {
  const clamp = (key: string, value: unknown): unknown =>
    TIMES.has(key) && typeof value === "string" && value > now ? now : value;
  return Object.fromEntries(Object.entries(item).map(([key, value]) => [key, clamp(key, value)])) as T;
}
