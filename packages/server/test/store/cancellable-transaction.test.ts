import { sql } from "kysely";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import { createPool } from "../../src/postgres/pool.ts";
import { cancellableTransaction } from "../../src/store/cancellable-transaction.ts";
import { openDatabase } from "../../src/store/database.ts";
import { waitForLockWaits } from "../lock-waits.ts";
import { createTestDatabase } from "../postgres/test-database.ts";

test("the statement that is running is cancelled", async () => {
  const { pool } = await createTestDatabase();
  const holder = await pool.connect();
  const stopping = new AbortController();
  try {
    await holder.query("BEGIN; LOCK TABLE chats IN ACCESS EXCLUSIVE MODE");
    const waiting = cancellableTransaction(openDatabase(pool), stopping.signal, async (transaction) => {
      // For so long as the test wants.
      await sql`SET LOCAL lock_timeout = 0`.execute(transaction);
      await sql`SET LOCAL statement_timeout = 0`.execute(transaction);
      await sql`SELECT FROM chats`.execute(transaction);
    });
    await waitForLockWaits(pool, 1);
    stopping.abort();
    await expect(waiting).rejects.toMatchObject({ code: "57014" });
    await holder.query("ROLLBACK");
  } finally {
    holder.release();
  }
});

test("a cancellation that comes too late does not hit who has the connection by then", async () => {
  const testDatabase = await createTestDatabase();
  const holder = await testDatabase.pool.connect();
  onTestFinished(() => holder.release());
  const log = pino({ level: "silent" });
  const pool = createPool({
    url: testDatabase.url,
    applicationName: "test",
    log,
    max: 2,
    connectionTimeoutMs: 240_000,
  });
  onTestFinished(() => pool.end());
  await holder.query("SELECT pg_advisory_lock(1), pg_advisory_lock(2)");

  const stopping = new AbortController();
  const [begun, work] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transaction = cancellableTransaction(openDatabase(pool), stopping.signal, () => {
    begun.resolve();
    return work.promise;
  });
  await begun.promise;
  // Both connections are taken, so that the two that come now wait for one: somebody else, and the cancellation.
  const busy = pool.query("SELECT pg_advisory_lock(1)");
  await waitForLockWaits(testDatabase.pool, 1);
  const other = pool.query("SELECT 'done' AS other FROM pg_advisory_lock(2)").then(
    ({ rows }) => rows,
    (error: unknown) => error,
  );
  stopping.abort();
  work.resolve();
  await transaction;
  await waitForLockWaits(testDatabase.pool, 2);
  await holder.query("SELECT pg_advisory_unlock(1)");
  await busy;
  // Its turn is after that of the cancellation.
  await pool.query("SELECT");
  await holder.query("SELECT pg_advisory_unlock(2)");
  expect(await other).toEqual([{ other: "done" }]);
});
