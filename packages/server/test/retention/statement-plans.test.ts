import { randomUUID } from "node:crypto";

import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { deleteChat } from "../../src/retention/delete-chat.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { daysBefore, NOW } from "./purge-fixture.ts";

/** A plan as `auto_explain` reports it, for every statement that really ran. */
interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: readonly Plan[];
}

const RUNS = 1_000_000;
/** So many in one statement take far less than its time limit, also on a busy machine. */
const RUNS_AT_ONCE = 100_000;
const CHATS = 1_000;

let database: TestDatabase;
let explained: pg.Pool;
let store: Store;
let plans: { statement: string; plan: Plan }[] = [];
let chats: string[] = [];
/** The tables of which a statement may not read every row, whatever it is looking for: those of more than 10,000 rows. */
let large: Set<string>;
let ownerId: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  const clock = new FakeClock(NOW);
  const direct = openDatabase(pool);
  for (let day = 0; day < 60; day += 1) {
    await createStore({ database: direct, directDatabase: direct, clock }).preparePayloadPartitions(daysBefore(day));
  }
  ownerId =
    (await pool.query<{ id: string }>("INSERT INTO users (email) VALUES ('owner@example.com') RETURNING id")).rows[0]
      ?.id ?? "";
  chats = (
    await pool.query<{ id: string }>(
      `INSERT INTO chats (owner_id, organization_id) SELECT $1, organizations.id FROM organizations, generate_series(1, $2) RETURNING chats.id`,
      [ownerId, CHATS],
    )
  ).rows.map(({ id }) => id);
  // A run every five seconds for sixty days, spread over the chats; those of three days, old and new, have payloads.
  for (let first = 0; first < RUNS; first += RUNS_AT_ONCE) {
    await pool.query(
      `INSERT INTO chat_debug_runs (id, chat_id, status, started_at, updated_at, finished_at)
       SELECT gen_random_uuid(), ($1::uuid[])[1 + n % $2], 'completed', moment, moment, moment
       FROM generate_series($3::int, $4::int - 1) AS n,
         LATERAL (SELECT $5::timestamptz - make_interval(secs => n * 5.184) AS moment) AS clock`,
      [chats, CHATS, first, first + RUNS_AT_ONCE, NOW],
    );
  }
  await pool.query(
    `WITH step AS (
       INSERT INTO chat_debug_steps (run_id, chat_id, step_number, started_at, updated_at)
       SELECT id, chat_id, 1, started_at, updated_at FROM chat_debug_runs WHERE started_at < $2 OR started_at > $3
       RETURNING id, run_id, chat_id, started_at
     )
     INSERT INTO chat_debug_payloads (chat_id, run_id, step_id, recorded_at, request)
     SELECT chat_id, run_id, id, started_at, '\\x007b7d' FROM step WHERE started_at >= $1`,
    [daysBefore(59), daysBefore(57), daysBefore(1)],
  );
  await pool.query("VACUUM ANALYZE");
  const { rows } = await pool.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND reltuples > 10000",
  );
  large = new Set(rows.map(({ name }) => name));
  expect(large.size, "runs, steps and three partitions").toBe(5);

  const settings = {
    timezone: "UTC",
    session_preload_libraries: "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    client_min_messages: "log",
  };
  const options = Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
  explained = new pg.Pool({ connectionString: database.url, max: 4, options });
  explained.on("connect", (client) => {
    client.on("notice", (notice) => collect(notice.message ?? ""));
  });
  const kysely = openDatabase(explained);
  store = createStore({ database: kysely, directDatabase: direct, clock });
}, 600_000);

afterAll(() => explained.end());

function collect(message: string): void {
  const json = /plan:\n([\s\S]*)$/.exec(message)?.[1];
  if (json === undefined) return;
  const report = JSON.parse(json) as { "Query Text": string; Plan: Plan };
  plans.push({ statement: report["Query Text"], plan: report.Plan });
}

/** Runs something and answers the large tables that its statements read from one end to the other. */
async function fullScansOf(work: () => Promise<unknown>): Promise<string[]> {
  plans = [];
  await work();
  expect(plans.length, "statements were explained").toBeGreaterThan(0);
  return plans.flatMap(({ plan, statement }) =>
    nodesOf(plan)
      .filter((node) => node["Node Type"] === "Seq Scan" && large.has(node["Relation Name"] ?? ""))
      .map((node) => `${node["Relation Name"]}: ${statement.replaceAll(/\s+/g, " ").slice(0, 120)}`),
  );
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** How many partitions of the payload table a statement opened, at the most. */
function partitionsRead(): number {
  const counts = plans.map(
    ({ plan }) =>
      new Set(
        nodesOf(plan).flatMap((node) =>
          node["Relation Name"]?.startsWith("chat_debug_payloads_") === true ? node["Relation Name"] : [],
        ),
      ).size,
  );
  return Math.max(...counts);
}

describe("over a million runs, every statement in bulk goes by an index", () => {
  const cutoff = daysBefore(30);

  it("finds out when one does not, so that this test can fail", async () => {
    expect(
      await fullScansOf(() => explained.query("SELECT count(*) FROM chat_debug_runs WHERE model IS NULL")),
    ).toHaveLength(1);
  });

  it("the batch of expired runs, with its cascade, and the look for the next one", async () => {
    const ledgerId = await store.openLedgerRow({
      tickId: randomUUID(),
      policy: "debug-runs",
      recordType: "chat_debug_runs",
      replica: "",
    });
    const first = await store.purgeDebugRunBatch({ cutoff, limit: 500, after: null, ledgerId, signal });
    expect(first.deleted).toBe(500);
    expect(
      await fullScansOf(() => store.purgeDebugRunBatch({ cutoff, limit: 500, after: first.cursor, ledgerId, signal })),
    ).toEqual([]);
    expect(await fullScansOf(() => store.nextExpiredDebugRun({ cutoff, after: first.cursor }))).toEqual([]);
  });

  it("an idle tick's look for expired runs, and the measure of the lag", async () => {
    expect(await fullScansOf(() => store.countExpiredDebugRuns(daysBefore(100), signal))).toEqual([]);
    expect(await fullScansOf(() => store.measureDebugRunLag(cutoff))).toEqual([]);
    expect(await fullScansOf(() => store.readRetentionWindow(RETENTION_SETTINGS["debug-retention-days"]))).toEqual([]);
  });

  it("the look for partitions without a live run", async () => {
    const partitions = await store.listPayloadPartitions();
    expect(partitions.length).toBeGreaterThan(59);
    expect(await fullScansOf(() => store.partitionsWithLiveRuns(partitions))).toEqual([]);
  });

  it("moving payloads to the kept partition, which reads the one partition that they are in", async () => {
    const ledgerId = await store.openLedgerRow({
      tickId: randomUUID(),
      policy: "debug-payloads",
      recordType: "",
      replica: "",
    });
    const [, partition] = await store.listPayloadPartitions();
    if (partition === undefined) throw new Error("there is no partition");
    expect(await fullScansOf(() => store.keepLivePayloads({ partition, limit: 20, ledgerId, signal }))).toEqual([]);
    expect(partitionsRead()).toBeLessThanOrEqual(2);
  });

  it("sweeping a partition, which reads it from one end but looks runs up by their key", async () => {
    const ledgerId = await store.openLedgerRow({
      tickId: randomUUID(),
      policy: "debug-payloads",
      recordType: "",
      replica: "",
    });
    const [, , partition] = await store.listPayloadPartitions();
    if (partition === undefined) throw new Error("there is no partition");
    const scans = await fullScansOf(() => store.sweepDeadPayloads({ partition, limit: 20, ledgerId, signal }));
    expect(scans.filter((scan) => !scan.startsWith(partition.name))).toEqual([]);
  });

  it("the list of a chat's newest runs, and a run with its payloads from one partition", async () => {
    const chatId = chats[0] ?? "";
    let runId = "";
    expect(
      await fullScansOf(async () => {
        runId = (await store.listDebugRuns({ chatId, readerId: ownerId }))?.[0]?.id ?? "";
      }),
    ).toEqual([]);
    expect(await fullScansOf(() => store.readDebugRun({ chatId, runId, readerId: ownerId }))).toEqual([]);
    expect(partitionsRead()).toBeLessThanOrEqual(1);
  });

  it("ingest of a batch into runs that exist", async () => {
    const chatId = chats[1] ?? "";
    const run = (await store.listDebugRuns({ chatId, readerId: ownerId }))?.[0];
    const times = { started_at: run?.started_at.toISOString() ?? "", updated_at: NOW.toISOString() };
    const steps = Array.from({ length: 20 }, () => ({
      id: randomUUID(),
      run_id: run?.id ?? "",
      chat_id: chatId,
      ...times,
      payload: { encode: () => Promise.resolve({ request: Buffer.from("\0{}") }) },
    }));
    const batch = { chats: [], runs: [{ id: run?.id ?? "", chat_id: chatId, ...times }], steps, rejected: [] };
    expect(await fullScansOf(() => store.recordDebugBatch({ userId: ownerId, scope: "full" }, batch))).toEqual([]);
    expect(partitionsRead()).toBeLessThanOrEqual(1);
  });

  it("closing what was left unfinished, and the look for what there is of it", async () => {
    const request = { touchedBefore: NOW, touchedSince: new Date(0), limit: 200, signal };
    const chatId = chats[3] ?? "";
    await database.pool.query(
      `WITH run AS (
         INSERT INTO chat_debug_runs (chat_id, started_at, updated_at)
         SELECT $1, $2, $2 FROM generate_series(1, 300) RETURNING id
       )
       INSERT INTO chat_debug_steps (run_id, chat_id, step_number, started_at, updated_at) SELECT id, $1, 1, $2, $2 FROM run`,
      [chatId, daysBefore(1)],
    );
    await database.pool.query("UPDATE chats SET status = 'running', updated_at = $2 WHERE id = $1", [
      chatId,
      daysBefore(1),
    ]);
    for (const expected of [200, 100, 0]) {
      expect(await fullScansOf(async () => expect((await store.closeStaleRuns(request)).runs).toBe(expected))).toEqual(
        [],
      );
    }
    await database.pool.query("UPDATE chat_debug_steps SET finished_at = NULL WHERE chat_id = $1", [chatId]);
    expect(await fullScansOf(() => store.closeStaleSteps(request))).toEqual([]);
    expect(await fullScansOf(() => store.endDeadChats(request))).toEqual([]);
  });

  it("the look whether a batch may be recorded", async () => {
    const run = (await store.listDebugRuns({ chatId: chats[1] ?? "", readerId: ownerId }))?.[0];
    const question = { chatIds: chats, runIds: [run?.id ?? ""], ownerNames: ["owner@example.com"] };
    expect(await fullScansOf(() => store.readRecordingFacts({ userId: ownerId, scope: "ingest" }, question))).toEqual(
      [],
    );
  });

  it("the newest row of each policy in a long ledger, also of one that has none", async () => {
    await database.pool.query(
      `INSERT INTO purge_ledger (tick_id, policy, record_type, outcome, started_at, finished_at)
       SELECT gen_random_uuid(), 'debug-runs', 'chat_debug_runs', 'success', moment, moment
       FROM generate_series(1, 50000) AS n, LATERAL (SELECT $1::timestamptz - make_interval(secs => n) AS moment) AS clock`,
      [NOW],
    );
    await database.pool.query("ANALYZE purge_ledger");
    plans = [];
    expect(await store.readLatestLedgerRows(["archived-chats", "debug-runs", "of nobody"])).toHaveLength(1);
    const indexes = plans.flatMap(({ plan }) =>
      nodesOf(plan).flatMap((node) => (node["Relation Name"] === "purge_ledger" ? [node["Index Name"]] : [])),
    );
    expect(indexes).toEqual(["purge_ledger_newest_idx"]);
  });

  it("deleting a chat", async () => {
    const origin = { userId: null };
    const scans = await fullScansOf(() => deleteChat(store, chats[2] ?? "", { origin, signal }));
    expect(scans).toEqual([]);
  });
});
