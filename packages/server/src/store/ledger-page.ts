import { sql, type RawBuilder } from "kysely";

import { ADVISORY_LOCKS } from "../postgres/locks.ts";
import type { Database } from "./database.ts";
import { pageOf, type Page, type PageCursor } from "./page-cursor.ts";
import type { LedgerOutcome } from "./tables.ts";

/** What one policy did in one tick. */
export interface LedgerRow {
  readonly id: string;
  readonly tick_id: string;
  readonly policy: string;
  readonly record_type: string;
  /** `aborted` also where the row still says `running` and its purger is gone. */
  readonly outcome: LedgerOutcome;
  readonly window_days: number | null;
  readonly cutoff: Date | null;
  readonly expired: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly batches: number;
  readonly remaining: number;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly duration_ms: number | null;
  readonly error: string | null;
  readonly replica: string;
}

export interface LedgerQuery {
  readonly policy?: string | undefined;
  readonly outcome?: LedgerOutcome | undefined;
  readonly limit: number;
  readonly before?: PageCursor | undefined;
}

export interface LedgerPageStore {
  /** The ledger, newest first. */
  listLedger(query: LedgerQuery): Promise<Page<LedgerRow>>;
  /** The newest row of each of these policies, as far as it has one. */
  readLatestLedgerRows(policies: readonly string[]): Promise<LedgerRow[]>;
  /** Whether some replica is purging at this moment. */
  isPurgeRunning(): Promise<boolean>;
}

/** PostgreSQL shows the two halves of an advisory lock's number apart. */
const LOCK_HIGH = Math.floor(ADVISORY_LOCKS.purge / 2 ** 32);
const LOCK_LOW = ADVISORY_LOCKS.purge % 2 ** 32;

/** A purger that died holds no lock any more, whatever the ledger says; the next one corrects it. */
const PURGER_LIVES: RawBuilder<boolean> = sql`EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ${sql.lit(LOCK_HIGH)}::bigint::oid AND objid = ${sql.lit(LOCK_LOW)}::bigint::oid AND objsubid = 1
)`;

const OUTCOME: RawBuilder<LedgerOutcome> = sql`CASE WHEN outcome = 'running' AND NOT ${PURGER_LIVES} THEN 'aborted' ELSE outcome END`;

const COLUMNS = sql`
  id, tick_id, policy, record_type, ${OUTCOME} AS outcome, window_days, cutoff, expired, deleted, bytes, batches, remaining,
  started_at, finished_at, duration_ms, error, replica`;

export function ledgerPageStore(database: Database): LedgerPageStore {
  return {
    async listLedger({ policy, outcome, limit, before }) {
      const conditions = [
        policy === undefined ? undefined : sql`policy = ${policy}`,
        outcome === undefined ? undefined : isOutcome(outcome),
        before === undefined ? undefined : sql`(started_at, id) < (${before.time}::timestamptz, ${before.id}::uuid)`,
      ].filter((condition) => condition !== undefined);
      const { rows } = await sql<LedgerRow & { cursor_time: string }>`
        SELECT ${COLUMNS}, started_at::text AS cursor_time
        FROM purge_ledger
        ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.join(conditions, sql` AND `)}`}
        ORDER BY started_at DESC, id DESC
        LIMIT ${limit + 1}
      `.execute(database);
      return pageOf(rows, limit);
    },

    async readLatestLedgerRows(policies) {
      // A range of policies, and not one: the order is then that of an index, whose first row is the newest of the policy.
      // By one policy the planner may walk the whole ledger back in time for a policy that has no row.
      const { rows } = await sql<LedgerRow>`
        SELECT latest.*
        FROM unnest(${policies}::text[]) AS named (policy)
        CROSS JOIN LATERAL (
          SELECT ${COLUMNS} FROM purge_ledger
          WHERE purge_ledger.policy >= named.policy
          ORDER BY purge_ledger.policy, started_at DESC, id DESC
          LIMIT 1
        ) AS latest
        WHERE latest.policy = named.policy
      `.execute(database);
      return rows;
    },

    async isPurgeRunning() {
      const { rows } = await sql<{ running: boolean }>`SELECT ${PURGER_LIVES} AS running`.execute(database);
      return rows[0]?.running === true;
    },
  };
}

/** Goes by the stored outcome first, for which there is an index. */
function isOutcome(outcome: LedgerOutcome): RawBuilder<boolean> {
  if (outcome === "running") return sql`(outcome = 'running' AND ${PURGER_LIVES})`;
  if (outcome === "aborted") return sql`(outcome IN ('aborted', 'running') AND ${OUTCOME} = 'aborted')`;
  return sql`outcome = ${outcome}`;
}
