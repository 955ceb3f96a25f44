import { setTimeout as pause } from "node:timers/promises";

import type pg from "pg";

/** Shorter than a test may take, so that what it waited for is told. */
const PATIENCE_MS = 120_000;

/** Resolves as soon as so many sessions of this database wait for a lock: whoever was sent off has come that far. */
export function waitForLockWaits(pool: pg.Pool, sessions: number): Promise<void> {
  return waitForSessions(pool, "wait_event_type = 'Lock'", sessions);
}

/** Resolves as soon as so many sessions of this database are as this condition on `pg_stat_activity` says. */
export async function waitForSessions(pool: pg.Pool, condition: string, sessions = 1): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await pool.query<{ found: boolean | null; wait_event: string | null; query: string }>(
      `SELECT ${condition} AS found, wait_event, query FROM pg_stat_activity
       WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    const found = rows.filter((row) => row.found === true).length;
    if (found >= sessions) return;
    if (performance.now() > deadline) {
      throw new Error(`Only ${found} of ${sessions} sessions have come to ${condition}: ${JSON.stringify(rows)}`);
    }
    // What is waited for needs the processor that asking takes.
    await pause(5);
  }
}
