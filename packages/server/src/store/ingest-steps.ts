import { sql } from "kysely";

import type { ChatDecision, Refusal } from "./chat-decision.ts";
import type { OpenTransaction } from "./database.ts";
import type { PreparedBatch, PreparedStep, Rejections } from "./ingest-batch.ts";
import { statusRank, type LockedRun } from "./ingest-runs.ts";
import { jsonText } from "./json-text.ts";

/** A step that will be stored, with the number it has. */
export type NumberedStep = PreparedStep & { readonly step_number: number };

interface StoredStep {
  readonly id: string;
  readonly run_id: string;
  readonly step_number: number;
}

interface StepsInput {
  readonly batch: PreparedBatch;
  readonly rejections: Rejections;
  /** The runs that the caller may record into; they are locked, so that two batches cannot give out one number twice. */
  readonly runs: ReadonlyMap<string, LockedRun>;
  /** Runs that were deleted on purpose a short while ago. */
  readonly deletedRuns: ReadonlySet<string>;
  readonly chats: Pick<ChatDecision, "refusals">;
}

/** Creates and updates the steps of a batch. */
export async function ingestSteps(transaction: OpenTransaction, input: StepsInput): Promise<NumberedStep[]> {
  const { batch, rejections, runs } = input;
  const stored = await readSteps(transaction, batch.steps, runs);
  const known = new Map(stored.map((step) => [step.id, step]));
  const numbers = new RunNumbers(stored);

  // Nobody says when a trace is over: its run ends with the last of its spans, until another one comes.
  const goingOn = new Set(batch.traces?.flatMap((trace) => trace.runs.map(({ id }) => id)));
  const accepted: PreparedStep[] = [];
  for (const step of batch.steps) {
    const refusal = refuseStep(step, known.get(step.id), { ...input, goingOn });
    if (refusal === undefined) accepted.push(step);
    else rejections.add("step", step.id, refusal.code, refusal.message);
  }
  const numbered: NumberedStep[] = [];
  for (const step of accepted.toSorted(byNumbering)) {
    const step_number = known.get(step.id)?.step_number ?? numbers.take(step.run_id, step.step_number);
    if (step_number !== undefined) numbered.push({ ...step, step_number });
    else rejections.add("step", step.id, "invalid", `step_number: the run has another step ${step.step_number}.`);
  }
  await upsertSteps(transaction, numbered);
  return numbered;
}

/** Numbers that were given come first, so that none is taken away; the others are numbered as the steps started. */
function byNumbering(a: PreparedStep, b: PreparedStep): number {
  const unnumbered = Number(a.step_number === undefined) - Number(b.step_number === undefined);
  if (unnumbered !== 0 || a.started_at === b.started_at) return unnumbered;
  return a.started_at < b.started_at ? -1 : 1;
}

function refuseStep(
  step: PreparedStep,
  known: StoredStep | undefined,
  { rejections, runs, deletedRuns, chats, goingOn }: StepsInput & { goingOn: ReadonlySet<string> },
): Refusal | undefined {
  const run = runs.get(step.run_id);
  if (run === undefined || run.chat_id !== step.chat_id) {
    const ofRun = rejections.find("run", step.run_id);
    if (ofRun !== undefined) return { code: ofRun.code, message: `Its run was refused: ${ofRun.message}` };
    const ofChat = chats.refusals.get(step.chat_id);
    if (ofChat !== undefined) return ofChat;
    if (deletedRuns.has(step.run_id)) return { code: "gone", message: "Its run has been deleted." };
    const message = "Its run is neither stored in this chat nor in this batch; it may have been purged.";
    return { code: "run_not_found", message };
  }
  if (known !== undefined && known.run_id !== step.run_id) {
    return { code: "not_owner", message: "This step belongs to another run." };
  }
  if (
    known === undefined &&
    !goingOn.has(run.id) &&
    run.finished_at !== null &&
    step.started_at > run.finished_at.toISOString()
  ) {
    return { code: "run_finished", message: "This step started after its run had finished." };
  }
  return undefined;
}

/** The step numbers in use, run by run, as far as they matter to a batch. */
class RunNumbers {
  readonly #ofRun = new Map<string, { taken: Set<number>; last: number }>();

  constructor(stored: Iterable<StoredStep>) {
    for (const step of stored) this.#add(step.run_id, step.step_number);
  }

  /** Takes the wanted number, or the one after the last where none is wanted; undefined where the wanted one is taken. */
  take(runId: string, wanted: number | undefined): number | undefined {
    const numbers = this.#ofRun.get(runId);
    const number = wanted ?? (numbers?.last ?? 0) + 1;
    if (numbers?.taken.has(number) === true) return undefined;
    this.#add(runId, number);
    return number;
  }

  #add(runId: string, number: number): void {
    const { taken, last } = this.#ofRun.get(runId) ?? { taken: new Set<number>(), last: 0 };
    this.#ofRun.set(runId, { taken: taken.add(number), last: Math.max(last, number) });
  }
}

/**
 * What numbering a batch has to know, and no more, however many steps a run has: the stored steps of the same ids
 * (whatever their run), those that have a number which the batch wants, and the last one of every run.
 */
async function readSteps(
  transaction: OpenTransaction,
  steps: readonly PreparedStep[],
  runs: ReadonlyMap<string, LockedRun>,
): Promise<readonly StoredStep[]> {
  if (steps.length === 0) return [];
  const concerned = [...new Set(steps.map((step) => step.run_id))].flatMap((id) => runs.get(id) ?? []);
  const wanted = steps.filter((step) => step.step_number !== undefined);
  const { rows } = await sql<StoredStep>`
    SELECT id, run_id, step_number FROM chat_debug_steps WHERE id = ANY (${steps.map((step) => step.id)}::uuid[])
    UNION
    SELECT step.id, step.run_id, step.step_number
    FROM unnest(
      ${wanted.map((step) => step.chat_id)}::uuid[],
      ${wanted.map((step) => step.run_id)}::uuid[],
      ${wanted.map((step) => step.step_number)}::integer[]
    ) AS wanted (chat_id, run_id, step_number)
    JOIN chat_debug_steps AS step USING (chat_id, run_id, step_number)
    UNION
    SELECT last.id, last.run_id, last.step_number
    FROM unnest(
      ${concerned.map((run) => run.chat_id)}::uuid[],
      ${concerned.map((run) => run.id)}::uuid[]
    ) AS concerned (chat_id, run_id)
    CROSS JOIN LATERAL (
      SELECT step.id, step.run_id, step.step_number
      FROM chat_debug_steps AS step
      WHERE step.chat_id = concerned.chat_id AND step.run_id = concerned.run_id
      ORDER BY step.step_number DESC
      LIMIT 1
    ) AS last
  `.execute(transaction);
  return rows;
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
