import { sql, type RawBuilder } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import type { TimeRange } from "./partition-ranges.ts";
import type { PayloadPartition, PayloadPartitions } from "./payload-partitions.ts";
import { countBatchInLedger } from "./purge-ledger.ts";

interface PartitionBatch {
  readonly partition: PayloadPartition;
  readonly limit: number;
  readonly ledgerId: string;
  readonly signal: AbortSignal;
}

export interface PayloadPurgeStore {
  /** Makes the partitions of the near future. */
  preparePayloadPartitions(now: Date): Promise<void>;
  listPayloadPartitions(): Promise<PayloadPartition[]>;
  /** The names of those of these partitions in which a run that still lives has its payloads. */
  partitionsWithLiveRuns(partitions: readonly PayloadPartition[]): Promise<Set<string>>;
  /** How many payload rows an attached partition holds, and how many of them belong to runs that still live. */
  measurePayloadPartition(partition: PayloadPartition, signal: AbortSignal): Promise<{ rows: number; live: number }>;
  /** Moves the payloads of at most so many live runs to the kept partition; fewer than the limit means that none is left. */
  keepLivePayloads(batch: PartitionBatch): Promise<{ runs: number }>;
  /** Deletes at most so many payload rows whose run is gone; fewer than the limit means that none is left. */
  sweepDeadPayloads(batch: PartitionBatch): Promise<{ rows: number; bytes: number }>;
  detachPayloadPartition(partition: PayloadPartition): Promise<void>;
  /** Drops a detached partition, unless a run that still lives has payloads in it. */
  dropPayloadPartition(batch: Omit<PartitionBatch, "limit">): Promise<{ dropped: boolean; bytes: number }>;
  /** Bytes of disk that payloads take, indexes and what waits to be dropped included. */
  measurePayloadBytes(): Promise<number>;
  /** How far debug runs have ever been purged: before this moment a partition may hold payloads of runs that are gone. */
  lastPurgedCutoff(): Promise<Date | null>;
}

export function payloadPurgeStore(database: Database, partitions: PayloadPartitions): PayloadPurgeStore {
  return {
    preparePayloadPartitions: (now) => partitions.prepare(now),
    listPayloadPartitions: () => partitions.list(),

    async partitionsWithLiveRuns(candidates) {
      const { rows } = await sql<{ name: string }>`
        SELECT candidate.name
        FROM unnest(
          ${candidates.map(({ name }) => name)}::text[],
          ${candidates.map(({ from }) => from)}::timestamptz[],
          ${candidates.map(({ to }) => to)}::timestamptz[]
        ) AS candidate (name, lower, upper)
        CROSS JOIN LATERAL (
          SELECT FROM chat_debug_runs AS run
          WHERE coalesce(run.payload_at, run.started_at) >= candidate.lower
            AND coalesce(run.payload_at, run.started_at) < candidate.upper
          LIMIT 1
        ) AS live
      `.execute(database);
      return new Set(rows.map(({ name }) => name));
    },

    measurePayloadPartition(partition, signal) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const table = sql.table(partition.name);
        const { rows } = await sql<{ rows: number; live: number }>`
          SELECT
            (SELECT count(*) FROM ${table}) AS rows,
            (SELECT count(*) FROM chat_debug_runs JOIN ${table} AS payload ON ${ownsPayload} WHERE ${payloadIn(partition)}) AS live
        `.execute(transaction);
        return rows[0] ?? { rows: 0, live: 0 };
      });
    },

    keepLivePayloads({ partition, limit, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows: runs } = await sql<{ id: string; chat_id: string }>`
          SELECT id, chat_id FROM chat_debug_runs
          WHERE ${payloadIn(partition)}
          ORDER BY id
          LIMIT ${limit}
          FOR UPDATE SKIP LOCKED
        `.execute(transaction);
        if (runs.length > 0) await moveToKept(transaction, partition, runs);
        await countBatchInLedger(transaction, ledgerId, { deleted: 0, bytes: 0 });
        return { runs: runs.length };
      });
    },

    sweepDeadPayloads({ partition, limit, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const table = sql.table(partition.name);
        const { rows } = await sql<{ rows: number; bytes: number }>`
          WITH gone AS (
            DELETE FROM ${table} AS dead
            WHERE ctid = ANY (ARRAY(
              SELECT payload.ctid FROM ${table} AS payload
              WHERE NOT EXISTS (SELECT FROM chat_debug_runs WHERE ${ownsPayload})
              LIMIT ${limit}
            ))
            RETURNING pg_column_size(dead.*) AS bytes
          )
          SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
        `.execute(transaction);
        const swept = rows[0] ?? { rows: 0, bytes: 0 };
        await countBatchInLedger(transaction, ledgerId, { deleted: 0, bytes: swept.bytes });
        return swept;
      });
    },

    detachPayloadPartition({ name, state }) {
      return state === "detaching" ? partitions.finishDetaching(name) : partitions.detach(name);
    },

    dropPayloadPartition({ partition, ledgerId, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const table = sql.table(partition.name);
        // The lock comes first, and the look after it: what an import committed until now is seen.
        await sql`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`.execute(transaction);
        const { rows } = await sql<{ live: boolean; bytes: number }>`
          SELECT
            EXISTS (
              SELECT FROM chat_debug_runs
              WHERE ${payloadIn(partition)} AND EXISTS (SELECT FROM ${table} AS payload WHERE ${ownsPayload})
            ) AS live,
            pg_total_relation_size(${partition.name}::regclass) AS bytes
        `.execute(transaction);
        const { live, bytes } = rows[0] ?? { live: true, bytes: 0 };
        if (live) return { dropped: false, bytes: 0 };
        await sql`DROP TABLE ${table}`.execute(transaction);
        await countBatchInLedger(transaction, ledgerId, { deleted: 1, bytes });
        return { dropped: true, bytes };
      });
    },

    async measurePayloadBytes() {
      const names = (await partitions.list()).map(({ name }) => name);
      const { rows } = await sql<{ bytes: number }>`
        SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes
        FROM pg_class
        WHERE relname = ANY (${[...names, "chat_debug_payloads_kept"]}::text[])
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_debug_payloads'::regclass)
      `.execute(database);
      return rows[0]?.bytes ?? 0;
    },

    async lastPurgedCutoff() {
      const { rows } = await sql<{ cutoff: Date | null }>`
        SELECT max(cutoff) AS cutoff FROM purge_ledger WHERE policy = 'debug-runs' AND deleted > 0
      `.execute(database);
      return rows[0]?.cutoff ?? null;
    },
  };
}

/** That a run has its payloads in this stretch of time, in the form that the index on their place serves. */
function payloadIn({ from, to }: TimeRange): RawBuilder<boolean> {
  return sql`coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) >= ${from}
    AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) < ${to}`;
}

/** That a payload row belongs to a run that lives, and is the one that the run reads. */
const ownsPayload = sql`chat_debug_runs.id = payload.run_id
  AND chat_debug_runs.chat_id = payload.chat_id
  AND coalesce(chat_debug_runs.payload_at, chat_debug_runs.started_at) = payload.recorded_at`;

/** What a run's rows have contributed for others to refer to: it is added to, and never replaced. */
const APPENDED = ["chunks", "chunk_index"];

/** One part of two rows of one step, the kept one being the older. */
function merge(part: string): RawBuilder<unknown> {
  const older = sql.ref(`kept.${part}`);
  const newer = sql.ref(`excluded.${part}`);
  return APPENDED.includes(part)
    ? sql`coalesce(${older} || ${newer}, ${older}, ${newer})`
    : sql`coalesce(${newer}, ${older})`;
}

/**
 * Moves the payloads of locked runs to the kept partition and says so on the runs, without touching their clock. A reader
 * sees them in the one place or in the other, never in neither.
 */
async function moveToKept(
  transaction: OpenTransaction,
  partition: PayloadPartition,
  runs: readonly { id: string; chat_id: string }[],
): Promise<void> {
  const { rows: columns } = await sql<{ name: string }>`
    SELECT attname AS name FROM pg_attribute
    WHERE attrelid = 'chat_debug_payloads'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN ('chat_id', 'run_id', 'step_id', 'recorded_at')
    ORDER BY attnum
  `.execute(transaction);
  const parts = columns.map(({ name }) => name);
  // What a later insert put into a new partition of the same range comes second, and wins.
  const sources = partition.state === "attached" ? [] : [sql.table(partition.name)];
  for (const source of [...sources, sql.table("chat_debug_payloads")]) {
    await sql`
      WITH moved AS (
        DELETE FROM ${source} AS payload
        USING unnest(${runs.map((run) => run.chat_id)}::uuid[], ${runs.map((run) => run.id)}::uuid[]) AS chosen (chat_id, run_id)
        WHERE payload.chat_id = chosen.chat_id
          AND payload.run_id = chosen.run_id
          AND payload.recorded_at >= ${partition.from}
          AND payload.recorded_at < ${partition.to}
        RETURNING payload.*
      )
      INSERT INTO chat_debug_payloads AS kept (chat_id, run_id, step_id, recorded_at, ${sql.join(parts.map((part) => sql.ref(part)))})
      SELECT chat_id, run_id, step_id, 'infinity', ${sql.join(parts.map((part) => sql.ref(part)))} FROM moved
      ON CONFLICT (chat_id, run_id, step_id, recorded_at) DO UPDATE SET ${sql.join(
        parts.map((part) => sql`${sql.ref(part)} = ${merge(part)}`),
      )}
    `.execute(transaction);
  }
  await sql`
    UPDATE chat_debug_runs AS run SET payload_at = 'infinity'
    FROM unnest(${runs.map((run) => run.chat_id)}::uuid[], ${runs.map((run) => run.id)}::uuid[]) AS chosen (chat_id, run_id)
    WHERE run.id = chosen.run_id AND run.chat_id = chosen.chat_id
  `.execute(transaction);
}
