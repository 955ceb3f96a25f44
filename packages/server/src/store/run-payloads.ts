import { sql, type RawBuilder } from "kysely";

import type { OpenTransaction } from "./database.ts";

/** A run that is being deleted, and where its payloads are. */
export interface PlacedRun {
  readonly id: string;
  readonly chat_id: string;
  /** As SQL text, with its microseconds: payloads are found by equality with it. */
  readonly payload_at: string;
  readonly payload_day: string;
}

/** The columns of a placed run. */
export const placedRun = sql`id,
  chat_id,
  coalesce(payload_at, started_at)::text AS payload_at,
  (coalesce(payload_at, started_at) AT TIME ZONE 'UTC')::date::text AS payload_day`;

/** The bytes of a payload row, told without reading what is stored out of line. */
export function payloadBytes(row: string): RawBuilder<number> {
  const parts = ["request", "response", "attempts", "chunks", "chunk_index"];
  const sizes = parts.map((part) => sql`coalesce(pg_column_size(${sql.ref(`${row}.${part}`)}), 0)`);
  return sql`${sql.join(sizes, sql` + `)}`;
}

/**
 * Deletes the payloads of runs that have just been deleted, at once.
 *
 * @returns their bytes
 */
export async function deletePayloadsOfRuns(transaction: OpenTransaction, runs: readonly PlacedRun[]): Promise<number> {
  let bytes = 0;
  for (const [day, ofDay] of Map.groupBy(runs, (run) => run.payload_day)) {
    bytes += await deletePayloadsOfDay(transaction, day, ofDay);
  }
  return bytes;
}

/** One statement a day, with the day's bounds as parameters, so that the planner looks at its partitions and locks no other. */
async function deletePayloadsOfDay(
  transaction: OpenTransaction,
  day: string,
  runs: readonly PlacedRun[],
): Promise<number> {
  const from = day === "infinity" ? day : `${day} 00:00:00+00`;
  const inDay =
    day === "infinity"
      ? sql`payload.recorded_at = 'infinity'`
      : sql`payload.recorded_at >= ${from}::timestamptz AND payload.recorded_at < ${from}::timestamptz + interval '1 day'`;
  const { rows } = await sql<{ bytes: number }>`
    WITH gone AS (
      DELETE FROM chat_debug_payloads AS payload
      USING unnest(
        ${runs.map(({ chat_id }) => chat_id)}::uuid[],
        ${runs.map(({ id }) => id)}::uuid[],
        ${runs.map(({ payload_at }) => payload_at)}::timestamptz[]
      ) AS chosen (chat_id, run_id, recorded_at)
      WHERE payload.chat_id = chosen.chat_id
        AND payload.run_id = chosen.run_id
        AND payload.recorded_at = chosen.recorded_at
        AND ${inDay}
      RETURNING ${payloadBytes("payload")} AS bytes
    )
    SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
  `.execute(transaction);
  return rows[0]?.bytes ?? 0;
}
