import { sql, type RawBuilder } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { NOTHING_EXPIRED, PREVIEW_COUNT_MAX, PREVIEW_SAMPLE, type ExpiredSample } from "./expired-sample.ts";
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
  return cancellableTransaction(database, signal, async (transaction) => {
    const { rows: sample } = await sql<{ id: string; clock: Date }>`
      SELECT expiring.id, ${expiring.clock} AS clock
      FROM ${rowsLookedAt}
      WHERE ${isExpired}
      ORDER BY ${expiring.clock}, expiring.id
      LIMIT ${PREVIEW_SAMPLE}
    `.execute(transaction);
    const oldest = sample[0];
    if (oldest === undefined) return NOTHING_EXPIRED;
    const { rows } = await sql<{ counted: number; records: number; newest: Date }>`
      SELECT
        counted.rows AS counted,
        counted.records,
        (SELECT ${expiring.clock} FROM ${rowsLookedAt} WHERE ${isExpired} ORDER BY ${expiring.clock} DESC LIMIT 1) AS newest
      FROM (
        SELECT count(*) AS rows, sum(records)::bigint AS records
        FROM (
          SELECT ${expiring.records?.(moment(cutoff)) ?? sql`1`} AS records
          FROM ${rowsLookedAt}
          WHERE ${isExpired}
          LIMIT ${PREVIEW_COUNT_MAX + 1}
        ) AS expired
      ) AS counted
    `.execute(transaction);
    const { counted, records, newest } = rows[0] ?? { counted: 0, records: 0, newest: oldest.clock };
    const atLeast = counted > PREVIEW_COUNT_MAX;
    const bytes = await estimateBytes(transaction, expiring, {
      isExpired,
      rowsLookedAt,
      counted,
      measured: bytesMeasured,
    });
    return { count: atLeast ? records - 1 : records, atLeast, bytes, oldest: oldest.clock, newest, sample };
  });
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
