import { randomUUID } from "node:crypto";

import type { DebugBatch, StepItem } from "@shelflife/api-contract";

import { systemClock } from "../packages/server/src/clock.ts";
import { createLog } from "../packages/server/src/log.ts";
import { migrate } from "../packages/server/src/postgres/migrate.ts";
import { createPool } from "../packages/server/src/postgres/pool.ts";
import { ingest } from "../packages/server/src/recording/ingest.ts";
import { openDatabase } from "../packages/server/src/store/database.ts";
import { createStore } from "../packages/server/src/store/store.ts";
import { startTestCluster } from "../packages/server/test/postgres/test-cluster.ts";

type Pool = ReturnType<typeof createPool>;

/**
 * What the server stores of recorded batches, and what JSONB columns in the steps' rows would: as PostgreSQL compresses
 * them, by the sizes of the columns and by what the tables take on the disk.
 */
export async function measureStoredBytes(
  recorded: Readonly<Record<string, readonly DebugBatch[]>>,
): Promise<Record<string, Record<string, number | string>>> {
  const cluster = await startTestCluster();
  const log = createLog("silent");
  const pool = createPool({ url: cluster.url, applicationName: "benchmark", log });
  try {
    await migrate({ pool, log });
    const rows: Record<string, Record<string, number | string>> = {};
    for (const [name, batches] of Object.entries(recorded)) rows[name] = await measure(pool, batches);
    return rows;
  } finally {
    await pool.end();
    await cluster.stop();
  }
}

async function measure(pool: Pool, batches: readonly DebugBatch[]): Promise<Record<string, number | string>> {
  await pool.query("TRUNCATE chats, chat_debug_payloads CASCADE");
  await store(pool, batches);
  const ours = await readSizes(
    pool,
    `SELECT count(*) AS rows,
       sum(coalesce(pg_column_size(request), 0) + coalesce(pg_column_size(response), 0) + coalesce(pg_column_size(attempts), 0)
         + coalesce(pg_column_size(chunks), 0) + coalesce(pg_column_size(chunk_index), 0)) AS columns,
       (SELECT sum(pg_table_size(relid)) FROM pg_partition_tree('chat_debug_payloads') WHERE isleaf) AS disk
     FROM chat_debug_payloads`,
  );
  await storeAsJsonb(pool, batches);
  const reference = await readSizes(
    pool,
    `SELECT count(*) AS rows,
       sum(coalesce(pg_column_size(normalized_request), 0) + coalesce(pg_column_size(normalized_response), 0)
         + coalesce(pg_column_size(attempts), 0)) AS columns,
       pg_table_size('reference_steps') AS disk
     FROM reference_steps`,
  );
  return {
    steps: ours.rows,
    "bytes a step": Math.round(ours.columns / ours.rows),
    reference: Math.round(reference.columns / reference.rows),
    ratio: (ours.columns / reference.columns).toFixed(3),
    "table, KB": ours.disk / 1024,
    "reference table, KB": reference.disk / 1024,
  };
}

async function readSizes(pool: Pool, query: string): Promise<{ rows: number; columns: number; disk: number }> {
  const { rows } = await pool.query<{ rows: string; columns: string; disk: string }>(query);
  const [row] = rows;
  return { rows: Number(row?.rows), columns: Number(row?.columns), disk: Number(row?.disk) };
}

/** Batch by batch, as they were sent. */
async function store(pool: Pool, batches: readonly DebugBatch[]): Promise<void> {
  const database = openDatabase(pool);
  const everything = createStore({ database, directDatabase: database, clock: systemClock });
  const email = `${randomUUID()}@example.com`;
  const user = await everything.createUser({ email, role: "member", name: "" }, { userId: null });
  for (const batch of batches) {
    const dependencies = { store: everything, clock: systemClock, log: createLog("silent"), recordingForced: true };
    const { rejected } = await ingest(dependencies, { userId: user.id, scope: "full" }, batch);
    if (rejected.length > 0) throw new Error(`Something was refused: ${JSON.stringify(rejected[0])}`);
  }
}

/** Each step once and as it is in the end, which spares the reference the rows that its updates would leave behind. */
async function storeAsJsonb(pool: Pool, batches: readonly DebugBatch[]): Promise<void> {
  await pool.query("DROP TABLE IF EXISTS reference_steps");
  await pool.query(`
    CREATE TABLE reference_steps (
      chat_id uuid, run_id uuid, step_id uuid PRIMARY KEY,
      normalized_request jsonb, normalized_response jsonb, attempts jsonb
    )`);
  const steps = new Map<string, Partial<StepItem>>();
  for (const step of batches.flatMap((batch) => batch.steps ?? [])) {
    steps.set(step.id, { ...steps.get(step.id), ...step });
  }
  for (const { id, run_id, chat_id, normalized_request, normalized_response, attempts } of steps.values()) {
    const parts = [normalized_request, normalized_response, attempts].map((part) =>
      part === undefined ? null : JSON.stringify(part),
    );
    await pool.query("INSERT INTO reference_steps VALUES ($1, $2, $3, $4, $5, $6)", [chat_id, run_id, id, ...parts]);
  }
}
