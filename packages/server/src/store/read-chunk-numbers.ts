import { sql } from "kysely";

import { ChunkNumbers } from "./chunk-numbers.ts";
import type { OpenTransaction } from "./database.ts";
import type { LockedRun } from "./ingest-runs.ts";

/** The numbers of the chunks that these runs have stored so far, by run. Texts are not read. */
export async function readChunkNumbers(
  transaction: OpenTransaction,
  runs: readonly LockedRun[],
): Promise<Map<string, ChunkNumbers>> {
  // The moments are named as a list too, so that the planner looks into their partitions and locks no others.
  const { rows } = await sql<{ run_id: string; chunk_index: Buffer }>`
    SELECT payload.run_id, payload.chunk_index
    FROM unnest(
      ${runs.map((run) => run.chat_id)}::uuid[],
      ${runs.map((run) => run.id)}::uuid[],
      ${runs.map((run) => run.payload_at)}::timestamptz[]
    ) AS concerned (chat_id, run_id, recorded_at)
    JOIN chat_debug_payloads AS payload USING (chat_id, run_id, recorded_at)
    WHERE payload.recorded_at = ANY (${[...new Set(runs.map((run) => run.payload_at))]}::timestamptz[])
      AND payload.chunk_index IS NOT NULL
  `.execute(transaction);
  const indexes = Map.groupBy(rows, (row) => row.run_id);
  const unread = await findRunsWithPayloads(
    transaction,
    runs.filter((run) => !indexes.has(run.id)),
  );
  return new Map(
    runs.map((run) => {
      const ofRun = (indexes.get(run.id) ?? []).map((row) => row.chunk_index);
      return [run.id, new ChunkNumbers(ofRun, !unread.has(run.id))];
    }),
  );
}

/** Which of these runs have steps whose payloads were stored, whether or not they can be found. */
async function findRunsWithPayloads(transaction: OpenTransaction, runs: readonly LockedRun[]): Promise<Set<string>> {
  if (runs.length === 0) return new Set();
  const { rows } = await sql<{ run_id: string }>`
    SELECT DISTINCT step.run_id
    FROM unnest(
      ${runs.map((run) => run.chat_id)}::uuid[],
      ${runs.map((run) => run.id)}::uuid[]
    ) AS concerned (chat_id, run_id)
    JOIN chat_debug_steps AS step USING (chat_id, run_id)
    WHERE step.payload_bytes > 0
  `.execute(transaction);
  return new Set(rows.map((row) => row.run_id));
}
