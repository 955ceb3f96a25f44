import type { PreparedTrace } from "../../store/trace-batch.ts";
import { spanStepId, traceRunId } from "../../store/trace-ids.ts";
import type { NotedTrace, NotedTraces } from "../../store/trace-notes.ts";
import type { UncheckedBatch } from "../check-items.ts";
import { mapStep } from "./map-step.ts";
import { toolEventOf } from "./tool-event.ts";
import { peopleOf, type PlacedSpan, type TraceSpans } from "./trace-spans.ts";

/** The items of a batch that one span is in. A tool's span is no item of its own. */
export interface RecordedSpan {
  readonly stepId: string;
  readonly runId: string;
  readonly chatId: string;
}

/** A batch that is made of spans, and which of its items each span became. */
export interface TraceBatch {
  readonly batch: UncheckedBatch & { readonly traces: readonly PreparedTrace[] };
  readonly spans: readonly RecordedSpan[];
}

/** Makes the items of a native batch out of spans, each trace in the chats that are known for it. */
export function buildBatch(traces: readonly TraceSpans[], noted: NotedTraces, now: string): TraceBatch {
  const built = traces.flatMap((trace) => {
    const known = noted.traces.get(trace.traceId);
    return known === undefined ? [] : [buildTrace(trace, known, noted.people, now)];
  });
  return {
    batch: {
      chats: built.flatMap(({ chats }) => chats),
      runs: built.flatMap(({ runs }) => runs),
      steps: built.flatMap(({ steps }) => steps),
      traces: built.flatMap(({ trace }) => trace),
    },
    spans: built.flatMap(({ spans }) => spans),
  };
}

/** What of a trace goes into one chat. */
interface Group {
  readonly chatId: string;
  readonly runId: string;
  readonly spans: readonly PlacedSpan[];
}

interface BuiltTrace {
  readonly chats: readonly object[];
  readonly runs: readonly object[];
  readonly steps: readonly object[];
  readonly trace: readonly PreparedTrace[];
  readonly spans: TraceBatch["spans"];
}

function buildTrace(
  { traceId, ownChatId, spans }: TraceSpans,
  known: NotedTrace,
  people: NotedTraces["people"],
  now: string,
): BuiltTrace {
  const recorded = spans.filter(({ role }) => role === "model" || role === "tool");
  const groups = groupByChat(recorded, known);
  if (groups.length === 0) return { chats: [], runs: [], steps: [], trace: [], spans: [] };
  const models = groups.flatMap((group) => pairsOf(group, "model"));
  const tools = groups.flatMap((group) => pairsOf(group, "tool"));
  return {
    chats: groups.map((group) => chatItem(group, known, people)),
    runs: groups.map((group) => runItem(group, known)),
    steps: models.map(({ span, group }) => ({
      ...mapStep(span),
      id: spanStepId(traceId, span.spanId),
      run_id: group.runId,
      chat_id: group.chatId,
    })),
    trace: [
      {
        traceId,
        ownChatId,
        homeChatId: known.homeChatId,
        runs: groups.map(({ runId, chatId }) => ({ id: runId, chatId })),
        tools: tools.map(({ span, group }) => ({ runId: group.runId, event: toolEventOf(span, now) })),
      },
    ],
    spans: [...models, ...tools].map(({ span, group }) => ({
      stepId: spanStepId(traceId, span.spanId),
      runId: group.runId,
      chatId: group.chatId,
    })),
  };
}

/**
 * The chats that spans of this request go into, and those that runs of the trace are in already: what is new may change
 * those as well. A run in the trace's own chat that belongs elsewhere by now brings the chat where it belongs.
 */
function groupByChat(recorded: readonly PlacedSpan[], known: NotedTrace): Group[] {
  const spansOf = Map.groupBy(recorded, ({ chatId }) => chatId ?? known.homeChatId);
  const ofRuns = known.runs.map(({ chatId }) => chatId);
  const isNamed = new Set(known.chats.map(({ chatId }) => chatId));
  const moved = ofRuns.map((chatId) => (isOwn(chatId, known) ? known.homeChatId : chatId));
  return [...new Set([...spansOf.keys(), ...moved.filter((chatId) => isNamed.has(chatId))])].map((chatId) => ({
    chatId,
    runId: traceRunId(known.traceId, chatId),
    spans: spansOf.get(chatId) ?? [],
  }));
}

function isOwn(chatId: string, { ownChatId }: NotedTrace): boolean {
  return chatId === ownChatId;
}

function pairsOf(group: Group, role: PlacedSpan["role"]): { span: PlacedSpan["span"]; group: Group }[] {
  return group.spans.filter((placed) => placed.role === role).map(({ span }) => ({ span, group }));
}

/** Whom the spans name is the owner, if they have an account; a chat that is there has its owner already. */
function chatItem({ chatId, spans }: Group, { chats }: NotedTrace, people: NotedTraces["people"]): object {
  const chat = chats.find((known) => known.chatId === chatId);
  const named = peopleOf(spans)
    .map((name) => people.get(name))
    .find((id) => id !== undefined);
  const owner = named ?? (chat?.exists === true ? undefined : chat?.ownerId);
  return { id: chatId, ...(typeof owner === "string" && { owner }) };
}

function runItem({ chatId, runId, spans }: Group, { runs }: NotedTrace): object {
  const ofSpans = spans.flatMap(({ span }) => span.startedAt ?? []);
  const starts = ofSpans.length > 0 ? ofSpans : runs.map(({ startedAt }) => startedAt.toISOString());
  return {
    id: runId,
    chat_id: chatId,
    ...(starts.length > 0 && { started_at: starts.reduce((a, b) => (a < b ? a : b)) }),
  };
}
