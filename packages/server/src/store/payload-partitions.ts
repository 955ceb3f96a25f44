import { randomBytes } from "node:crypto";

import { sql } from "kysely";

import { hasCode } from "../coded-error.ts";
import { ADVISORY_LOCKS } from "../postgres/locks.ts";
import type { Database } from "./database.ts";

const MS_PER_DAY = 86_400_000;

/** How often a partition that could not be locked is tried again before the write that needs it fails. */
const ATTEMPTS = 5;

/**
 * Makes the daily partitions of `chat_debug_payloads` that an insert needs, before it. A partition is created as a table
 * of its own and then attached: unlike CREATE TABLE ... PARTITION OF, that does not lock readers and writers out.
 */
export class PayloadPartitions {
  readonly #database: Database;
  /** Days, as milliseconds since the epoch at midnight UTC, that are known to have a partition. */
  readonly #known = new Set<number>();

  /** @param database a connection without a transaction-mode pooler in between */
  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes sure that a payload recorded at each of these moments (SQL or ISO text, UTC) finds its partition. */
  async ensure(moments: Iterable<string>): Promise<void> {
    const days = new Set([...moments].map((moment) => Math.floor(Date.parse(moment) / MS_PER_DAY) * MS_PER_DAY));
    for (const day of [...days].toSorted((a, b) => a - b)) {
      if (this.#known.has(day)) continue;
      await this.#create(new Date(day), new Date(day + MS_PER_DAY));
      this.#known.add(day);
    }
  }

  /** Forgets what is known, after an insert found that a partition is gone. */
  forget(): void {
    this.#known.clear();
  }

  async #create(from: Date, to: Date): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#createOnce(from, to);
      } catch (error) {
        if (attempt === ATTEMPTS || !hasCode(error, "55P03", "40P01")) throw error;
      }
    }
  }

  #createOnce(from: Date, to: Date): Promise<void> {
    return this.#database.transaction().execute(async (transaction) => {
      await sql`SELECT set_config('lock_timeout', '2s', true)`.execute(transaction);
      await sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.payloadPartitions})`.execute(transaction);
      const { rows } = await sql<{ bounds: string }>`
        SELECT pg_get_expr(partition.relpartbound, partition.oid) AS bounds
        FROM pg_inherits JOIN pg_class AS partition ON partition.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'chat_debug_payloads'::regclass
      `.execute(transaction);
      const bounds = `FOR VALUES FROM ('${sqlTime(from)}') TO ('${sqlTime(to)}')`;
      if (rows.some((row) => row.bounds === bounds)) return;
      // A name is never used twice, so that nothing can mistake a new partition for one whose removal was interrupted.
      const day = from.toISOString().slice(0, 10).replaceAll("-", "");
      const name = sql.table(`chat_debug_payloads_${day}_${randomBytes(4).toString("hex")}`);
      await sql`CREATE TABLE ${name} (LIKE chat_debug_payloads INCLUDING ALL)`.execute(transaction);
      await sql`ALTER TABLE chat_debug_payloads ATTACH PARTITION ${name} ${sql.raw(bounds)}`.execute(transaction);
    });
  }
}

/** A moment as PostgreSQL prints it in UTC. */
function sqlTime(moment: Date): string {
  return moment
    .toISOString()
    .replace("T", " ")
    .replace(/\.000Z$/, "+00");
}
