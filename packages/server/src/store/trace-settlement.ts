import { isDeepStrictEqual } from "node:util";

import type { RunStatus } from "@shelflife/api-contract";

import { toolsStepId } from "./trace-ids.ts";
import type { OuterSpan, ToolEvent, TraceRun } from "./trace-batch.ts";

/**
 * What the runs of a trace come to, computed from everything that is known of the trace and from nothing else, so that it
 * is the same in whichever order, and in however many requests, the spans arrived.
 */

export interface KnownStep {
  readonly id: string;
  readonly run_id: string;
  readonly step_number: number;
  readonly status: RunStatus;
  /** RFC 3339, UTC, in milliseconds. */
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface KnownTrace {
  readonly runs: readonly TraceRun[];
  readonly steps: readonly KnownStep[];
  /** What this batch brings. */
  readonly tools: readonly { readonly runId: string; readonly event: ToolEvent }[];
  /** The labels that the requests of this batch's steps tell, by the step's id. */
  readonly labels: ReadonlyMap<string, string>;
  /** By the run's id. */
  readonly outerSpans: ReadonlyMap<string, OuterSpan>;
}

export interface SettledStep {
  readonly id: string;
  readonly step_number: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface SettledRun extends TraceRun {
  readonly status: RunStatus;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly first_message: string | undefined;
  /** Those model calls that are not stored like this yet. */
  readonly changed: readonly SettledStep[];
  /** A step that stands for a model call that is not known, and holds the tools meanwhile; undefined where none is needed. */
  readonly toolsStep: KnownStep | undefined;
}

/** The events of one step; the earliest are kept. No model asks for that many tools at once. */
const TOOLS_A_STEP = 200;

interface PlacedTool {
  readonly runId: string;
  readonly event: ToolEvent;
}

/** A run without any step is left out: there is nothing to say of it yet. */
export function settleTrace(trace: KnownTrace): SettledRun[] {
  const calls = trace.steps.filter((step) => !isToolsStep(step)).toSorted(byStart);
  const placed = placeTools(trace, calls, collectTools(trace));
  return trace.runs.flatMap((run) => settleRun(run, trace, calls, placed) ?? []);
}

/** Whether a step is no model call, but holds tools for which none is known: it has no span. */
export function isToolsStep({ metadata }: Pick<KnownStep, "metadata">): boolean {
  return metadata["span_id"] === undefined;
}

/** Starts are told apart by milliseconds only; what starts in the same one keeps the same order everywhere. */
function byStart(a: { started_at: string; id: string }, b: { started_at: string; id: string }): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function byToolStart({ event: a }: PlacedTool, { event: b }: PlacedTool): number {
  return byStart({ started_at: a.started_at, id: a.span_id }, { started_at: b.started_at, id: b.span_id });
}

/** Every tool that is known, once: what arrived last about it counts. */
function collectTools({ steps, tools }: KnownTrace): PlacedTool[] {
  const stored = steps.flatMap(({ run_id: runId, metadata }) =>
    storedTools(metadata).map((event) => ({ runId, event })),
  );
  return [...new Map([...stored, ...tools].map((tool) => [tool.event.span_id, tool])).values()];
}

function storedTools(metadata: KnownStep["metadata"]): ToolEvent[] {
  const tools = metadata["tools"];
  return Array.isArray(tools) ? (tools as ToolEvent[]) : [];
}

/** The tools by the step that they belong to. */
function placeTools(
  { runs }: KnownTrace,
  calls: readonly KnownStep[],
  tools: readonly PlacedTool[],
): Map<string, PlacedTool[]> {
  const runOfChat = new Map(runs.map(({ id, chatId }) => [chatId, id]));
  const index = new CallIndex(calls);
  const placed = new Map<string, PlacedTool[]>();
  for (const tool of tools) {
    const { event } = tool;
    const named = event.chat_id === undefined ? undefined : runOfChat.get(event.chat_id);
    const runId = named ?? tool.runId;
    const step =
      index.asking(event, named) ??
      index.around(event, named) ??
      index.before(event, runs.length === 1 ? undefined : runId);
    const stepId = step?.id ?? toolsStepId(runId);
    const ofStep = placed.get(stepId) ?? [];
    placed.set(stepId, ofStep);
    ofStep.push({ runId: step?.run_id ?? runId, event });
  }
  return placed;
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

function settleRun(
  run: TraceRun,
  trace: KnownTrace,
  allCalls: readonly KnownStep[],
  placed: ReadonlyMap<string, PlacedTool[]>,
): SettledRun | undefined {
  const calls = allCalls.filter((step) => step.run_id === run.id);
  // As soon as a run has a call, every tool of it has one to belong to.
  const loose = placed.get(toolsStepId(run.id)) ?? [];
  const toolsStep = loose.length === 0 ? undefined : makeToolsStep(run, loose);
  const steps = toolsStep === undefined ? calls : [toolsStep];
  if (steps.length === 0) return undefined;

  const settled = calls.map((step, index) => ({
    before: step,
    after: {
      id: step.id,
      step_number: index + 1,
      metadata: withTools(withLabel(step, trace.labels.get(step.id)), placed.get(step.id) ?? []),
    },
  }));
  const tools = steps.flatMap((step) => placed.get(step.id) ?? []).map(({ event }) => event);
  const outer = trace.outerSpans.get(run.id);
  const parts = [...steps, ...tools, ...(outer === undefined ? [] : [outer])];
  const unfinished = steps.some(({ status }) => status === "in_progress");
  const finishes = parts.map((part) => part.finished_at ?? part.started_at);
  return {
    ...run,
    status: unfinished ? "in_progress" : statusOf(steps, outer),
    started_at: parts.map((part) => part.started_at).reduce((a, b) => (a < b ? a : b)),
    finished_at: unfinished ? null : finishes.reduce((a, b) => (a > b ? a : b)),
    provider: firstText(calls, "provider"),
    model: firstText(calls, "model"),
    first_message: firstText(
      settled.map(({ after }) => after),
      "first_message",
    ),
    changed: settled.flatMap(({ before, after }) => (isSame(before, after) ? [] : [after])),
    toolsStep,
  };
}

/**
 * How the work around the calls ended is how the run ended; where that is not known, how its last call did. Work that
 * came to its end may have dealt with a call that failed, but not with one that it left.
 */
function statusOf(steps: readonly KnownStep[], outer: OuterSpan | undefined): RunStatus {
  const last = steps.at(-1)?.status ?? "completed";
  if (outer === undefined || outer.status === "in_progress") return last;
  return outer.status === "completed" && last === "interrupted" ? last : outer.status;
}

function firstText(steps: readonly Pick<KnownStep, "metadata">[], name: string): string | undefined {
  return steps.map(({ metadata }) => metadata[name]).find((text) => typeof text === "string");
}

function withLabel({ metadata }: KnownStep, label: string | undefined): KnownStep["metadata"] {
  return label === undefined ? metadata : { ...metadata, first_message: label };
}

function withTools(metadata: KnownStep["metadata"], tools: readonly PlacedTool[]): KnownStep["metadata"] {
  const { tools: _before, ...rest } = metadata;
  if (tools.length === 0) return rest;
  const events = tools.toSorted(byToolStart).map(({ event }) => event);
  return { ...rest, tools: events.slice(0, TOOLS_A_STEP) };
}

function isSame(before: KnownStep, after: SettledStep): boolean {
  return before.step_number === after.step_number && isDeepStrictEqual(before.metadata, after.metadata);
}

function makeToolsStep(run: TraceRun, tools: readonly PlacedTool[]): KnownStep {
  const events = tools.map(({ event }) => event);
  const finishes = events.map((event) => event.finished_at ?? event.started_at);
  return {
    id: toolsStepId(run.id),
    run_id: run.id,
    step_number: 1,
    status: "completed",
    started_at: events.map((event) => event.started_at).reduce((a, b) => (a < b ? a : b)),
    finished_at: finishes.reduce((a, b) => (a > b ? a : b)),
    metadata: withTools({ integration: "opentelemetry" }, tools),
  };
}

/** Of two spans around a run, the one that tells about the whole of it: the root, or else the one that started first. */
export function isFurtherOut(span: OuterSpan, known: OuterSpan): boolean {
  if (span.span_id === known.span_id) return true;
  if (span.is_root !== known.is_root) return span.is_root;
  if (span.started_at !== known.started_at) return span.started_at < known.started_at;
  return span.span_id < known.span_id;
}
