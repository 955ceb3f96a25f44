import type { Rejection } from "@shelflife/api-contract";

import { hasCode } from "../../coded-error.ts";
import type { IngestCaller } from "../../store/ingest-batch.ts";
import type { PreparedTrace } from "../../store/trace-batch.ts";
import type { TraceNotesStore } from "../../store/trace-notes.ts";
import { ingest, type IngestDependencies } from "../ingest.ts";
import { buildBatch, type TraceBatch } from "./build-batch.ts";
import type { ConversationHints } from "./conversation-hints.ts";
import type { ExportTraceServiceRequest } from "./generated/otlp_pb.ts";
import { describeRefusals, type TraceIngestResult } from "./describe-refusals.ts";
import { readSpans } from "./read-spans.ts";
import { groupByTrace, noteOf, type TraceSpans } from "./trace-spans.ts";

export interface TraceIngestDependencies extends IngestDependencies {
  readonly store: IngestDependencies["store"] & TraceNotesStore;
  readonly hints: ConversationHints;
}

/** How often a batch is made again that another one of the same trace has overtaken. */
const ATTEMPTS = 10;

/** Traces are stored in portions of about so many spans; a trace is never split. */
const SPANS_A_BATCH = 1_000;

/**
 * Records the model calls and tools in a request's spans as chats, runs and steps, by the way that native batches take:
 * with the same checks, redaction, limits and owners.
 *
 * @throws CodedError `trace_moved` where other batches of the same traces have come in between too often
 */
export async function ingestTraces(
  dependencies: TraceIngestDependencies,
  caller: IngestCaller,
  request: ExportTraceServiceRequest,
): Promise<TraceIngestResult> {
  const { spans, withoutId } = readSpans(request);
  const now = dependencies.clock.now().toISOString();
  const reasons = new Map<string, number>();
  if (withoutId > 0) reasons.set(WITHOUT_ID, withoutId);
  let nameless = 0;
  for (const portion of portions(groupByTrace(spans, now))) {
    const ingested = await ingestPortion(dependencies, caller, portion, now);
    for (const { message } of ingested.rejections) reasons.set(message, (reasons.get(message) ?? 0) + 1);
    nameless += ingested.nameless;
  }
  if (reasons.size > 0 || nameless === 0) return describeRefusals(reasons);
  return { rejectedSpans: 0, errorMessage: dependencies.hints.describe(caller.userId, nameless) };
}

const WITHOUT_ID =
  "A span needs a trace id of 16 bytes and a span id of 8, which are hexadecimal in JSON (32 and 16 digits).";

function* portions(traces: readonly TraceSpans[]): Generator<TraceSpans[]> {
  let portion: TraceSpans[] = [];
  let spans = 0;
  for (const trace of traces) {
    portion.push(trace);
    spans += trace.spans.length;
    if (spans < SPANS_A_BATCH) continue;
    yield portion;
    portion = [];
    spans = 0;
  }
  if (portion.length > 0) yield portion;
}

async function ingestPortion(
  dependencies: TraceIngestDependencies,
  caller: IngestCaller,
  traces: readonly TraceSpans[],
  now: string,
): Promise<{ rejections: readonly Rejection[]; nameless: number }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const noted = await dependencies.store.noteTraces(
        caller,
        traces.map((trace) => noteOf(trace, now)),
      );
      const built = buildBatch(traces, noted, now);
      if (built.batch.traces.length === 0) return { rejections: [], nameless: 0 };
      const { rejected } = await ingest(dependencies, caller, built.batch);
      await dropRefused(dependencies.store, caller, built, rejected);
      const { length: nameless } = built.batch.traces.filter((trace) => isNameless(trace, traces));
      return { rejections: rejectionsOfSpans(built, rejected), nameless };
    } catch (error) {
      if (attempt === ATTEMPTS || !hasCode(error, "trace_moved")) throw error;
    }
  }
}

/** Whether a trace has come to its end without a span that names a conversation. */
function isNameless({ traceId, homeChatId, ownChatId, runs }: PreparedTrace, traces: readonly TraceSpans[]): boolean {
  const isAlone = homeChatId === ownChatId && runs.every(({ chatId }) => chatId === ownChatId);
  return isAlone && traces.some((trace) => trace.traceId === traceId && trace.hasRoot);
}

/** One for each span that was not recorded: that of the largest item which took it along. */
function rejectionsOfSpans({ spans }: TraceBatch, rejected: readonly Rejection[]): Rejection[] {
  const byItem = new Map(rejected.map((rejection) => [`${rejection.kind} ${rejection.id}`, rejection]));
  return spans.flatMap(
    ({ stepId, runId, chatId }) =>
      byItem.get(`chat ${chatId}`) ?? byItem.get(`run ${runId}`) ?? byItem.get(`step ${stepId}`) ?? [],
  );
}

/** After these nothing of a chat is recorded, whoever sends it. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set(["debug_logging_off", "gone"]);

async function dropRefused(
  store: TraceNotesStore,
  caller: IngestCaller,
  { batch: { traces } }: TraceBatch,
  rejected: readonly Rejection[],
): Promise<void> {
  const refused = new Set(
    rejected.filter(({ kind, code }) => kind === "run" && FINAL_REFUSALS.has(code)).map(({ id }) => id),
  );
  const moved = traces.filter(
    ({ homeChatId, ownChatId, runs }) =>
      homeChatId !== ownChatId && runs.some(({ id, chatId }) => chatId === homeChatId && refused.has(id)),
  );
  if (moved.length > 0) await store.dropRefusedTraces(caller, moved);
}
