import {
  redactStepPayloads,
  type DebugBatchResult,
  type ItemKind,
  type Rejection,
  type StepItem,
} from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { DebugIngestStore } from "../store/debug-ingest.ts";
import type { IngestCaller, PreparedBatch, PreparedStep, RejectedItem } from "../store/ingest-batch.ts";
import { checkItems, type CheckedBatch, type UncheckedBatch } from "./check-items.ts";
import { firstMessage } from "./first-message.ts";
import { encodePayload } from "./payload-codec.ts";

export interface IngestDependencies {
  readonly store: DebugIngestStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the deployment records every chat. Where it does not, nothing is stored. */
  readonly recordingForced: boolean;
}

/**
 * Takes a batch of chats, runs and steps: checks it item by item, redacts it, cuts it to its limits and stores it.
 *
 * @returns how many items were accepted, and each refusal with its reason; one bad item never loses its neighbours.
 */
export async function ingest(
  { store, clock, log, recordingForced }: IngestDependencies,
  caller: IngestCaller,
  batch: UncheckedBatch,
): Promise<DebugBatchResult> {
  if (!recordingForced) return refuseAll(batch);
  const checked = checkItems(batch, clock.now().toISOString());
  const prepared = { ...checked, steps: await Promise.all(checked.steps.map(prepareStep)) };
  const refused = await storeBatch(store, caller, prepared, log);
  return { accepted: countAccepted(checked, refused), rejected: [...checked.rejected, ...refused] };
}

function refuseAll(batch: UncheckedBatch): DebugBatchResult {
  const refuse = (kind: ItemKind, items: readonly unknown[] = []): Rejection[] =>
    items.map((item) => ({
      kind,
      id: item !== null && typeof item === "object" && "id" in item ? String(item.id).slice(0, 100) : "",
      code: "debug_logging_off",
      message: "Recording of chat debug data is off for this chat's owner.",
    }));
  return {
    accepted: 0,
    rejected: [...refuse("chat", batch.chats), ...refuse("run", batch.runs), ...refuse("step", batch.steps)],
  };
}

/** What arrives is not trusted to have been redacted or cut by its sender. */
async function prepareStep(step: StepItem): Promise<PreparedStep> {
  const { normalized_request, normalized_response, attempts, ...rest } = step;
  const safe = redactStepPayloads({
    normalized_request,
    normalized_response,
    attempts,
    error: rest.error,
    metadata: rest.metadata,
  });
  const [request, response, tries] = await Promise.all(
    [safe.normalized_request, safe.normalized_response, safe.attempts].map((part) =>
      part === undefined ? undefined : encodePayload(part),
    ),
  );
  return {
    ...rest,
    ...(safe.error === undefined ? {} : { error: safe.error }),
    ...(safe.metadata === undefined ? {} : { metadata: safe.metadata }),
    firstMessage: firstMessage(safe.normalized_request),
    payload: {
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
      ...(tries === undefined ? {} : { attempts: tries }),
    },
  };
}

/**
 * Stores a batch whole. Where the database refuses some value that the checks let through, the batch is stored run by
 * run, so that only the run which holds that value is lost.
 */
async function storeBatch(
  store: DebugIngestStore,
  caller: IngestCaller,
  batch: PreparedBatch,
  log: Log,
): Promise<RejectedItem[]> {
  try {
    return await store.recordDebugBatch(caller, batch);
  } catch (error) {
    if (!isRefusedValue(error)) throw error;
    log.warn({ code: codeOf(error) }, "a batch holds a value that the database refuses; storing it run by run");
  }
  const refused: RejectedItem[] = [];
  for (const part of splitByRun(batch)) {
    try {
      refused.push(...(await store.recordDebugBatch(caller, part)));
    } catch (error) {
      if (!isRefusedValue(error)) throw error;
      for (const { kind, id } of itemsOf(part)) {
        refused.push({ kind, id, code: "invalid", message: "It holds a value that cannot be stored." });
      }
    }
  }
  return refused;
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation). */
function isRefusedValue(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error) ?? "");
}

function splitByRun(batch: PreparedBatch): PreparedBatch[] {
  const runIds = new Set([...batch.runs.map((run) => run.id), ...batch.steps.map((step) => step.run_id)]);
  const chats = batch.chats.map((chat) => ({ chats: [chat], runs: [], steps: [] }));
  const runs = [...runIds].map((id) => ({
    chats: [],
    runs: batch.runs.filter((run) => run.id === id),
    steps: batch.steps.filter((step) => step.run_id === id),
  }));
  return [...chats.toSorted((a, b) => Number(isChild(a)) - Number(isChild(b))), ...runs];
}

function isChild(part: PreparedBatch): boolean {
  return part.chats.some((chat) => chat.parent_chat_id !== undefined);
}

function itemsOf(batch: Pick<CheckedBatch, "chats" | "runs"> | PreparedBatch): { kind: ItemKind; id: string }[] {
  return [
    ...batch.chats.map(({ id }) => ({ kind: "chat" as const, id })),
    ...batch.runs.map(({ id }) => ({ kind: "run" as const, id })),
    ...("steps" in batch ? batch.steps.map(({ id }) => ({ kind: "step" as const, id })) : []),
  ];
}

function countAccepted(checked: CheckedBatch, refused: readonly RejectedItem[]): number {
  return checked.chats.length + checked.runs.length + checked.steps.length - refused.length;
}
