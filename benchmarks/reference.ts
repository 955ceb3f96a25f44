import type { Pool } from "./database.ts";

/** How many runs the reference deletes at a time, and how long after that it deletes the next. */
export const REFERENCE_BATCH = 1_000;
export const REFERENCE_INTERVAL_SECONDS = 600;

export const REFERENCE_TABLES = ["reference.chat_debug_runs", "reference.chat_debug_steps"];

/**
 * The design in the field, beside ours: payloads as JSONB in the rows of the steps, one bounded DELETE, and steps that go
 * by cascade. It is given the indexes that serve it (on the retention clock, and on what the cascade looks up) and ids
 * that rise with time, as ours do, so that what is compared is the design and not its tuning.
 */
export async function createReference(pool: Pool): Promise<void> {
  await pool.query(`
    CREATE SCHEMA reference;

    CREATE TABLE reference.chat_debug_runs (
      id uuid PRIMARY KEY,
      chat_id uuid NOT NULL REFERENCES public.chats (id) ON DELETE CASCADE,
      root_chat_id uuid,
      parent_chat_id uuid,
      model_config_id uuid,
      trigger_message_id bigint,
      history_tip_message_id bigint,
      kind text NOT NULL,
      status text NOT NULL,
      provider text,
      model text,
      summary jsonb NOT NULL DEFAULT '{}',
      started_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      finished_at timestamptz,
      UNIQUE (id, chat_id)
    );
    CREATE INDEX ON reference.chat_debug_runs (chat_id, started_at DESC, id DESC);
    CREATE INDEX ON reference.chat_debug_runs (updated_at);

    CREATE TABLE reference.chat_debug_steps (
      id uuid PRIMARY KEY,
      run_id uuid NOT NULL,
      chat_id uuid NOT NULL REFERENCES public.chats (id) ON DELETE CASCADE,
      step_number integer NOT NULL,
      operation text NOT NULL,
      status text NOT NULL,
      history_tip_message_id bigint,
      assistant_message_id bigint,
      normalized_request jsonb NOT NULL,
      normalized_response jsonb,
      usage jsonb,
      attempts jsonb NOT NULL DEFAULT '[]',
      error jsonb,
      metadata jsonb NOT NULL DEFAULT '{}',
      started_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      finished_at timestamptz,
      UNIQUE (run_id, step_number),
      FOREIGN KEY (run_id, chat_id) REFERENCES reference.chat_debug_runs (id, chat_id) ON DELETE CASCADE
    );
    CREATE INDEX ON reference.chat_debug_steps (chat_id);
  `);
}

/** The columns of its steps that hold payloads. */
export const REFERENCE_PAYLOADS = ["normalized_request", "normalized_response", "attempts"];

/** What the reference holds of ours: the same runs, and the same steps without their payloads. */
export async function copyRunsToReference(pool: Pool): Promise<void> {
  await pool.query(`
    INSERT INTO reference.chat_debug_runs
    SELECT id, chat_id, root_chat_id, parent_chat_id, model_config_id, trigger_message_id, history_tip_message_id,
      kind, status, provider, model, summary, started_at, updated_at, finished_at
    FROM chat_debug_runs ORDER BY started_at
  `);
}

/** One statement of the reference: what it does every ten minutes. Answers how many runs went, and how long it took. */
export async function runReferenceStatement(pool: Pool, cutoff: Date): Promise<{ deleted: number; ms: number }> {
  const started = performance.now();
  const { rowCount } = await pool.query(
    `DELETE FROM reference.chat_debug_runs WHERE id IN (
       SELECT id FROM reference.chat_debug_runs WHERE updated_at < $1 ORDER BY updated_at LIMIT ${REFERENCE_BATCH}
     )`,
    [cutoff],
  );
  return { deleted: rowCount ?? 0, ms: performance.now() - started };
}

/** Deletes everything expired, statement after statement, without the ten minutes between them. */
export async function drainReference(pool: Pool, cutoff: Date): Promise<{ deleted: number; ms: number[] }> {
  const statements: { deleted: number; ms: number }[] = [];
  for (;;) {
    const statement = await runReferenceStatement(pool, cutoff);
    if (statement.deleted === 0) break;
    statements.push(statement);
  }
  return {
    deleted: statements.reduce((total, { deleted }) => total + deleted, 0),
    ms: statements.map(({ ms }) => ms),
  };
}
