import type { DebugBatch, RunKind, RunStatus } from "@shelflife/api-contract";

import type { RecordedCall, StepItem } from "./play-call.ts";
import { momentId } from "./moment-id.ts";
import type { Model } from "./providers.ts";
import type { Random } from "./random.ts";

export type RunItem = NonNullable<DebugBatch["runs"]>[number] & { readonly updated_at: string };

/** A run with its steps, as they go into a batch. */
export interface RecordedRun {
  readonly run: RunItem;
  readonly steps: readonly StepItem[];
}

/** Makes a run of the calls that were played in it: the calls become its steps, numbered from 1. */
export function recordRun(
  about: { chatId: string; kind: RunKind; model: Model; status: RunStatus },
  calls: readonly RecordedCall[],
  random: Random,
): RecordedRun {
  const first = calls[0];
  const last = calls.at(-1);
  if (first?.started_at === undefined || last === undefined) throw new RangeError("A run has at least one call.");
  const { chatId, kind, model, status } = about;
  const id = momentId(Date.parse(first.started_at), random);
  return {
    run: {
      id,
      chat_id: chatId,
      kind,
      status,
      provider: model.provider,
      model: model.model,
      started_at: first.started_at,
      updated_at: last.updated_at,
      ...(status !== "in_progress" && { finished_at: last.updated_at }),
    },
    steps: calls.map((call, index) => ({
      id: momentId(Date.parse(call.started_at ?? ""), random),
      run_id: id,
      chat_id: chatId,
      step_number: index + 1,
      ...call,
    })),
  };
}

/** When a run was last heard of, in milliseconds since the epoch. This is its retention clock. */
export function lastHeardOf({ run }: RecordedRun): number {
  return Date.parse(run.updated_at);
}
