import type { Pool, PoolClient } from "pg";

import { ADVISORY_LOCKS } from "./locks.ts";

/** The lock that makes one replica the purger, for as long as it is held. */
export interface PurgeLock {
  /** Asks the server whether the lock is still ours: false once its connection is lost. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Tries to become the purger.
 *
 * The lock belongs to a transaction on a connection of its own, which is open for the length of the tick: that is safe
 * behind a transaction-mode pooler, and since the transaction holds neither a snapshot nor a transaction id, it does not
 * hold back vacuum. The server may not end it for standing idle, and notices within half a minute if this machine is gone.
 *
 * @returns undefined where another replica holds the lock
 */
export async function tryPurgeLock(pool: Pool): Promise<PurgeLock | undefined> {
  const client = await pool.connect();
  // Lost with its connection, or given back.
  let lost = false;
  const markLost = (): void => {
    lost = true;
  };
  client.on("error", markLost);
  client.on("end", markLost);
  const giveBack = (broken: boolean): void => {
    client.off("error", markLost);
    client.off("end", markLost);
    client.release(broken);
  };

  try {
    await client.query("BEGIN");
    await client.query(
      `SELECT
        set_config('idle_in_transaction_session_timeout', '0', true),
        set_config('tcp_keepalives_idle', '10', true),
        set_config('tcp_keepalives_interval', '5', true),
        set_config('tcp_keepalives_count', '4', true)`,
    );
    if (!(await takeLock(client))) {
      await client.query("ROLLBACK");
      giveBack(false);
      return undefined;
    }
  } catch (error) {
    giveBack(true);
    throw error;
  }

  return {
    async isHeld() {
      if (lost) return false;
      try {
        await client.query("SELECT 1");
        return !lost;
      } catch {
        lost = true;
        return false;
      }
    },
    async release() {
      const broken = lost;
      lost = true;
      try {
        if (!broken) await client.query("ROLLBACK");
        giveBack(broken);
      } catch {
        // The connection is gone, and the lock with it.
        giveBack(true);
      }
    },
  };
}

async function takeLock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS taken", [
    ADVISORY_LOCKS.purge,
  ]);
  return rows[0]?.taken === true;
}
