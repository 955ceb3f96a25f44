import {
  CHAT_TITLE_CHARACTERS,
  redactJson,
  redactStepPayloads,
  redactText,
  truncateCharacters,
  type DebugBatchResult,
  type ItemKind,
  type Rejection,
} from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { DebugIngestStore } from "../store/debug-ingest.ts";
import type {
  IngestCaller,
  PreparedBatch,
  PreparedChat,
  PreparedRun,
  PreparedStep,
  RejectedItem,
} from "../store/ingest-batch.ts";
import type { RecordingFactsStore } from "../store/recording-facts.ts";
import { checkItems, idOf, type CheckedStep, type UncheckedBatch } from "./check-items.ts";
import { firstMessage } from "./first-message.ts";
import { gateRecording } from "./recording-gate.ts";
import { draftPayload } from "./step-payload.ts";

export interface IngestDependencies {
  readonly store: DebugIngestStore & RecordingFactsStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the deployment records every chat. Where it does not, each chat's owner decides. */
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
  batch: UncheckedBatch & Pick<PreparedBatch, "traces">,
): Promise<DebugBatchResult> {
  const checked = checkItems(batch, clock.now().toISOString());
  const gated = recordingForced
    ? { ...checked, refused: [], callerOff: undefined }
    : await gateRecording({ store, log }, caller, checked);
  if (gated.callerOff !== undefined) return refuseAll(batch, gated.callerOff);
  const prepared = {
    chats: gated.chats.map(prepareChat),
    runs: gated.runs.map(prepareRun),
    steps: gated.steps.map(prepareStep),
    ...(batch.traces !== undefined && { traces: batch.traces }),
    rejected: [...checked.rejected, ...gated.refused],
  };
  const refused = [...gated.refused, ...(await storeBatch(store, caller, prepared, log))];
  const rejected = [
    ...checked.rejected,
    ...refused.flatMap((item) => checked.sentIds(item.kind, item.id).map((id) => ({ ...item, id }))),
  ];
  return { accepted: sentItems(batch).length - rejected.length, rejected };
}

/** Refuses every item for one reason, whatever it looks like. */
function refuseAll(batch: UncheckedBatch, refusal: Pick<Rejection, "code" | "message">): DebugBatchResult {
  const rejected = sentItems(batch).map(({ kind, item }): Rejection => ({ kind, id: idOf(item), ...refusal }));
  return { accepted: 0, rejected };
}

function sentItems({ chats = [], runs = [], steps = [] }: UncheckedBatch): { kind: ItemKind; item: unknown }[] {
  return [
    ...chats.map((item) => ({ kind: "chat" as const, item })),
    ...runs.map((item) => ({ kind: "run" as const, item })),
    ...steps.map((item) => ({ kind: "step" as const, item })),
  ];
}

function prepareChat({ title, labels, ...chat }: PreparedChat): PreparedChat {
  return {
    ...chat,
    ...(title !== undefined && { title: truncateCharacters(redactText(title), CHAT_TITLE_CHARACTERS) }),
    ...(labels !== undefined && { labels: redactJson(labels) as Record<string, string> }),
  };
}

/** A model may be named by its address. */
function prepareRun({ provider, model, ...run }: PreparedRun): PreparedRun {
  return {
    ...run,
    ...(provider !== undefined && { provider: redactText(provider) }),
    ...(model !== undefined && { model: redactText(model) }),
  };
}

/** What arrives is not trusted to have been redacted or cut by its sender. */
function prepareStep(step: CheckedStep): PreparedStep {
  const { normalized_request, normalized_response, attempts, ...rest } = step;
  const safe = redactStepPayloads({
    normalized_request,
    normalized_response,
    attempts,
    usage: rest.usage,
    error: rest.error,
    metadata: rest.metadata,
  });
  return {
    ...rest,
    ...(safe.usage === undefined ? {} : { usage: safe.usage }),
    ...(safe.error === undefined ? {} : { error: safe.error }),
    ...(safe.metadata === undefined ? {} : { metadata: safe.metadata }),
    firstMessage: firstMessage(safe.normalized_request),
    payload: draftPayload(safe, { isFinal: rest.status !== undefined && rest.status !== "in_progress" }),
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
  const { chats, runs, steps, traces = [] } = batch;
  if (chats.length + runs.length + steps.length + traces.length === 0) return [];
  try {
    return await store.recordDebugBatch(caller, batch);
  } catch (error) {
    if (!isRefusedValue(error)) throw error;
    log.warn({ code: codeOf(error) }, "a batch holds a value that the database refuses; storing it run by run");
  }
  const refused: RejectedItem[] = [];
  for (const part of splitByRun(batch)) {
    const rejected = [...(batch.rejected ?? []), ...refused];
    try {
      refused.push(...(await store.recordDebugBatch(caller, { ...part, rejected })));
    } catch (error) {
      if (!isRefusedValue(error)) throw error;
      for (const { kind, item } of sentItems(part)) {
        const { id } = item as { id: string };
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

/** The chats one by one, parents first, and then each run with its steps. */
function splitByRun({ chats, runs, steps, traces = [] }: PreparedBatch): Omit<PreparedBatch, "rejected">[] {
  const isChild = (chat: PreparedChat): number => Number(chat.parent_chat_id !== undefined);
  const parentsFirst = chats.toSorted((a, b) => isChild(a) - isChild(b));
  const runIds = new Set([...runs.map((run) => run.id), ...steps.map((step) => step.run_id)]);
  return [
    ...parentsFirst.map((chat) => ({ chats: [chat], runs: [], steps: [] })),
    ...[...runIds].map((id) => ({
      chats: [],
      runs: runs.filter((run) => run.id === id),
      steps: steps.filter((step) => step.run_id === id),
      traces: traces.filter((trace) => trace.runs.some((run) => run.id === id)),
    })),
  ];
}
