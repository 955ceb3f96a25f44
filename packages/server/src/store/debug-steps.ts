import type { RunStatus, StepOperation } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";

export interface StoredStep {
  readonly id: string;
  readonly run_id: string;
  readonly chat_id: string;
  readonly step_number: number;
  readonly operation: StepOperation;
  readonly status: RunStatus;
  readonly history_tip_message_id: number | null;
  readonly assistant_message_id: number | null;
  readonly usage: Record<string, unknown> | null;
  readonly error: Record<string, unknown> | null;
  readonly metadata: Record<string, unknown>;
  readonly started_at: Date;
  readonly updated_at: Date;
  readonly finished_at: Date | null;
  readonly payload_bytes: number;
}

export interface StoredStepWithPayload extends StoredStep {
  /** As they are stored; null where that part was never recorded. */
  readonly request: Buffer | null;
  readonly response: Buffer | null;
  readonly attempts: Buffer | null;
  /** What the step contributed to what its run stores once; null where that is nothing. */
  readonly chunks: Buffer | null;
  readonly chunk_index: Buffer | null;
}

/** A run, and where its payloads are. */
export interface PlacedRun {
  readonly id: string;
  readonly chatId: string;
  /** As SQL text with its microseconds. Payloads are found by it: without it every partition would be locked. */
  readonly payloadAt: string;
}

const STEP_COLUMNS = sql`
  step.id, step.run_id, step.chat_id, step.step_number, step.operation, step.status,
  step.history_tip_message_id, step.assistant_message_id, step.usage, step.error, step.metadata,
  step.started_at, step.updated_at, step.finished_at, step.payload_bytes`;

export async function readSteps(transaction: OpenTransaction, run: PlacedRun): Promise<StoredStep[]> {
  const { rows } = await sql<StoredStep>`
    SELECT ${STEP_COLUMNS}
    FROM chat_debug_steps AS step
    WHERE step.chat_id = ${run.chatId} AND step.run_id = ${run.id}
    ORDER BY step.step_number
  `.execute(transaction);
  return rows;
}

/** @param stepId left out: all steps of the run */
export async function readStepsWithPayload(
  transaction: OpenTransaction,
  run: PlacedRun,
  stepId?: string,
): Promise<StoredStepWithPayload[]> {
  const { rows } = await sql<StoredStepWithPayload>`
    SELECT ${STEP_COLUMNS}, payload.request, payload.response, payload.attempts, payload.chunks, payload.chunk_index
    FROM chat_debug_steps AS step
    LEFT JOIN chat_debug_payloads AS payload
      ON payload.chat_id = step.chat_id
      AND payload.run_id = step.run_id
      AND payload.step_id = step.id
      AND payload.recorded_at = ${run.payloadAt}::timestamptz
    WHERE step.chat_id = ${run.chatId} AND step.run_id = ${run.id}
      ${stepId === undefined ? sql`` : sql`AND step.id = ${stepId}`}
    ORDER BY step.step_number
  `.execute(transaction);
  return rows;
}

/** What the steps of a run contributed to what the run stores once. Their own parts are not read. */
export async function readChunks(
  transaction: OpenTransaction,
  run: PlacedRun,
): Promise<Pick<StoredStepWithPayload, "chunks" | "chunk_index">[]> {
  const { rows } = await sql<Pick<StoredStepWithPayload, "chunks" | "chunk_index">>`
    SELECT chunks, chunk_index
    FROM chat_debug_payloads
    WHERE chat_id = ${run.chatId} AND run_id = ${run.id} AND recorded_at = ${run.payloadAt}::timestamptz
      AND chunks IS NOT NULL
  `.execute(transaction);
  return rows;
}
