import {
  runSummaryFiguresSchema,
  usageSchema,
  type DebugRun,
  type DebugRunSkeleton,
  type DebugRunSummary,
  type DebugStep,
  type DebugStepSkeleton,
} from "@shelflife/api-contract";
import { z } from "zod";

import type {
  StoredRun,
  StoredRunDetails,
  StoredRunSkeleton,
  StoredRunWithSteps,
  StoredStepAlone,
} from "../store/debug-runs.ts";
import type { StoredStep, StoredStepWithPayload } from "../store/debug-steps.ts";
import { decodePart } from "./decode-part.ts";
import { checkShape } from "./malformed-payload.ts";
import { RunChunks } from "./run-chunks.ts";

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

/** Steps that are made ready at once. Each may take megabytes. */
const STEPS_AT_ONCE = 4;

/**
 * The JSON of a run with every payload as it was recorded, in pieces. What an agent's requests repeat is stored once, so
 * that a run of a few megabytes in the database may be a gigabyte here, which no text and no memory holds whole.
 */
export async function* writeRun(run: StoredRunWithSteps): AsyncGenerator<string, void> {
  const chunks = new RunChunks(run.steps);
  yield `${JSON.stringify(renderRunDetails(run)).slice(0, -1)},"steps":[`;
  for (let start = 0; start < run.steps.length; start += STEPS_AT_ONCE) {
    const steps = run.steps.slice(start, start + STEPS_AT_ONCE);
    const texts = await Promise.all(steps.map(async (step) => JSON.stringify(await renderStep(step, chunks))));
    for (const [index, text] of texts.entries()) yield start + index === 0 ? text : `,${text}`;
  }
  yield "]}";
}

/** Without payloads, but with how much each step has of them. */
export function renderRunSkeleton(run: StoredRunSkeleton): DebugRunSkeleton {
  return { ...renderRunDetails(run), steps: run.steps.map(renderStepSkeleton) };
}

/** A step by itself, whose payloads may refer to what any step of its run contributed. */
export function renderStepAlone({ step, chunks }: StoredStepAlone): Promise<DebugStep> {
  return renderStep(step, new RunChunks(chunks));
}

function renderRunDetails(run: StoredRunDetails): Omit<DebugRun, "steps"> {
  return {
    ...renderRunSummary(run),
    ...withoutNulls({
      root_chat_id: run.root_chat_id,
      parent_chat_id: run.parent_chat_id,
      model_config_id: run.model_config_id,
      trigger_message_id: run.trigger_message_id,
      history_tip_message_id: run.history_tip_message_id,
    }),
  };
}

function renderStepSkeleton(step: StoredStep): DebugStepSkeleton {
  return withoutNulls({
    id: step.id,
    run_id: step.run_id,
    chat_id: step.chat_id,
    step_number: step.step_number,
    operation: step.operation,
    status: step.status,
    history_tip_message_id: step.history_tip_message_id,
    assistant_message_id: step.assistant_message_id,
    usage: step.usage === null ? null : checkShape(step.usage, usageSchema),
    error: step.error === null ? null : checkShape(step.error, recordSchema),
    metadata: checkShape(step.metadata ?? {}, recordSchema),
    payload_bytes: step.payload_bytes,
    started_at: step.started_at.toISOString(),
    updated_at: step.updated_at.toISOString(),
    finished_at: step.finished_at?.toISOString(),
  });
}

async function renderStep(step: StoredStepWithPayload, chunks: RunChunks): Promise<DebugStep> {
  const { payload_bytes: _bytes, ...small } = renderStepSkeleton(step);
  const { request, response, attempts } = step;
  const record = (part: Buffer) => decodePart<Record<string, unknown>>(part, "object", chunks);
  return {
    ...small,
    normalized_request: request === null ? {} : await record(request),
    ...(response !== null && { normalized_response: await record(response) }),
    attempts: attempts === null ? [] : await decodePart<unknown[]>(attempts, "array", chunks),
  };
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
