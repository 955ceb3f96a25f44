import { sql } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { NOTHING_EXPIRED, PREVIEW_SAMPLE, PREVIEW_STATEMENT_MS, type ExpiredSample } from "./expired-sample.ts";
import type { PayloadPartition } from "./payload-partitions.ts";

export interface PayloadPreviewStore {
  /** Which of these partitions would have no live run any more once all that is expired at a cutoff is gone. */
  sampleFreedPartitions(
    candidates: readonly PayloadPartition[],
    request: { cutoff: Date | null; signal: AbortSignal },
  ): Promise<ExpiredSample>;
}

/** A partition is looked through for a run that stays up to so many runs; beyond, it is not counted as freed. */
const RUNS_LOOKED_AT = 100_000;

interface Candidate {
  readonly name: string;
  readonly upper: Date;
  readonly bytes: number;
  readonly stays: boolean;
  readonly unknown: boolean;
}

export function payloadPreviewStore(database: Database): PayloadPreviewStore {
  return {
    sampleFreedPartitions(candidates, { cutoff, signal }) {
      if (candidates.length === 0) return Promise.resolve(NOTHING_EXPIRED);
      const look = async (transaction: OpenTransaction): Promise<ExpiredSample> => {
        const { rows } = await sql<Candidate>`
          SELECT
            candidate.name,
            candidate.upper,
            coalesce(pg_total_relation_size(to_regclass(candidate.name)), 0)::bigint AS bytes,
            candidate.attached AND seen.staying > 0 AS stays,
            candidate.attached AND seen.staying = 0 AND seen.runs = ${RUNS_LOOKED_AT} AS unknown
          FROM unnest(
            ${candidates.map(({ name }) => name)}::text[],
            ${candidates.map(({ from }) => from)}::timestamptz[],
            ${candidates.map(({ to }) => to)}::timestamptz[],
            ${candidates.map(({ state }) => state === "attached")}::boolean[]
          ) AS candidate (name, lower, upper, attached)
          CROSS JOIN LATERAL (
            SELECT
              count(*) AS runs,
              count(*) FILTER (WHERE run.updated_at >= coalesce(${cutoff}::timestamptz, '-infinity')) AS staying
            FROM (
              SELECT updated_at FROM chat_debug_runs
              WHERE coalesce(payload_at, started_at) >= candidate.lower AND coalesce(payload_at, started_at) < candidate.upper
              LIMIT ${RUNS_LOOKED_AT}
            ) AS run
          ) AS seen
          ORDER BY candidate.upper, candidate.name
        `.execute(transaction);
        const freed = rows.filter(({ stays, unknown }) => !stays && !unknown);
        return {
          count: freed.length,
          atLeast: rows.some(({ unknown }) => unknown),
          bytes: freed.reduce((sum, { bytes }) => sum + bytes, 0),
          oldest: freed[0]?.upper ?? null,
          newest: freed.at(-1)?.upper ?? null,
          sample: freed.slice(0, PREVIEW_SAMPLE).map(({ name, upper }) => ({ id: name, clock: upper })),
        };
      };
      return cancellableTransaction(database, signal, look, { statementTimeoutMs: PREVIEW_STATEMENT_MS });
    },
  };
}
