import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { openDatabase } from "../../../src/store/database.ts";
import type { PurgeBatchRequest } from "../../../src/store/purge-batch.ts";
import { createStore, type Store } from "../../../src/store/store.ts";
import { ExplainedStatements, rowsRead } from "../../explained-statements.ts";
import { FakeClock } from "../../fake-clock.ts";
import { createTestDatabase, type TestDatabase } from "../../postgres/test-database.ts";
import { daysBefore, NOW } from "../purge-fixture.ts";

const LIMIT = 50;

/** Of each kind one in ten is expired; the tables with more rows are those that a chat holds several of. */
const CHATS = 40_000;

const TABLES = [
  "chats",
  "chat_messages",
  "chat_debug_runs",
  "chat_file_links",
  "chat_files",
  "audit_logs",
  "purge_ledger",
];

let database: TestDatabase;
let explained: ExplainedStatements;
let store: Store;
const { signal } = new AbortController();

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  const { rows } = await pool.query<{ id: string }>("INSERT INTO users (email) VALUES ('a@example.com') RETURNING id");
  const ownerId = rows[0]?.id;
  // A quarter of the roots is archived, a tenth of these and of the others past their cutoff; every fifth has a child.
  await pool.query(
    `WITH root AS (
       INSERT INTO chats (owner_id, organization_id, created_at, last_activity_at, archived, archived_at)
       SELECT $1, organizations.id, $3::timestamptz - interval '300 days',
         CASE WHEN n % 10 = 0 THEN $3::timestamptz - make_interval(days => 100, secs => n) ELSE $3::timestamptz - make_interval(secs => n) END,
         n % 4 = 1, CASE WHEN n % 4 = 1 THEN $3::timestamptz - make_interval(days => n % 33, secs => n) END
       FROM organizations, generate_series(1, $2) AS n
       RETURNING id, organization_id
     )
     INSERT INTO chats (owner_id, organization_id, root_chat_id, parent_chat_id)
     SELECT $1, organization_id, id, id FROM root WHERE random() < 0.2`,
    [ownerId, CHATS, NOW],
  );
  await pool.query(
    `INSERT INTO chat_messages (chat_id, role, content, created_at)
     SELECT id, 'user', '[]', $1::timestamptz - interval '100 days' FROM chats, generate_series(1, 3)`,
    [NOW],
  );
  await pool.query(
    `INSERT INTO chat_debug_runs (chat_id, started_at, updated_at)
     SELECT id, $1::timestamptz - interval '100 days', $1 FROM chats, generate_series(1, 2)`,
    [NOW],
  );
  // Half of the files are old; of these nine in ten are linked.
  await pool.query(
    `INSERT INTO chat_files (owner_id, organization_id, mimetype, data, created_at)
     SELECT $1, organizations.id, 'text/plain', 'a', $3::timestamptz - make_interval(days => (n % 2) * 40, secs => n)
     FROM organizations, generate_series(1, $2) AS n`,
    [ownerId, CHATS, NOW],
  );
  await pool.query(
    `INSERT INTO chat_file_links (chat_id, file_id)
     SELECT (SELECT ids[1 + n % cardinality(ids)]), id
     FROM (SELECT id, row_number() OVER () AS n FROM chat_files WHERE random() < 0.9) AS file,
       (SELECT array_agg(id) AS ids FROM chats WHERE NOT archived) AS chat`,
  );
  await pool.query(
    `INSERT INTO audit_logs (time, resource_type, action)
     SELECT $2::timestamptz - make_interval(days => (n % 10) * 40 + 10, secs => n), 'chat', 'write' FROM generate_series(1, $1) AS n`,
    [CHATS, NOW],
  );
  await pool.query(
    `INSERT INTO purge_ledger (tick_id, policy, record_type, outcome, started_at, finished_at, deleted, cutoff)
     SELECT gen_random_uuid(), policy, 'r', 'success', moment, moment, n % 2, moment - interval '30 days'
     FROM unnest(ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'g']) AS policy,
       generate_series(1, $1 / 7) AS n, LATERAL (SELECT $2::timestamptz - make_interval(mins => n * 110) AS moment) AS tick`,
    [CHATS, NOW],
  );
  await pool.query("VACUUM ANALYZE");
  explained = new ExplainedStatements(database.url);
  const kysely = openDatabase(explained.pool);
  store = createStore({ database: kysely, directDatabase: openDatabase(pool), clock: new FakeClock(NOW) });
}, 600_000);

afterAll(() => explained[Symbol.asyncDispose]());

/** The tables of which a statement read more rows than are allowed, with the statement. */
async function greedyStatements(work: () => Promise<unknown>, allowed: number): Promise<string[]> {
  const statements = await explained.of(work);
  return statements.flatMap((each) =>
    TABLES.flatMap((table) => {
      const rows = rowsRead(each, table);
      return rows > allowed ? [`${rows} of ${table}: ${each.statement.replaceAll(/\s+/g, " ").slice(0, 150)}`] : [];
    }),
  );
}

async function batchAt(cutoff: Date): Promise<PurgeBatchRequest> {
  const row = { tickId: randomUUID(), policy: "a", recordType: "r", replica: "" };
  return { cutoff, limit: LIMIT, after: null, ledgerId: await store.openLedgerRow(row), signal };
}

/** A row of its own, its index entry, and what is looked up for it in the family, with some to spare. */
const PER_ROW = 12;

it("finds out when a statement reads a whole table, so that these tests can fail", async () => {
  const whole = () => explained.pool.query("SELECT count(*) FROM chat_messages WHERE role = 'tool'");
  expect(await greedyStatements(whole, LIMIT * PER_ROW)).toHaveLength(1);
});

describe("over tens of thousands of rows, a batch reads what it takes", () => {
  it("of archived chats", async () => {
    const request = await batchAt(daysBefore(30));
    const purge = async (): Promise<void> => {
      const roots = await store.findExpiredFamilies(request);
      expect(roots).toHaveLength(LIMIT);
      expect((await store.purgeChatFamilies({ ...request, roots })).deleted).toBeGreaterThanOrEqual(LIMIT);
    };
    // Where few are expired, the planner may think it sooner to look at all of them: some nine hundred here.
    expect(await greedyStatements(purge, 1_200)).toEqual([]);
    expect(await greedyStatements(() => store.nextExpiredChat(request), PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.nextMarkedChat([]), 0)).toEqual([]);
    expect(await greedyStatements(() => store.countMarkedChats(), 0)).toEqual([]);
  });

  it("of inactive chats", async () => {
    const request = await batchAt(daysBefore(90));
    const archive = async (): Promise<void> => {
      expect((await store.archiveInactiveBatch(request)).deleted).toBeGreaterThanOrEqual(LIMIT);
    };
    expect(await greedyStatements(archive, LIMIT * PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.nextInactiveChat(request), PER_ROW)).toEqual([]);
  });

  it("of files, once it has been noted which are linked", async () => {
    const request = await batchAt(daysBefore(30));
    const noting = { cutoff: request.cutoff, limit: 1_000, signal };
    for (let noted = 1_000; noted === 1_000;) noted = await store.noteLinkedFiles(noting);
    await database.pool.query("VACUUM ANALYZE chat_files");
    const purge = async (): Promise<void> => {
      expect((await store.purgeFileBatch(request)).deleted).toBe(LIMIT);
    };
    expect(await greedyStatements(purge, LIMIT * PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.nextExpiredFile(request), PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.measureFileLag(request.cutoff), PER_ROW)).toEqual([]);
  });

  it("of the audit log", async () => {
    const request = await batchAt(daysBefore(365));
    const purge = async (): Promise<void> => {
      expect((await store.purgeAuditBatch(request)).deleted).toBe(LIMIT);
    };
    expect(await greedyStatements(purge, LIMIT * PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.nextExpiredAuditEntry(request), PER_ROW)).toEqual([]);
  });

  it("of the ledger, also where the newest rows of each policy have to be told apart", async () => {
    const request = await batchAt(daysBefore(400));
    const purge = async (): Promise<void> => {
      expect((await store.purgeLedgerBatch(request)).deleted).toBe(LIMIT);
    };
    expect(await greedyStatements(purge, LIMIT * PER_ROW)).toEqual([]);
    expect(await greedyStatements(() => store.nextExpiredLedgerRow(request), PER_ROW)).toEqual([]);
  });
});

describe("an idle tick's looks, and a scrape's, read next to nothing", () => {
  it.each<[string, (store: Store) => Promise<unknown>]>([
    ["archived chats", (store) => store.countExpiredChats(daysBefore(400), signal)],
    ["archived chats without a clock", (store) => store.startArchiveClocks(1_000)],
    ["the lag of archived chats", (store) => store.measureChatLag(daysBefore(30))],
    ["inactive chats", (store) => store.countInactiveChats(daysBefore(400), signal)],
    ["a batch of inactive chats", async (store) => store.archiveInactiveBatch(await batchAt(daysBefore(400)))],
    ["the lag of inactive chats", (store) => store.measureInactiveLag(daysBefore(90))],
    ["files that are linked", (store) => store.noteLinkedFiles({ cutoff: daysBefore(400), limit: 500, signal })],
    ["files", (store) => store.countExpiredFiles(daysBefore(400), signal)],
    ["the audit log", (store) => store.countExpiredAuditEntries(daysBefore(500), signal)],
    ["the lag of the audit log", (store) => store.measureAuditLag(daysBefore(365))],
    ["the ledger", (store) => store.countExpiredLedgerRows(daysBefore(2_000), signal)],
    ["the lag of the ledger", (store) => store.measureLedgerLag(daysBefore(400))],
    ["digests", (store) => store.listDueDigests({ now: daysBefore(400), limit: 50 })],
    ["delivered digests", (store) => store.removeDeliveredDigests({ before: NOW, limit: 1_000 })],
  ])("%s", async (_, look) => {
    expect(await greedyStatements(() => look(store), PER_ROW)).toEqual([]);
  });
});

it("a count of what is expired goes by an index as well", async () => {
  const ofMany = CHATS / 2;
  expect(await greedyStatements(() => store.countExpiredChats(daysBefore(30), signal), ofMany)).toEqual([]);
  expect(await greedyStatements(() => store.sampleExpiredChats(daysBefore(30), signal), ofMany)).toEqual([]);
  expect(await greedyStatements(() => store.countInactiveChats(daysBefore(90), signal), ofMany)).toEqual([]);
  expect(await greedyStatements(() => store.sampleInactiveChats(daysBefore(90), signal), ofMany)).toEqual([]);
  expect(await greedyStatements(() => store.sampleExpiredAuditEntries(daysBefore(365), signal), ofMany)).toEqual([]);
});
