import type pg from "pg";

import { until } from "./until.ts";

/** Resolves as soon as so many sessions of this database wait for a lock: whoever was sent off has come that far. */
export function waitForLockWaits(pool: pg.Pool, sessions: number): Promise<void> {
  return waitForSessions(pool, "wait_event_type = 'Lock'", sessions);
}

/** Resolves as soon as so many sessions of this database are as this condition on `pg_stat_activity` says. */
export async function waitForSessions(pool: pg.Pool, condition: string, sessions = 1): Promise<void> {
  let rows: { found: boolean | null; wait_event: string | null; query: string }[] = [];
  await until(
    () => `${sessions} sessions of which ${condition}: ${JSON.stringify(rows)}`,
    async () => {
      ({ rows } = await pool.query<(typeof rows)[number]>(
        `SELECT ${condition} AS found, wait_event, query FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      ));
      return rows.filter(({ found }) => found === true).length >= sessions;
    },
    5,
  );
}
