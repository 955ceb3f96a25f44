import { randomBytes } from "node:crypto";

import { sql } from "kysely";

import { hasCode } from "../coded-error.ts";
import { ADVISORY_LOCKS } from "../postgres/locks.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { covers, partitionMs, rangeAround, type PartitionLength, type TimeRange } from "./partition-ranges.ts";

/** A partition of `chat_debug_payloads`, or one that has been detached and waits to be dropped. */
export interface PayloadPartition extends TimeRange {
  readonly name: string;
  /** `detaching`: a detach was interrupted; it makes inserts in its range fail until it is finished. */
  readonly state: "attached" | "detaching" | "detached";
}

/** How many partitions beyond the current one are made ahead of time. */
const PARTITIONS_AHEAD = 2;

/** How often a change of the schema that lost a lock is tried again before the write that needs it fails. */
const ATTEMPTS = 5;

/** An import may need a thousand partitions; a transaction that made them all would hold its locks for too long. */
const CREATED_AT_ONCE = 20;

/** No change of the schema waits longer than this for a lock, since everybody who comes later would wait behind it. */
const LOCK_TIMEOUT = "2s";

/**
 * The partitions of `chat_debug_payloads`: made ahead of time and on demand, detached and dropped.
 *
 * Every change takes one advisory lock, so that two replicas never work on the table at once. A partition says its own
 * bounds in a comment, which stays with it when it is detached: what was detached by a process that died is found again.
 */
export class PayloadPartitions {
  readonly #database: Database;
  readonly #length: PartitionLength;
  /** What is known to be attached; an insert that finds it otherwise has it forgotten. */
  #known: readonly TimeRange[] = [];

  /** @param database a connection without a transaction-mode pooler in between */
  constructor(database: Database, length: PartitionLength) {
    this.#database = database;
    this.#length = length;
  }

  /** Makes sure that a payload recorded at each of these moments (SQL or ISO text, UTC) finds its partition. */
  async ensure(moments: Iterable<string>): Promise<void> {
    const wanted = [...new Set(moments)].filter((text) => text !== "infinity").map((text) => new Date(text));
    const isMissing = (moment: Date): boolean => !this.#known.some((range) => covers(range, moment));
    for (let missing = wanted.filter(isMissing); missing.length > 0; missing = missing.filter(isMissing)) {
      await this.#create(missing.slice(0, CREATED_AT_ONCE));
    }
  }

  /** Makes the partitions of the near future, so that an insert seldom has to. */
  async prepare(now: Date): Promise<void> {
    const ahead = Array.from(
      { length: PARTITIONS_AHEAD + 1 },
      (_, index) => now.getTime() + index * partitionMs(this.#length),
    );
    await this.ensure(ahead.map((moment) => new Date(moment).toISOString()));
  }

  /** Forgets what is known, after an insert found that a partition is gone. */
  forget(): void {
    this.#known = [];
  }

  /** Every partition but the kept one, oldest first, and what was detached and never dropped. */
  list(): Promise<PayloadPartition[]> {
    return listPartitions(this.#database);
  }

  /**
   * Detaches a partition without holding up readers or writers. It gives up where that takes too long; what it leaves
   * then is finished by the next `finishDetaching`.
   */
  async detach(name: string): Promise<void> {
    await this.#outsideTransaction(
      sql`ALTER TABLE chat_debug_payloads DETACH PARTITION ${sql.table(name)} CONCURRENTLY`,
    );
    this.forget();
  }

  /** Finishes a detach that was interrupted. Until then inserts in its range fail, and no other detach can begin. */
  async finishDetaching(name: string): Promise<void> {
    await this.#outsideTransaction(sql`ALTER TABLE chat_debug_payloads DETACH PARTITION ${sql.table(name)} FINALIZE`);
    this.forget();
  }

  async #create(moments: readonly Date[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#known = await this.#createOnce(moments);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || !hasCode(error, "55P03", "40P01")) throw error;
      }
    }
  }

  async #createOnce(moments: readonly Date[]): Promise<readonly TimeRange[]> {
    for (const { name, state, ...range } of await this.list()) {
      if (state === "detaching" && moments.some((moment) => covers(range, moment))) await this.finishDetaching(name);
    }
    return this.#database.transaction().execute(async (transaction) => {
      await sql`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`.execute(transaction);
      await sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.payloadPartitions})`.execute(transaction);
      // One that is being detached still claims its range.
      const claimed: TimeRange[] = [];
      const attached: TimeRange[] = [];
      for (const partition of await listPartitions(transaction)) {
        if (partition.state !== "detached") claimed.push(partition);
        if (partition.state === "attached") attached.push(partition);
      }
      for (const moment of moments) {
        if (attached.some((range) => covers(range, moment))) continue;
        const range = rangeAround(moment, this.#length, claimed);
        await attachNew(transaction, range);
        claimed.push(range);
        attached.push(range);
      }
      return attached;
    });
  }

  /** For what may not run in a transaction: a session of its own that holds the advisory lock. */
  async #outsideTransaction(statement: ReturnType<typeof sql>): Promise<void> {
    await this.#database.connection().execute(async (session) => {
      try {
        await sql`SELECT set_config('lock_timeout', ${LOCK_TIMEOUT}, false)`.execute(session);
        await sql`SELECT pg_advisory_lock(${ADVISORY_LOCKS.payloadPartitions})`.execute(session);
        await statement.execute(session);
      } finally {
        await sql`SELECT pg_advisory_unlock_all(), set_config('lock_timeout', '0', false)`.execute(session);
      }
    });
  }
}

/** Creates a table of its own and attaches it: unlike CREATE TABLE ... PARTITION OF, that locks no reader or writer out. */
async function attachNew(transaction: OpenTransaction, { from, to }: TimeRange): Promise<void> {
  // A name is never used twice, so that nothing can mistake a new partition for one that is on its way out.
  const stamp = from.toISOString().slice(0, 13).replaceAll(/\D/g, "");
  const name = sql.table(`chat_debug_payloads_${stamp}_${randomBytes(4).toString("hex")}`);
  const bounds = `FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`;
  await sql`CREATE TABLE ${name} (LIKE chat_debug_payloads INCLUDING ALL)`.execute(transaction);
  await sql`COMMENT ON TABLE ${name} IS ${sql.lit(`${COMMENT} ${from.toISOString()} ${to.toISOString()}`)}`.execute(
    transaction,
  );
  await sql`ALTER TABLE chat_debug_payloads ATTACH PARTITION ${name} FOR VALUES ${sql.raw(bounds)}`.execute(
    transaction,
  );
}

/** How the comment of a partition begins; after it come its bounds. A table without it is somebody else's. */
const COMMENT = "shelflife payload partition";

/** Reads the catalog. What an interrupted detach has left is told apart by its own mark. */
async function listPartitions(database: Database): Promise<PayloadPartition[]> {
  const { rows } = await sql<{ name: string; comment: string; state: PayloadPartition["state"] }>`
    SELECT
      relation.relname AS name,
      description.description AS comment,
      CASE WHEN link.inhrelid IS NULL THEN 'detached' WHEN link.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state
    FROM pg_description AS description
    JOIN pg_class AS relation ON relation.oid = description.objoid
    LEFT JOIN pg_inherits AS link ON link.inhrelid = relation.oid AND link.inhparent = 'chat_debug_payloads'::regclass
    WHERE description.classoid = 'pg_class'::regclass
      AND description.objsubid = 0
      AND description.description LIKE ${`${COMMENT} %`}
      AND relation.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'chat_debug_payloads'::regclass)
  `.execute(database);
  return rows
    .map(({ name, comment, state }) => {
      const [from = "", to = ""] = comment.slice(COMMENT.length + 1).split(" ");
      return { name, state, from: new Date(from), to: new Date(to) };
    })
    .toSorted((a, b) => a.from.getTime() - b.from.getTime());
}
