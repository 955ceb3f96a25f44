import type { KnownStep, PlacedTool, ToolEvent, TraceRun } from "./trace-batch.ts";
import { byStart, toolsStepId } from "./trace-ids.ts";

/** The events of one step; the earliest are kept. No model asks for that many tools at once. */
const TOOLS_A_STEP = 200;

/**
 * The tools of a trace by the id of the step that they belong to, in the order of their starts. Those of a run without any
 * model call belong to the step that stands for one.
 *
 * @param steps all that are stored, with the tools that they hold
 * @param tools what this batch brings; what arrived last about a tool counts
 */
export function placeTools({
  runs,
  steps,
  calls,
  tools,
}: {
  runs: readonly TraceRun[];
  steps: readonly KnownStep[];
  /** Those of the steps that are model calls, in the order of their starts. */
  calls: readonly KnownStep[];
  tools: readonly PlacedTool[];
}): Map<string, ToolEvent[]> {
  const runOfChat = new Map(runs.map(({ id, chatId }) => [chatId, id]));
  const index = new CallIndex(calls);
  const placed = new Map<string, ToolEvent[]>();
  for (const { runId, event } of collectTools(steps, tools)) {
    // What a span says of one chat goes into no other.
    const named = event.chat_id === undefined ? undefined : (runOfChat.get(event.chat_id) ?? runId);
    const step =
      index.asking(event, named) ??
      index.around(event, named) ??
      index.before(event, runs.length === 1 ? undefined : (named ?? runId));
    const stepId = step?.id ?? toolsStepId(named ?? runId);
    const ofStep = placed.get(stepId) ?? [];
    placed.set(stepId, ofStep);
    ofStep.push(event);
  }
  for (const [stepId, events] of placed) placed.set(stepId, events.toSorted(byToolStart).slice(0, TOOLS_A_STEP));
  return placed;
}

function byToolStart(a: ToolEvent, b: ToolEvent): number {
  return byStart({ started_at: a.started_at, id: a.span_id }, { started_at: b.started_at, id: b.span_id });
}

function collectTools(steps: readonly KnownStep[], tools: readonly PlacedTool[]): Iterable<PlacedTool> {
  const stored = steps.flatMap(({ run_id: runId, metadata }) =>
    storedTools(metadata).map((event) => ({ runId, event })),
  );
  return new Map([...stored, ...tools].map((tool) => [tool.event.span_id, tool])).values();
}

function storedTools(metadata: KnownStep["metadata"]): ToolEvent[] {
  const tools = metadata["tools"];
  return Array.isArray(tools) ? (tools as ToolEvent[]) : [];
}

/** The model calls of a trace, by what tells which of them a tool ran for. A run's id narrows each question down to it. */
class CallIndex {
  readonly #byCallId = new Map<string, KnownStep[]>();
  readonly #bySpan = new Map<string, KnownStep>();
  readonly #byRun: ReadonlyMap<string, readonly KnownStep[]>;
  readonly #all: readonly KnownStep[];

  /** @param calls in the order of their starts */
  constructor(calls: readonly KnownStep[]) {
    this.#all = calls;
    this.#byRun = Map.groupBy(calls, (call) => call.run_id);
    for (const call of calls) {
      const { span_id: spanId, tool_call_ids: callIds } = call.metadata;
      if (typeof spanId === "string") this.#bySpan.set(spanId, call);
      for (const callId of Array.isArray(callIds) ? (callIds as string[]) : []) {
        this.#byCallId.set(callId, [...(this.#byCallId.get(callId) ?? []), call]);
      }
    }
  }

  /** The last call that asked for this tool by the id of its call. */
  asking({ tool_call_id: callId = "" }: ToolEvent, runId: string | undefined): KnownStep | undefined {
    return this.#byCallId.get(callId)?.findLast((call) => runId === undefined || call.run_id === runId);
  }

  /** The call whose span is the parent of the tool's. */
  around({ parent_span_id: spanId = "" }: ToolEvent, runId: string | undefined): KnownStep | undefined {
    const call = this.#bySpan.get(spanId);
    return runId === undefined || call?.run_id === runId ? call : undefined;
  }

  /** The last call that started before the tool; where its own clock says that there was none, the first. */
  before({ started_at: start }: ToolEvent, runId: string | undefined): KnownStep | undefined {
    const calls = runId === undefined ? this.#all : (this.#byRun.get(runId) ?? []);
    let [low, high] = [0, calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((calls[middle]?.started_at ?? "") <= start) low = middle + 1;
      else high = middle;
    }
    return calls[Math.max(low - 1, 0)];
  }
}
