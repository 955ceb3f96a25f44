import {
  runSummaryFiguresSchema,
  usageSchema,
  type DebugRun,
  type DebugRunSummary,
  type DebugStep,
} from "@shelflife/api-contract";
import { z } from "zod";

import type { StoredRun, StoredRunWithSteps, StoredStep } from "../store/debug-runs.ts";
import { checkShape, decodePayload } from "./payload-codec.ts";

const recordSchema = z.record(z.string(), z.unknown());

/** A stored run in the form that crosses the wire: times as RFC 3339 in UTC, and null left out. */
export function renderRunSummary(run: StoredRun): DebugRunSummary {
  return withoutNulls({
    id: run.id,
    chat_id: run.chat_id,
    kind: run.kind,
    status: run.status,
    provider: run.provider,
    model: run.model,
    summary: checkShape(run.summary ?? {}, runSummaryFiguresSchema),
    started_at: run.started_at.toISOString(),
    updated_at: run.updated_at.toISOString(),
    finished_at: run.finished_at?.toISOString(),
  });
}

export async function renderRun(run: StoredRunWithSteps): Promise<DebugRun> {
  return {
    ...renderRunSummary(run),
    ...withoutNulls({
      root_chat_id: run.root_chat_id,
      parent_chat_id: run.parent_chat_id,
      model_config_id: run.model_config_id,
      trigger_message_id: run.trigger_message_id,
      history_tip_message_id: run.history_tip_message_id,
    }),
    steps: await Promise.all(run.steps.map(renderStep)),
  };
}

async function renderStep(step: StoredStep): Promise<DebugStep> {
  return withoutNulls({
    id: step.id,
    run_id: step.run_id,
    chat_id: step.chat_id,
    step_number: step.step_number,
    operation: step.operation,
    status: step.status,
    history_tip_message_id: step.history_tip_message_id,
    assistant_message_id: step.assistant_message_id,
    normalized_request:
      step.request === null ? {} : await decodePayload<Record<string, unknown>>(step.request, "object"),
    normalized_response:
      step.response === null ? null : await decodePayload<Record<string, unknown>>(step.response, "object"),
    usage: step.usage === null ? null : checkShape(step.usage, usageSchema),
    attempts: step.attempts === null ? [] : await decodePayload<unknown[]>(step.attempts, "array"),
    error: step.error === null ? null : checkShape(step.error, recordSchema),
    metadata: checkShape(step.metadata ?? {}, recordSchema),
    started_at: step.started_at.toISOString(),
    updated_at: step.updated_at.toISOString(),
    finished_at: step.finished_at?.toISOString(),
  });
}

type WithoutNulls<T> = {
  [Key in keyof T as null extends T[Key] ? never : undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as null extends T[Key] ? Key : undefined extends T[Key] ? Key : never]?: NonNullable<T[Key]>;
};

/** On this wire a field without a value is left out. */
function withoutNulls<T extends object>(value: T): WithoutNulls<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== null && field !== undefined),
  ) as WithoutNulls<T>;
}
