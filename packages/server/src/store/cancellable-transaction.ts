import { sql } from "kysely";

import type { Database, OpenTransaction } from "./database.ts";

/** A transaction that waits longer than this for someone else's lock gives up, so that it never holds up others behind it. */
const LOCK_TIMEOUT = "2s";
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * Runs a short transaction of the purge. When the signal aborts, the server is told over another connection to cancel
 * the statement that is running, and the transaction is rolled back: a shutdown does not wait for a slow statement.
 */
export async function cancellableTransaction<T>(
  database: Database,
  signal: AbortSignal,
  work: (transaction: OpenTransaction) => Promise<T>,
  { statementTimeoutMs = STATEMENT_TIMEOUT_MS }: { statementTimeoutMs?: number } = {},
): Promise<T> {
  signal.throwIfAborted();
  return database.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number; begun: string }>`
      SELECT
        pg_backend_pid() AS pid,
        transaction_timestamp()::text AS begun,
        set_config('lock_timeout', ${LOCK_TIMEOUT}, true),
        set_config('statement_timeout', ${String(statementTimeoutMs)}, true)
    `.execute(transaction);
    const cancel = (): void => {
      const { pid, begun } = rows[0] ?? {};
      // By the time this arrives the connection may be somebody else's, whose statement must not be hit. Where it fails,
      // the statement's own time limit ends it a little later.
      void sql`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = ${pid} AND xact_start = ${begun}::timestamptz`
        .execute(database)
        .catch(() => undefined);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      // Between here and the look at the top the signal may have aborted unheard.
      signal.throwIfAborted();
      return await work(transaction);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  });
}
