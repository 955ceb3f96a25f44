import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";
import type { TraceRun } from "./trace-batch.ts";
import type { SettledRun } from "./trace-settlement.ts";

export async function deleteSteps(
  transaction: OpenTransaction,
  steps: readonly { readonly id: string; readonly chat_id: string }[],
): Promise<void> {
  if (steps.length === 0) return;
  await sql`
    DELETE FROM chat_debug_steps AS step
    USING unnest(
      ${steps.map(({ chat_id }) => chat_id)}::uuid[], ${steps.map(({ id }) => id)}::uuid[]
    ) AS item (chat_id, id)
    WHERE step.chat_id = item.chat_id AND step.id = item.id
  `.execute(transaction);
}

export async function writeSteps(transaction: OpenTransaction, runs: readonly SettledRun[]): Promise<void> {
  const changed = runs.flatMap(({ chatId, changed: steps }) => steps.map((step) => ({ chat_id: chatId, ...step })));
  if (changed.length > 0) {
    // Two steps may swap their numbers, which are unique at every moment: all of them make way first.
    await sql`
      UPDATE chat_debug_steps AS step
      SET step_number = step.step_number + 1000000000
      FROM jsonb_to_recordset(${jsonText(changed)}::jsonb) AS item (chat_id uuid, id uuid, step_number integer)
      WHERE step.chat_id = item.chat_id AND step.id = item.id AND step.step_number <> item.step_number
    `.execute(transaction);
    await sql`
      UPDATE chat_debug_steps AS step
      SET step_number = item.step_number, metadata = item.metadata
      FROM jsonb_to_recordset(${jsonText(changed)}::jsonb) AS item (
        chat_id uuid, id uuid, step_number integer, metadata jsonb
      )
      WHERE step.chat_id = item.chat_id AND step.id = item.id
    `.execute(transaction);
  }
  const toolsSteps = runs.flatMap(({ chatId, toolsStep }) =>
    toolsStep === undefined ? [] : [{ chat_id: chatId, ...toolsStep }],
  );
  if (toolsSteps.length === 0) return;
  await sql`
    INSERT INTO chat_debug_steps AS step (
      id, run_id, chat_id, step_number, operation, status, metadata, started_at, updated_at, finished_at
    )
    SELECT item.id, item.run_id, item.chat_id, item.step_number, 'generate', item.status, item.metadata,
      item.started_at, run.updated_at, item.finished_at
    FROM jsonb_to_recordset(${jsonText(toolsSteps)}::jsonb) AS item (
      id uuid, run_id uuid, chat_id uuid, step_number integer, status text, metadata jsonb,
      started_at timestamptz, finished_at timestamptz
    )
    JOIN chat_debug_runs AS run ON run.id = item.run_id AND run.chat_id = item.chat_id
    ORDER BY item.id
    ON CONFLICT (id, chat_id) DO UPDATE SET
      step_number = excluded.step_number,
      metadata = excluded.metadata,
      started_at = excluded.started_at,
      updated_at = excluded.updated_at,
      finished_at = excluded.finished_at
  `.execute(transaction);
}

/** A run is there for its steps: one whose steps were all refused would stay unfinished and say nothing. */
export async function deleteEmptyRuns(transaction: OpenTransaction, runs: readonly TraceRun[]): Promise<void> {
  if (runs.length === 0) return;
  await sql`
    DELETE FROM chat_debug_runs AS run
    USING unnest(${runs.map(({ chatId }) => chatId)}::uuid[], ${runs.map(({ id }) => id)}::uuid[]) AS item (chat_id, id)
    WHERE run.chat_id = item.chat_id AND run.id = item.id
      AND NOT EXISTS (SELECT FROM chat_debug_steps AS step WHERE step.chat_id = run.chat_id AND step.run_id = run.id)
  `.execute(transaction);
}

export async function writeRuns(transaction: OpenTransaction, runs: readonly SettledRun[]): Promise<void> {
  if (runs.length === 0) return;
  const items = runs.map(({ id, chatId, status, started_at, finished_at, provider, model, first_message }) => ({
    id,
    chat_id: chatId,
    status,
    started_at,
    finished_at,
    provider,
    model,
    first_message,
  }));
  // Payloads stay where they are when a run turns out to have started earlier.
  await sql`
    UPDATE chat_debug_runs AS run
    SET
      status = item.status,
      provider = item.provider,
      model = item.model,
      payload_at = CASE WHEN run.started_at = item.started_at THEN run.payload_at
        ELSE coalesce(run.payload_at, run.started_at) END,
      started_at = item.started_at,
      finished_at = item.finished_at,
      summary = (run.summary - 'first_message') || jsonb_strip_nulls(jsonb_build_object('first_message', item.first_message))
    FROM jsonb_to_recordset(${jsonText(items)}::jsonb) AS item (
      id uuid, chat_id uuid, status text, started_at timestamptz, finished_at timestamptz, provider text, model text,
      first_message text
    )
    WHERE run.id = item.id AND run.chat_id = item.chat_id
  `.execute(transaction);
}
