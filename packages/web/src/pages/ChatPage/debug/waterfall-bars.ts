import type { DebugRunSkeleton } from "@shelflife/api-contract";

import { readToolTimes } from "./read-step.ts";

export interface Bar {
  readonly key: string;
  readonly kind: "step" | "tool";
  readonly label: string;
  readonly status: string;
  /** From the start of the run, in milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  /** The same as shares of the whole line, from 0 to 1. */
  readonly left: number;
  readonly width: number;
}

/** Where the bars of a run stand. A step that has not ended lasts until now. */
export function barsOf(run: DebugRunSkeleton, now: Date): { bars: Bar[]; spanMs: number } {
  const pieces = run.steps.flatMap((step) => [
    {
      key: step.id,
      kind: "step" as const,
      label: `Step ${step.step_number}`,
      status: step.status,
      from: Date.parse(step.started_at),
      to: step.finished_at === undefined ? now.getTime() : Date.parse(step.finished_at),
    },
    ...readToolTimes(step.metadata).map(({ name, startedAt, finishedAt }, index) => ({
      key: `${step.id} ${index}`,
      kind: "tool" as const,
      label: `Tool ${name}`,
      status: step.status,
      from: Date.parse(startedAt),
      to: Date.parse(finishedAt),
    })),
  ]);
  if (pieces.length === 0) return { bars: [], spanMs: 0 };
  const origin = Math.min(Date.parse(run.started_at), ...pieces.map(({ from }) => from));
  // Clocks of two machines may disagree: a piece that ends before it began is shown without a length.
  const spanMs = Math.max(1, ...pieces.map(({ from, to }) => Math.max(from, to) - origin));
  return {
    spanMs,
    bars: pieces.map(({ from, to, ...piece }) => {
      const startMs = from - origin;
      const durationMs = Math.max(0, to - from);
      return { ...piece, startMs, durationMs, left: startMs / spanMs, width: durationMs / spanMs };
    }),
  };
}
