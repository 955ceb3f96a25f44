import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";
import type { PreparedBatch, PreparedStep, Rejections } from "./ingest-batch.ts";
import type { WritableChat } from "./ingest-chats.ts";
import { statusRank, type LockedRun } from "./ingest-runs.ts";

/** A step that will be stored, with the number it has. */
export type NumberedStep = PreparedStep & {
  readonly step_number: number;
  readonly started_at: string;
  readonly updated_at: string;
};

interface StoredStep {
  readonly id: string;
  readonly run_id: string;
  readonly step_number: number;
}

/** Creates and updates the steps of a batch. Their runs are locked, so that two batches cannot give out one number twice. */
export async function ingestSteps(
  transaction: OpenTransaction,
  input: {
    batch: PreparedBatch;
    now: string;
    rejections: Rejections;
    runs: ReadonlyMap<string, LockedRun>;
    writable: ReadonlyMap<string, WritableChat>;
  },
): Promise<NumberedStep[]> {
  const { batch, now, rejections, runs, writable } = input;
  const clockOf = new Map(batch.runs.map((run) => [run.id, run.updated_at]));
  const storedById = await readSteps(transaction, batch.steps, runs);
  const numbers = new RunNumbers(storedById.values());

  const accepted: NumberedStep[] = [];
  for (const step of batch.steps) {
    const run = runs.get(step.run_id);
    const stored = storedById.get(step.id);
    const started_at = step.started_at ?? now;
    if (run === undefined || run.chat_id !== step.chat_id) {
      rejectRunless(rejections, step, writable);
      continue;
    }
    if (stored !== undefined && stored.run_id !== step.run_id) {
      rejections.add("step", step.id, "not_owner", "This step belongs to another run.");
      continue;
    }
    if (stored === undefined && run.finished_at !== null && started_at > run.finished_at.toISOString()) {
      rejections.add("step", step.id, "run_finished", "This step started after its run had finished.");
      continue;
    }
    const step_number = stored?.step_number ?? numbers.take(step.run_id, step.id, step.step_number);
    if (step_number === undefined) {
      rejections.add("step", step.id, "invalid", `step_number: the run has another step number ${step.step_number}.`);
      continue;
    }
    accepted.push({ ...step, step_number, started_at, updated_at: step.updated_at ?? clockOf.get(step.run_id) ?? now });
  }
  await upsertSteps(transaction, accepted);
  return accepted;
}

function rejectRunless(rejections: Rejections, step: PreparedStep, writable: ReadonlyMap<string, WritableChat>): void {
  const reason = rejections.find("run", step.run_id) ?? rejections.find("chat", step.chat_id);
  if (reason !== undefined) {
    rejections.add("step", step.id, reason.code, `Its ${reason.kind} was refused: ${reason.message}`);
  } else if (writable.has(step.chat_id)) {
    rejections.add(
      "step",
      step.id,
      "run_not_found",
      "Its run is neither stored nor in this batch; it may have been purged.",
    );
  } else {
    rejections.add("step", step.id, "run_not_found", "There is no such run in a chat that you may record into.");
  }
}

/** The step numbers in use, run by run. */
class RunNumbers {
  readonly #taken = new Map<string, Map<number, string>>();

  constructor(stored: Iterable<StoredStep>) {
    for (const step of stored) this.#of(step.run_id).set(step.step_number, step.id);
  }

  /** Takes the wanted number, or the next free one where none is wanted; undefined where the wanted one is taken. */
  take(runId: string, stepId: string, wanted: number | undefined): number | undefined {
    const taken = this.#of(runId);
    const number = wanted ?? Math.max(0, ...taken.keys()) + 1;
    if (taken.has(number)) return undefined;
    taken.set(number, stepId);
    return number;
  }

  #of(runId: string): Map<number, string> {
    let taken = this.#taken.get(runId);
    if (taken === undefined) this.#taken.set(runId, (taken = new Map()));
    return taken;
  }
}

/** Every stored step of the runs concerned, and every stored step of the same id whatever its run. */
async function readSteps(
  transaction: OpenTransaction,
  steps: readonly PreparedStep[],
  runs: ReadonlyMap<string, LockedRun>,
): Promise<Map<string, StoredStep>> {
  if (steps.length === 0) return new Map();
  const concerned = [...new Set(steps.map((step) => step.run_id))].flatMap((id) => runs.get(id) ?? []);
  const { rows } = await sql<StoredStep>`
    SELECT step.id, step.run_id, step.step_number
    FROM unnest(${concerned.map((run) => run.chat_id)}::uuid[], ${concerned.map((run) => run.id)}::uuid[]) AS concerned (chat_id, run_id)
    JOIN chat_debug_steps AS step ON step.chat_id = concerned.chat_id AND step.run_id = concerned.run_id
    UNION
    SELECT id, run_id, step_number FROM chat_debug_steps WHERE id = ANY (${steps.map((step) => step.id)}::uuid[])
  `.execute(transaction);
  return new Map(rows.map((row) => [row.id, row]));
}

async function upsertSteps(transaction: OpenTransaction, steps: readonly NumberedStep[]): Promise<void> {
  if (steps.length === 0) return;
  const items = steps.map(({ payload: _payload, firstMessage: _firstMessage, ...small }) => small);
  await sql`
    INSERT INTO chat_debug_steps AS step (
      id, run_id, chat_id, step_number, operation, status, history_tip_message_id, assistant_message_id,
      usage, error, metadata, started_at, updated_at, finished_at
    )
    SELECT
      id, run_id, chat_id, step_number, coalesce(operation, 'generate'), coalesce(status, 'in_progress'),
      history_tip_message_id, assistant_message_id, usage, error, coalesce(metadata, '{}'), started_at, updated_at,
      CASE WHEN coalesce(status, 'in_progress') <> 'in_progress' THEN coalesce(finished_at, updated_at) END
    FROM jsonb_to_recordset(${jsonText(items)}::jsonb) AS item (
      id uuid, run_id uuid, chat_id uuid, step_number integer, operation text, status text,
      history_tip_message_id bigint, assistant_message_id bigint, usage jsonb, error jsonb, metadata jsonb,
      started_at timestamptz, updated_at timestamptz, finished_at timestamptz
    )
    ORDER BY id
    ON CONFLICT (id, chat_id) DO UPDATE SET
      status = CASE WHEN ${statusRank("excluded.status")} > ${statusRank("step.status")} THEN excluded.status ELSE step.status END,
      history_tip_message_id = coalesce(excluded.history_tip_message_id, step.history_tip_message_id),
      assistant_message_id = coalesce(excluded.assistant_message_id, step.assistant_message_id),
      usage = coalesce(excluded.usage, step.usage),
      error = coalesce(excluded.error, step.error),
      metadata = step.metadata || excluded.metadata,
      updated_at = greatest(step.updated_at, excluded.updated_at),
      finished_at = coalesce(step.finished_at, excluded.finished_at)
    WHERE step.run_id = excluded.run_id
  `.execute(transaction);
}
