import { sql } from "kysely";

import type { Database } from "./database.ts";
import type { PayloadPartitions } from "./payload-partitions.ts";

/** Stored bytes of the payloads that were recorded on one day, UTC. */
export interface StoredBytes {
  /** `2026-03-01` */
  readonly day: string;
  readonly bytes: number;
}

/** What was purged of one kind of record on one day, UTC. */
export interface PurgedRecords extends StoredBytes {
  readonly record_type: string;
  readonly records: number;
}

export interface RetentionHistoryStore {
  /**
   * How much disk the payloads of each day take, from the sizes of their partitions: a partition that covers more than a
   * day counts for its first. Payloads that were moved out of their partition, because their run lives on, count for the
   * day on which that run started.
   */
  measureStoredBytes(now: Date): Promise<StoredBytes[]>;
  /** What the ledger says was purged since a moment, day by day. */
  sumPurgedRecords(since: Date): Promise<PurgedRecords[]>;
}

/** Moved payloads are few; of more runs than this only so many are looked at. */
const KEPT_RUNS_MAX = 10_000;

export function retentionHistoryStore(database: Database, partitions: PayloadPartitions): RetentionHistoryStore {
  return {
    async measureStoredBytes(now) {
      const past = (await partitions.list()).filter(({ from }) => from <= now);
      const { rows } = await sql<StoredBytes>`
        SELECT day, sum(bytes)::bigint AS bytes
        FROM (
          SELECT (partition.start AT TIME ZONE 'UTC')::date AS day, coalesce(pg_total_relation_size(to_regclass(name)), 0) AS bytes
          FROM unnest(${past.map(({ name }) => name)}::text[], ${past.map(({ from }) => from)}::timestamptz[]) AS partition (name, start)
          UNION ALL
          SELECT (run.started_at AT TIME ZONE 'UTC')::date AS day, step.payload_bytes AS bytes
          FROM (
            SELECT id, chat_id, started_at FROM chat_debug_runs
            WHERE coalesce(payload_at, started_at) = 'infinity'
            LIMIT ${KEPT_RUNS_MAX}
          ) AS run
          JOIN chat_debug_steps AS step ON step.chat_id = run.chat_id AND step.run_id = run.id
        ) AS stored
        GROUP BY day
        ORDER BY day
      `.execute(database);
      return rows;
    },

    async sumPurgedRecords(since) {
      const { rows } = await sql<PurgedRecords>`
        SELECT
          (started_at AT TIME ZONE 'UTC')::date AS day,
          record_type,
          sum(deleted)::bigint AS records,
          sum(bytes)::bigint AS bytes
        FROM purge_ledger
        WHERE started_at >= ${since} AND deleted > 0
        GROUP BY 1, 2
        ORDER BY 1, 2
      `.execute(database);
      return rows;
    },
  };
}
