import type pg from "pg";

/** Resolves as soon as so many sessions of this database wait for a lock: whoever was sent off has come that far. */
export async function waitForLockWaits(pool: pg.Pool, sessions: number): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ waiting: number }>(
      `SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= sessions) return;
  }
}
