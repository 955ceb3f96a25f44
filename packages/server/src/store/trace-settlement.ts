import { isDeepStrictEqual } from "node:util";

import type { RunStatus } from "@shelflife/api-contract";

import { placeTools } from "./place-tools.ts";
import type { KnownStep, OuterSpan, PlacedTool, ToolEvent, TraceRun } from "./trace-batch.ts";
import { byStart, toolsStepId } from "./trace-ids.ts";

/**
 * What the runs of a trace come to, computed from everything that is known of the trace and from nothing else, so that it
 * is the same in whichever order, and in however many requests, the spans arrived.
 */

export interface KnownTrace {
  readonly runs: readonly TraceRun[];
  readonly steps: readonly KnownStep[];
  /** What this batch brings. */
  readonly tools: readonly PlacedTool[];
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

/** A run without any step is left out: there is nothing to say of it yet. */
export function settleTrace(trace: KnownTrace): SettledRun[] {
  const calls = trace.steps.filter((step) => !isToolsStep(step)).toSorted(byStart);
  const placed = placeTools({ ...trace, calls });
  return trace.runs.flatMap((run) => settleRun(run, trace, calls, placed) ?? []);
}

/** Whether a step is no model call, but holds tools for which none is known: it has no span. */
export function isToolsStep({ metadata }: Pick<KnownStep, "metadata">): boolean {
  return metadata["span_id"] === undefined;
}

function settleRun(
  run: TraceRun,
  trace: KnownTrace,
  allCalls: readonly KnownStep[],
  placed: ReadonlyMap<string, readonly ToolEvent[]>,
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
  const tools = steps.flatMap((step) => placed.get(step.id) ?? []);
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

function withTools(metadata: KnownStep["metadata"], tools: readonly ToolEvent[]): KnownStep["metadata"] {
  const { tools: _before, ...rest } = metadata;
  return tools.length === 0 ? rest : { ...rest, tools };
}

function isSame(before: KnownStep, after: SettledStep): boolean {
  return before.step_number === after.step_number && isDeepStrictEqual(before.metadata, after.metadata);
}

function makeToolsStep(run: TraceRun, tools: readonly ToolEvent[]): KnownStep {
  const finishes = tools.map((tool) => tool.finished_at ?? tool.started_at);
  return {
    id: toolsStepId(run.id),
    run_id: run.id,
    step_number: 1,
    status: "completed",
    started_at: tools.map((tool) => tool.started_at).reduce((a, b) => (a < b ? a : b)),
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
