import { randomUUID } from "node:crypto";

import { openDatabase } from "../../src/store/database.ts";
import { PayloadPartitions } from "../../src/store/payload-partitions.ts";
import { countOf, insertChat, insertFile } from "./policies/life-cycle-fixture.ts";
import { partitionsOf } from "./payload-fixture.ts";
import { daysBefore, insertRuns, type PurgeFixture } from "./purge-fixture.ts";

/** An expired record that one policy alone works on. */
export interface SeededRecord {
  /** Whether the policy has done its work on it. */
  readonly isDone: () => Promise<boolean>;
  /** SQL that runs these PL/pgSQL statements whenever that work is done, and on no other policy's. */
  readonly intercept: (statements: string) => string;
}

export interface PolicyCase {
  readonly seed: (fixture: PurgeFixture) => Promise<SeededRecord>;
  /** Whether it tells somebody of its work once that is committed. */
  readonly delivers?: true;
}

/** One case for every policy, by its name: what is added to the list of policies is added here. */
export const POLICY_CASES: Readonly<Record<string, PolicyCase>> = {
  "archived-chats": {
    async seed(fixture) {
      const id = await insertChat(fixture, { archivedAt: daysBefore(31) });
      return inTable(fixture, { table: "chats", id, event: "DELETE" });
    },
  },
  "chat-files": {
    async seed(fixture) {
      const id = await insertFile(fixture, daysBefore(31));
      return inTable(fixture, { table: "chat_files", id, event: "DELETE" });
    },
  },
  "inactive-chats": {
    delivers: true,
    async seed(fixture) {
      const id = await insertChat(fixture, { lastActivityAt: daysBefore(91) });
      return inTable(fixture, { table: "chats", id, event: "UPDATE", doneWhere: "NOT archived" });
    },
  },
  "debug-runs": {
    async seed(fixture) {
      const [id = ""] = await insertRuns(fixture, [daysBefore(31)]);
      return inTable(fixture, { table: "chat_debug_runs", id, event: "DELETE" });
    },
  },
  "debug-payloads": {
    async seed(fixture) {
      const moment = daysBefore(40);
      await new PayloadPartitions(openDatabase(fixture.pool), "day").ensure([moment.toISOString()]);
      return {
        isDone: async () => !(await partitionsOf(fixture)).some(({ from, to }) => from <= moment && moment < to),
        intercept: (statements) => `
          CREATE FUNCTION intercepted_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ${statements}; END $$;
          CREATE EVENT TRIGGER intercepted ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION intercepted_drop()`,
      };
    },
  },
  "audit-log": {
    async seed(fixture) {
      const id = randomUUID();
      await fixture.pool.query(
        "INSERT INTO audit_logs (id, time, resource_type, action) VALUES ($1, $2, 'site_config', 'write')",
        [id, daysBefore(366)],
      );
      return inTable(fixture, { table: "audit_logs", id, event: "DELETE" });
    },
  },
  "purge-ledger": {
    async seed(fixture) {
      const id = randomUUID();
      // Of a policy that has newer rows, since the newest of each stays.
      await fixture.pool.query(
        `INSERT INTO purge_ledger (id, tick_id, policy, record_type, outcome, started_at, finished_at)
         SELECT id, gen_random_uuid(), 'purge-ledger', 'purge_ledger', 'success', clock, clock
         FROM (VALUES ($1::uuid, $2::timestamptz), (gen_random_uuid(), $3::timestamptz)) AS item (id, clock)`,
        [id, daysBefore(401), daysBefore(1)],
      );
      return inTable(fixture, { table: "purge_ledger", id, event: "DELETE" });
    },
  },
};

/** A row that is deleted, or changed so that it is no longer as `doneWhere` says. */
function inTable(
  fixture: PurgeFixture,
  record: { table: string; id: string; event: "DELETE" | "UPDATE"; doneWhere?: string },
): SeededRecord {
  const { table, id, event, doneWhere = "true" } = record;
  return {
    isDone: async () => (await countOf(fixture, table, `id = '${id}' AND ${doneWhere}`)) === 0,
    intercept: (statements) => `
      CREATE FUNCTION intercepted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN ${statements}; RETURN coalesce(NEW, OLD); END $$;
      CREATE TRIGGER intercepted BEFORE ${event} ON ${table} FOR EACH ROW
        WHEN (OLD.id = '${id}') EXECUTE FUNCTION intercepted()`,
  };
}
