import { createLog } from "../packages/server/src/log.ts";
import { createPool } from "../packages/server/src/postgres/pool.ts";

export type Pool = ReturnType<typeof createPool>;

/** For building and looking, beside the connections of what is measured. */
export function openPool(url: string): Pool {
  return createPool({ url, applicationName: "benchmark", log: createLog("error"), max: 2, statementTimeoutMs: 0 });
}

/** The one value of the one row that a statement answers. */
export async function readValue<T>(pool: Pool, statement: string, parameters: unknown[] = []): Promise<T> {
  const { rows } = await pool.query<{ value: T }>(statement, parameters);
  const row = rows[0];
  if (row === undefined) throw new Error(`No row: ${statement}`);
  return row.value;
}

/** Empties what is waiting to be written, so that it is not counted as the cost of what comes next. */
export async function checkpoint(pool: Pool): Promise<void> {
  await pool.query("CHECKPOINT");
}

/** How many bytes of write-ahead log some work writes; the work of autovacuum in the meantime counts too. */
export async function walOf(pool: Pool, work: () => Promise<unknown>): Promise<number> {
  await checkpoint(pool);
  const before = await readValue<string>(pool, "SELECT pg_current_wal_lsn()::text AS value");
  await work();
  return readValue(pool, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1)::float8 AS value", [before]);
}

/** Bytes of these tables on the disk, with their indexes and TOAST. */
export function diskBytes(pool: Pool, tables: readonly string[]): Promise<number> {
  return readValue(
    pool,
    "SELECT sum(pg_total_relation_size(name::regclass))::float8 AS value FROM unnest($1::text[]) AS given (name)",
    [tables],
  );
}

/** Bytes of payloads on the disk: every partition, the kept one, and what is detached and waits to be dropped. */
export function payloadDiskBytes(pool: Pool): Promise<number> {
  return readValue(
    pool,
    `SELECT coalesce(sum(pg_total_relation_size(class.oid)), 0)::float8 AS value
     FROM pg_class AS class WHERE class.relkind = 'r' AND ${HOLDS_PAYLOADS}`,
  );
}

/** The tables that hold payloads, a partitioned one once. */
export async function payloadTables(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT class.oid::regclass::text AS name FROM pg_class AS class
     WHERE class.relkind IN ('r', 'p') AND NOT class.relispartition AND ${HOLDS_PAYLOADS}
     ORDER BY class.relname`,
  );
  return rows.map(({ name }) => name);
}

/** What belongs to a run and is no step is a payload, in however many tables the store keeps them. */
const HOLDS_PAYLOADS = `class.relnamespace = 'public'::regnamespace AND class.relname <> 'chat_debug_steps'
  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = class.oid AND attname = 'run_id' AND NOT attisdropped)`;

/** The columns that say where a payload belongs; the others are what is stored. */
const KEYS = ["chat_id", "run_id", "step_id", "recorded_at"];

/** An expression for the bytes that the values of a payload row take, compressed as they are, without the row around them. */
export async function valueBytes(pool: Pool, table: string, columns?: readonly string[]): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2::text[])`,
    [table, KEYS],
  );
  const names = columns ?? rows.map(({ name }) => name);
  return names.map((name) => `coalesce(pg_column_size(payload.${name}), 0)`).join(" + ");
}
