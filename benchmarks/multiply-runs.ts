import { payloadTables, type Pool } from "./database.ts";
import type { RunKey } from "./sample-runs.ts";
import { EXPIRED_SHARE, type Timeline } from "./timeline.ts";

/** One run in so many of the expired time is still being written to, and holds on to its payloads. */
const LONG_LIVED_ONE_IN = 100;

/**
 * Copies sample runs, with their steps and payloads, under new ids, evenly over a timeline and in its order. Stored bytes
 * are copied as they are, in whatever tables and columns the store keeps them. Foreign keys are not checked meanwhile.
 */
export async function multiplyRuns(
  pool: Pool,
  input: { samples: readonly RunKey[]; chatIds: readonly string[]; timeline: Timeline; count: number },
): Promise<void> {
  const { samples, chatIds, timeline, count } = input;
  await pool.query(
    "CREATE SCHEMA IF NOT EXISTS building; DROP TABLE IF EXISTS building.run_copies, building.step_copies",
  );
  await pool.query(
    `CREATE UNLOGGED TABLE building.run_copies AS
     SELECT number, uuidv7(started_at - clock_timestamp()) AS id, sample_id, chat_id, started_at,
       CASE WHEN share < ${EXPIRED_SHARE} AND number % ${LONG_LIVED_ONE_IN} = 0
         THEN ${sqlTime(timeline.live.from)} ELSE started_at + interval '12 seconds' END AS updated_at
     FROM (
       SELECT number, number::float8 / ${count} AS share,
         ($1::uuid[])[1 + number % ${samples.length}] AS sample_id,
         ($2::uuid[])[1 + number % ${chatIds.length}] AS chat_id
       FROM generate_series(0, ${count - 1}) AS number
     ) AS numbered
     CROSS JOIN LATERAL (SELECT CASE WHEN share < ${EXPIRED_SHARE}
       THEN ${between(timeline.expired, `share / ${EXPIRED_SHARE}`)}
       ELSE ${between(timeline.live, `(share - ${EXPIRED_SHARE}) / (1 - ${EXPIRED_SHARE})`)} END AS started_at) AS placed`,
    [samples.map(({ id }) => id), chatIds],
  );
  await pool.query(`
    CREATE UNLOGGED TABLE building.step_copies AS
    SELECT uuidv7(copy.started_at + step.step_number * interval '1 second' - clock_timestamp()) AS id,
      step.id AS sample_id, copy.id AS run_id, copy.sample_id AS sample_run_id, copy.chat_id, copy.started_at, copy.updated_at
    FROM building.run_copies AS copy JOIN chat_debug_steps AS step ON step.run_id = copy.sample_id
    ORDER BY copy.number, step.step_number
  `);
  await pool.query("ANALYZE building.run_copies, building.step_copies");
  const times = { started_at: "copy.started_at", updated_at: "copy.updated_at", finished_at: "copy.updated_at" };
  await copyRows(pool, "chat_debug_runs", {
    changed: { id: "copy.id", chat_id: "copy.chat_id", ...times },
    from: "building.run_copies AS copy JOIN chat_debug_runs AS source ON source.id = copy.sample_id",
  });
  await copyRows(pool, "chat_debug_steps", {
    changed: { id: "copy.id", run_id: "copy.run_id", chat_id: "copy.chat_id", ...times },
    from: "building.step_copies AS copy JOIN chat_debug_steps AS source ON source.id = copy.sample_id",
  });
  for (const table of await payloadTables(pool)) {
    await copyRows(pool, table, {
      changed: { chat_id: "copy.chat_id", run_id: "copy.run_id", step_id: "copy.id", recorded_at: "copy.started_at" },
      from: `building.step_copies AS copy
        JOIN ${table} AS source ON source.run_id = copy.sample_run_id AND source.step_id = copy.sample_id`,
    });
  }
}

/** The steps of the reference: those of ours, the samples and their copies, each with its JSON. */
export async function multiplyStepsInReference(pool: Pool, samples: readonly RunKey[]): Promise<void> {
  await pool.query(
    "INSERT INTO building.step_copies (id, sample_id) SELECT id, id FROM chat_debug_steps WHERE run_id = ANY ($1)",
    [samples.map(({ id }) => id)],
  );
  const small =
    "step.id, step.run_id, step.chat_id, step.step_number, step.operation, step.status, step.history_tip_message_id, step.assistant_message_id";
  await withoutForeignKeys(
    pool,
    `INSERT INTO reference.chat_debug_steps
     SELECT ${small}, payload.normalized_request, payload.normalized_response, step.usage, payload.attempts, step.error,
       step.metadata, step.started_at, step.updated_at, step.finished_at
     FROM chat_debug_steps AS step
     JOIN building.step_copies AS copy ON copy.id = step.id
     JOIN building.sample_steps AS payload ON payload.id = copy.sample_id
     ORDER BY step.started_at, step.id`,
  );
}

async function copyRows(
  pool: Pool,
  table: string,
  { changed, from }: { changed: Record<string, string>; from: string },
): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const values = columns.map((column) => changed[column] ?? `source.${column}`);
  await withoutForeignKeys(
    pool,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${from} ORDER BY copy.started_at, copy.id`,
  );
}

/** Their rows are known to match; checking each of millions would take most of the time. */
export async function withoutForeignKeys(pool: Pool, statement: string, parameters: unknown[] = []): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query(statement, parameters);
    await client.query("COMMIT");
  } finally {
    // A transaction that failed must not be handed to the next user.
    client.release(true);
  }
}

function between({ from, to }: { from: Date; to: Date }, share: string): string {
  return `${sqlTime(from)} + (${sqlTime(to)} - ${sqlTime(from)}) * (${share})`;
}

function sqlTime(moment: Date): string {
  return `timestamptz '${moment.toISOString()}'`;
}
