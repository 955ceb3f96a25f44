import { sql } from "kysely";

import type { OpenTransaction } from "./database.ts";
import type { LockedRun } from "./ingest-runs.ts";
import type { NumberedStep } from "./ingest-steps.ts";

/** Rows in one statement: seven parameters each, far below the protocol's limit of 65,535. */
const ROWS_A_STATEMENT = 500;

/** Stores the payloads of steps, part by part: a part that a later write leaves out stays as it is. */
export async function ingestPayloads(
  transaction: OpenTransaction,
  steps: readonly NumberedStep[],
  runs: ReadonlyMap<string, LockedRun>,
): Promise<void> {
  const rows = steps.flatMap((step) => {
    const { request, response, attempts } = step.payload;
    const run = runs.get(step.run_id);
    if (run === undefined || (request ?? response ?? attempts) === undefined) return [];
    return [
      sql`(${step.chat_id}::uuid, ${step.run_id}::uuid, ${step.id}::uuid, ${run.payload_at}::timestamptz,
        ${request ?? null}::bytea, ${response ?? null}::bytea, ${attempts ?? null}::bytea)`,
    ];
  });
  for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
    await sql`
      WITH stored AS (
        INSERT INTO chat_debug_payloads AS payload (chat_id, run_id, step_id, recorded_at, request, response, attempts)
        VALUES ${sql.join(rows.slice(start, start + ROWS_A_STATEMENT))}
        ON CONFLICT (chat_id, run_id, step_id, recorded_at) DO UPDATE SET
          request = coalesce(excluded.request, payload.request),
          response = coalesce(excluded.response, payload.response),
          attempts = coalesce(excluded.attempts, payload.attempts)
        RETURNING
          step_id,
          chat_id,
          coalesce(octet_length(request), 0) + coalesce(octet_length(response), 0) + coalesce(octet_length(attempts), 0) AS bytes
      )
      UPDATE chat_debug_steps AS step
      SET payload_bytes = stored.bytes
      FROM stored
      WHERE step.id = stored.step_id AND step.chat_id = stored.chat_id
    `.execute(transaction);
  }
}
