import { sql } from "kysely";

import { ChunkNumbers } from "./chunk-numbers.ts";
import type { OpenTransaction } from "./database.ts";
import type { PayloadDraft } from "./ingest-batch.ts";
import type { LockedRun } from "./ingest-runs.ts";
import type { NumberedStep } from "./ingest-steps.ts";
import { readChunkNumbers } from "./read-chunk-numbers.ts";

/** Rows in one statement: nine parameters each, far below the protocol's limit of 65,535. */
const ROWS_A_STATEMENT = 500;

interface StepWithPayload {
  readonly step: NumberedStep;
  readonly draft: PayloadDraft;
  readonly run: LockedRun;
}

/**
 * Stores the payloads of steps, part by part: a part that a later write leaves out stays as it is, and chunks are only
 * ever added, since other steps of the run may refer to them. The runs are locked.
 */
export async function ingestPayloads(
  transaction: OpenTransaction,
  steps: readonly NumberedStep[],
  runs: ReadonlyMap<string, LockedRun>,
): Promise<void> {
  const withPayload = steps.flatMap((step): StepWithPayload[] => {
    const run = runs.get(step.run_id);
    return run === undefined || step.payload === undefined ? [] : [{ step, draft: step.payload, run }];
  });
  if (withPayload.length === 0) return;
  const concerned = new Set(withPayload.map(({ run }) => run));
  const numbers = await readChunkNumbers(transaction, [...concerned]);
  for (let start = 0; start < withPayload.length; start += ROWS_A_STATEMENT) {
    await storeRows(transaction, withPayload.slice(start, start + ROWS_A_STATEMENT), numbers);
  }
}

async function storeRows(
  transaction: OpenTransaction,
  steps: readonly StepWithPayload[],
  numbers: ReadonlyMap<string, ChunkNumbers>,
): Promise<void> {
  const rows = await Promise.all(
    steps.map(async ({ step, draft, run }) => {
      const numbering = numbers.get(run.id) ?? new ChunkNumbers([], false);
      const { request, response, attempts, chunks, chunkIndex } = await draft.encode(numbering);
      return sql`(${step.chat_id}::uuid, ${step.run_id}::uuid, ${step.id}::uuid, ${run.payload_at}::timestamptz,
        ${request ?? null}::bytea, ${response ?? null}::bytea, ${attempts ?? null}::bytea,
        ${chunks ?? null}::bytea, ${chunkIndex ?? null}::bytea)`;
    }),
  );
  await sql`
    WITH stored AS (
      INSERT INTO chat_debug_payloads AS payload (
        chat_id, run_id, step_id, recorded_at, request, response, attempts, chunks, chunk_index
      )
      VALUES ${sql.join(rows)}
      ON CONFLICT (chat_id, run_id, step_id, recorded_at) DO UPDATE SET
        request = coalesce(excluded.request, payload.request),
        response = coalesce(excluded.response, payload.response),
        attempts = coalesce(excluded.attempts, payload.attempts),
        chunks = coalesce(payload.chunks || excluded.chunks, payload.chunks, excluded.chunks),
        chunk_index = coalesce(payload.chunk_index || excluded.chunk_index, payload.chunk_index, excluded.chunk_index)
      RETURNING
        step_id,
        chat_id,
        coalesce(octet_length(request), 0)::bigint + coalesce(octet_length(response), 0) + coalesce(octet_length(attempts), 0)
          + coalesce(octet_length(chunks), 0) + coalesce(octet_length(chunk_index), 0) AS bytes
    )
    UPDATE chat_debug_steps AS step
    SET payload_bytes = least(stored.bytes, 2147483647)
    FROM stored
    WHERE step.id = stored.step_id AND step.chat_id = stored.chat_id
  `.execute(transaction);
}
