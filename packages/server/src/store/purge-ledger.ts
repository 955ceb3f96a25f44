import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { newId, type Database, type OpenTransaction } from "./database.ts";
import type { LedgerOutcome } from "./tables.ts";

/** What a policy's ledger row is closed with. */
export interface LedgerClosing {
  readonly outcome: Exclude<LedgerOutcome, "running">;
  readonly windowDays: number | null;
  readonly cutoff: Date | null;
  /** What the predicate matched when the policy began. */
  readonly expired: number;
  /** What of it remains. */
  readonly remaining: number;
  readonly durationMs: number;
  /** A code and a sentence; never recorded content. */
  readonly error: string | null;
}

export interface PurgeLedgerStore {
  /** Opens a row for one policy of one tick; its id goes into every batch. */
  openLedgerRow(row: { tickId: string; policy: string; recordType: string; replica: string }): Promise<string>;
  closeLedgerRow(id: string, closing: LedgerClosing): Promise<void>;
  /** Closes what a purger that died left running. Only the holder of the purge lock may call this. */
  abortRunningLedgerRows(): Promise<number>;
  /** When each of these policies last did its work without a failure, on any replica. */
  readLastSuccesses(policies: readonly string[]): Promise<Map<string, Date>>;
  /** The database's own wall clock, to compare with the application's. */
  readDatabaseTime(): Promise<Date>;
}

/**
 * In a FROM clause: the commit of this one statement does not wait for the disk, so that an idle tick costs next to
 * nothing. Nothing is proved by such a row yet: a batch that deletes waits for the disk, and with it comes whatever was
 * written before; a server that crashes leaves at most a row that the next purger closes as aborted.
 */
const WITHOUT_WAITING = sql`set_config('synchronous_commit', 'off', true) AS waiting`;

export function purgeLedgerStore(database: Database, clock: Clock): PurgeLedgerStore {
  return {
    async openLedgerRow({ tickId, policy, recordType, replica }) {
      const id = newId();
      await sql`
        INSERT INTO purge_ledger (id, tick_id, policy, record_type, replica, started_at)
        SELECT ${id}::uuid, ${tickId}::uuid, ${policy}::text, ${recordType}::text, ${replica}::text, ${clock.now()}::timestamptz
        FROM ${WITHOUT_WAITING}
      `.execute(database);
      return id;
    },

    async closeLedgerRow(id, closing) {
      const waiting = closing.expired === 0 ? WITHOUT_WAITING : sql`(SELECT) AS waiting`;
      await sql`
        UPDATE purge_ledger
        SET
          outcome = ${closing.outcome},
          window_days = ${closing.windowDays},
          cutoff = greatest(cutoff, ${closing.cutoff}::timestamptz),
          expired = ${closing.expired},
          remaining = ${closing.remaining},
          duration_ms = ${Math.round(closing.durationMs)},
          error = ${closing.error},
          finished_at = ${clock.now()}
        FROM ${waiting}
        WHERE id = ${id}
      `.execute(database);
    },

    async abortRunningLedgerRows() {
      const result = await database
        .updateTable("purge_ledger")
        .set({ outcome: "aborted", finished_at: clock.now() })
        .where("outcome", "=", "running")
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },

    async readLastSuccesses(policies) {
      const { rows } = await sql<{ policy: string; finished_at: Date }>`
        SELECT named.policy, last.finished_at
        FROM unnest(${policies}::text[]) AS named (policy)
        CROSS JOIN LATERAL (
          SELECT finished_at FROM purge_ledger
          WHERE purge_ledger.policy = named.policy AND outcome IN ('success', 'disabled')
          ORDER BY finished_at DESC
          LIMIT 1
        ) AS last
      `.execute(database);
      return new Map(rows.map((row) => [row.policy, row.finished_at]));
    },

    async readDatabaseTime() {
      const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(database);
      const row = rows[0];
      if (row === undefined) throw new Error("clock_timestamp() answered no row");
      return row.now;
    },
  };
}

/**
 * Counts a batch in the transaction of the batch, so that the ledger never says more or less than was committed. The cutoff
 * that the batch went by is kept with it: the purger may die before it closes the row, and the window may change meanwhile.
 */
export async function countBatchInLedger(
  transaction: OpenTransaction,
  ledgerId: string,
  batch: { deleted: number; bytes: number; cutoff?: Date },
): Promise<void> {
  await sql`
    UPDATE purge_ledger
    SET
      deleted = deleted + ${batch.deleted},
      bytes = bytes + ${batch.bytes},
      batches = batches + 1,
      cutoff = greatest(cutoff, ${batch.cutoff ?? null}::timestamptz)
    WHERE id = ${ledgerId}
  `.execute(transaction);
}
