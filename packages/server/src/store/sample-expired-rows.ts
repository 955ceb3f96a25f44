import { sql, type RawBuilder } from "kysely";

import { hasCode } from "../coded-error.ts";
import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import {
  NOTHING_EXPIRED,
  PREVIEW_COUNT_MAX,
  PREVIEW_SAMPLE,
  PREVIEW_STATEMENT_MS,
  type ExpiredSample,
} from "./expired-sample.ts";
import { moment, rowsOf, type ExpiringTable } from "./expiring-rows.ts";

/** The stored bytes of so many expired rows are added up; those of the rest are taken to be like them. */
const BYTES_MEASURED = 1_000;

/** What is expired of a kind of row at a cutoff, at a bounded cost. */
export function sampleExpiredRows(
  database: Database,
  expiring: ExpiringTable,
  { cutoff, signal, bytesMeasured = BYTES_MEASURED }: { cutoff: Date; signal: AbortSignal; bytesMeasured?: number },
): Promise<ExpiredSample> {
  const isExpired = expiring.isExpired(moment(cutoff));
  const rowsLookedAt = rowsOf(expiring, moment(cutoff));
  const look = async (transaction: OpenTransaction): Promise<ExpiredSample> => {
    const { rows: sample } = await sql<{ id: string; clock: Date }>`
      SELECT expiring.id, ${expiring.clock} AS clock
      FROM ${rowsLookedAt}
      WHERE ${isExpired}
      ORDER BY ${expiring.clock}, expiring.id
      LIMIT ${PREVIEW_SAMPLE}
    `.execute(transaction);
    const oldest = sample[0];
    if (oldest === undefined) return NOTHING_EXPIRED;
    const counted = await withinTime(transaction, signal, async () => {
      const { rows } = await sql<{ rows: number; records: number }>`
        SELECT count(*) AS rows, sum(records)::bigint AS records
        FROM (
          SELECT ${expiring.records?.(moment(cutoff)) ?? sql`1`} AS records
          FROM ${rowsLookedAt}
          WHERE ${isExpired}
          LIMIT ${PREVIEW_COUNT_MAX + 1}
        ) AS expired
      `.execute(transaction);
      return rows[0];
    });
    const newest = await withinTime(transaction, signal, async () => {
      const { rows } = await sql<{ clock: Date }>`
        SELECT ${expiring.clock} AS clock
        FROM ${rowsLookedAt}
        WHERE ${isExpired}
        ORDER BY ${expiring.clock} DESC
        LIMIT 1
      `.execute(transaction);
      return rows[0]?.clock;
    });
    const found = { oldest: oldest.clock, newest: newest ?? null, sample };
    if (counted === undefined) return { count: sample.length, atLeast: true, bytes: null, ...found };
    const bytes = await withinTime(transaction, signal, () =>
      estimateBytes(transaction, expiring, { isExpired, rowsLookedAt, counted: counted.rows, measured: bytesMeasured }),
    );
    const atLeast = counted.rows > PREVIEW_COUNT_MAX;
    return { count: atLeast ? counted.records - 1 : counted.records, atLeast, bytes: bytes ?? null, ...found };
  };
  return cancellableTransaction(database, signal, look, { statementTimeoutMs: PREVIEW_STATEMENT_MS });
}

/**
 * A look that may take too long on a large table. It then answers undefined, and the transaction goes on with what it has
 * found out before.
 */
async function withinTime<T>(
  transaction: OpenTransaction,
  signal: AbortSignal,
  look: () => Promise<T>,
): Promise<T | undefined> {
  await sql`SAVEPOINT look`.execute(transaction);
  try {
    const found = await look();
    await sql`RELEASE SAVEPOINT look`.execute(transaction);
    return found;
  } catch (error) {
    // 57014 is what the time limit of a statement ends it with; whoever has gone away cancels it by the same.
    if (signal.aborted || !hasCode(error, "57014")) throw error;
    await sql`ROLLBACK TO SAVEPOINT look`.execute(transaction);
    return undefined;
  }
}

async function estimateBytes(
  transaction: OpenTransaction,
  expiring: ExpiringTable,
  {
    isExpired,
    rowsLookedAt,
    counted,
    measured,
  }: { isExpired: RawBuilder<boolean>; rowsLookedAt: RawBuilder<unknown>; counted: number; measured: number },
): Promise<number | null> {
  if (expiring.bytes === null) return null;
  const { rows } = await sql<{ rows: number; bytes: number }>`
    SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
    FROM (
      SELECT ${expiring.bytes} AS bytes
      FROM ${rowsLookedAt}
      WHERE ${isExpired}
      ORDER BY ${expiring.clock}, expiring.id
      LIMIT ${measured}
    ) AS oldest
  `.execute(transaction);
  const sum = rows[0] ?? { rows: 0, bytes: 0 };
  return sum.rows === 0 ? 0 : Math.round((sum.bytes / sum.rows) * Math.min(counted, PREVIEW_COUNT_MAX));
}
