import type pg from "pg";

/** Puts runs into a database by SQL that every window has expired, with the person and the chat that they need. */
export async function insertExpiredRuns(pool: pg.Pool, runs: number): Promise<void> {
  await pool.query(
    `WITH owner AS (INSERT INTO users (email) VALUES ('owner@example.com') RETURNING id),
       chat AS (INSERT INTO chats (owner_id, organization_id) SELECT owner.id, organizations.id FROM owner, organizations RETURNING id)
     INSERT INTO chat_debug_runs (chat_id, started_at, updated_at)
     SELECT chat.id, '2001-01-01', '2001-01-01' FROM chat, generate_series(1, $1)`,
    [runs],
  );
}
