import { sql, type RawBuilder } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { EMPTY_BATCH, NO_ID, type DrainCursor, type ExpiredRange, type PurgeBatchRequest } from "./purge-batch.ts";
import type { PurgeBatchResult } from "./purge-batch.ts";
import { countBatchInLedger } from "./purge-ledger.ts";
import type { Tables } from "./tables.ts";

/** A kind of row that expires. Its pieces of SQL call the row `expiring`; every row has an `id`. */
export interface ExpiringTable {
  readonly table: keyof Tables;
  /** Where only some rows of the table are looked at: which. */
  readonly among?: (cutoff: RawBuilder<Date>) => RawBuilder<unknown>;
  /** The retention clock. */
  readonly clock: RawBuilder<Date>;
  /** The whole predicate, which holds the cutoff as often as it needs. */
  readonly isExpired: (cutoff: RawBuilder<Date>) => RawBuilder<boolean>;
  /** The stored bytes of a row; null where they cannot be told cheaply. */
  readonly bytes: RawBuilder<number> | null;
  /** How many records a row stands for; 1 unless told. */
  readonly records?: (cutoff: RawBuilder<Date>) => RawBuilder<number>;
}

/** A backlog is counted up to here; beyond, the count would cost more than the exact figure is worth. */
const COUNTED_MAX = 10_000_000;

export interface RetentionLag {
  readonly oldestOverdueMs: number;
  /** An estimate. */
  readonly backlog: number;
}

export function moment(date: Date): RawBuilder<Date> {
  return sql`${date}::timestamptz`;
}

/** The rows that are looked at, for a FROM clause. */
export function rowsOf({ table, among }: ExpiringTable, cutoff?: RawBuilder<Date>): RawBuilder<unknown> {
  return among === undefined || cutoff === undefined
    ? sql`${sql.table(table)} AS expiring`
    : sql`(${among(cutoff)}) AS expiring`;
}

/** That a row lies behind the cursor, in the order of the clock and the id. */
export function isAfter({ clock }: ExpiringTable, after: DrainCursor | null): RawBuilder<boolean> {
  return sql`(${clock}, expiring.id) > (${after?.clock ?? "-infinity"}::timestamptz, ${after?.id ?? NO_ID}::uuid)`;
}

/** How many records are expired, up to a limit of rows. */
export function countExpiredRows(
  database: Database,
  expiring: ExpiringTable,
  { cutoff, signal, limit = COUNTED_MAX }: { cutoff: Date; signal: AbortSignal; limit?: number },
): Promise<number> {
  return cancellableTransaction(database, signal, async (transaction) => {
    const records = expiring.records?.(moment(cutoff)) ?? sql`1`;
    const { rows } = await sql<{ expired: number }>`
      SELECT coalesce(sum(records), 0)::bigint AS expired
      FROM (
        SELECT ${records} AS records
        FROM ${rowsOf(expiring, moment(cutoff))}
        WHERE ${expiring.isExpired(moment(cutoff))}
        LIMIT ${limit}
      ) AS counted
    `.execute(transaction);
    return rows[0]?.expired ?? 0;
  });
}

/** The first statement of a batch: it picks the rows and locks them, passing over what a writer holds at this moment. */
export async function lockExpiredRows(
  transaction: OpenTransaction,
  expiring: ExpiringTable,
  { cutoff, limit, after }: ExpiredRange,
): Promise<readonly DrainCursor[]> {
  const { rows } = await sql<DrainCursor>`
    SELECT expiring.id, ${expiring.clock}::text AS clock
    FROM ${rowsOf(expiring)}
    WHERE ${expiring.isExpired(moment(cutoff))} AND ${isAfter(expiring, after)}
    ORDER BY ${expiring.clock}, expiring.id
    LIMIT ${limit}
    FOR UPDATE SKIP LOCKED
  `.execute(transaction);
  return rows;
}

/** One batch of a kind whose rows are simply deleted: it locks them, and asks the whole predicate again on a fresh snapshot. */
export function purgeExpiredRows(
  database: Database,
  expiring: ExpiringTable,
  { ledgerId, signal, ...range }: PurgeBatchRequest,
): Promise<PurgeBatchResult> {
  return cancellableTransaction(database, signal, async (transaction) => {
    const locked = await lockExpiredRows(transaction, expiring, range);
    const cursor = locked.at(-1);
    if (cursor === undefined) return EMPTY_BATCH;
    const { rows } = await sql<{ deleted: number; bytes: number }>`
      WITH gone AS (
        DELETE FROM ${rowsOf(expiring)}
        WHERE expiring.id = ANY (${locked.map(({ id }) => id)}::uuid[]) AND ${expiring.isExpired(moment(range.cutoff))}
        RETURNING ${expiring.bytes ?? sql`0`} AS bytes
      )
      SELECT count(*) AS deleted, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
    `.execute(transaction);
    const { deleted, bytes } = rows[0] ?? { deleted: 0, bytes: 0 };
    await countBatchInLedger(transaction, ledgerId, { deleted, bytes, cutoff: range.cutoff });
    return { found: locked.length, deleted, bytes, cursor, more: locked.length === range.limit };
  });
}

/** The next expired row after a cursor, for a drain that has to step over a row which cannot be deleted. */
export async function nextExpiredRow(
  database: Database,
  expiring: ExpiringTable,
  { cutoff, after }: Pick<ExpiredRange, "cutoff" | "after">,
): Promise<DrainCursor | undefined> {
  const { rows } = await sql<DrainCursor>`
    SELECT expiring.id, ${expiring.clock}::text AS clock
    FROM ${rowsOf(expiring)}
    WHERE ${expiring.isExpired(moment(cutoff))} AND ${isAfter(expiring, after)}
    ORDER BY ${expiring.clock}, expiring.id
    LIMIT 1
  `.execute(database);
  return rows[0];
}

/** By how much the oldest expired row is overdue, and about how many are: an index look-up and the planner's estimate. */
export async function measureRowLag(database: Database, expiring: ExpiringTable, cutoff: Date): Promise<RetentionLag> {
  const { rows: oldest } = await sql<{ clock: Date }>`
    SELECT ${expiring.clock} AS clock
    FROM ${rowsOf(expiring)}
    WHERE ${expiring.isExpired(moment(cutoff))}
    ORDER BY ${expiring.clock}
    LIMIT 1
  `.execute(database);
  const clock = oldest[0]?.clock;
  if (clock === undefined) return { oldestOverdueMs: 0, backlog: 0 };
  // EXPLAIN takes no parameters.
  const literal = sql<Date>`${sql.lit(cutoff.toISOString())}::timestamptz`;
  const { rows: plans } = await sql<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>`
    EXPLAIN (FORMAT JSON) SELECT FROM ${rowsOf(expiring)} WHERE ${expiring.isExpired(literal)}
  `.execute(database);
  // The planner never says 0, and there is at least the one that was found.
  const backlog = Math.max(1, plans[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 1);
  return { oldestOverdueMs: cutoff.getTime() - clock.getTime(), backlog };
}
