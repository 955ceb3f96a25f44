import { sql } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { NOTHING_EXPIRED, PREVIEW_COUNT_MAX, PREVIEW_SAMPLE, type ExpiredSample } from "./expired-sample.ts";

export interface DebugRunPreviewStore {
  /** What of the debug runs is expired at a cutoff, at a bounded cost. */
  sampleExpiredDebugRuns(cutoff: Date, signal: AbortSignal): Promise<ExpiredSample>;
}

/** The stored bytes of so many expired runs are added up; those of the rest are taken to be like them. */
const BYTES_MEASURED = 1_000;

export function debugRunPreviewStore(database: Database): DebugRunPreviewStore {
  return {
    sampleExpiredDebugRuns(cutoff, signal) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows: sample } = await sql<{ id: string; clock: Date }>`
          SELECT id, updated_at AS clock FROM chat_debug_runs
          WHERE updated_at < ${cutoff}
          ORDER BY updated_at, id
          LIMIT ${PREVIEW_SAMPLE}
        `.execute(transaction);
        const oldest = sample[0];
        if (oldest === undefined) return NOTHING_EXPIRED;
        const { rows } = await sql<{ counted: number; newest: Date }>`
          SELECT
            (SELECT count(*) FROM (SELECT FROM chat_debug_runs WHERE updated_at < ${cutoff} LIMIT ${PREVIEW_COUNT_MAX + 1}) AS run) AS counted,
            (SELECT updated_at FROM chat_debug_runs WHERE updated_at < ${cutoff} ORDER BY updated_at DESC LIMIT 1) AS newest
        `.execute(transaction);
        const counted = rows[0]?.counted ?? 0;
        const count = Math.min(counted, PREVIEW_COUNT_MAX);
        return {
          count,
          atLeast: counted > PREVIEW_COUNT_MAX,
          bytes: await estimateBytes(transaction, cutoff, count),
          oldest: oldest.clock,
          newest: rows[0]?.newest ?? oldest.clock,
          sample,
        };
      });
    },
  };
}

async function estimateBytes(transaction: OpenTransaction, cutoff: Date, runs: number): Promise<number> {
  const { rows } = await sql<{ runs: number; bytes: number }>`
    SELECT count(*) AS runs, coalesce(sum(stored.bytes), 0)::bigint AS bytes
    FROM (
      SELECT id, chat_id FROM chat_debug_runs WHERE updated_at < ${cutoff} ORDER BY updated_at, id LIMIT ${BYTES_MEASURED}
    ) AS run
    CROSS JOIN LATERAL (
      SELECT sum(payload_bytes) AS bytes FROM chat_debug_steps AS step
      WHERE step.chat_id = run.chat_id AND step.run_id = run.id
    ) AS stored
  `.execute(transaction);
  const measured = rows[0];
  return measured === undefined || measured.runs === 0 ? 0 : Math.round((measured.bytes / measured.runs) * runs);
}
