import { randomUUID } from "node:crypto";

import { LEDGER_OUTCOMES, type LedgerEntry } from "@shelflife/api-contract";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import { LEDGER_COLUMNS } from "../../src/retention/render-ledger.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = `${CHATS}/retention/ledger`;
const MS_PER_DAY = 86_400_000;

let app: TestApp;
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
});

beforeEach(() => app.pool.query("DELETE FROM purge_ledger"));

/** Stores rows by SQL, each so many seconds after the one before it; answers their ids, the newest first. */
async function insertRows(
  count: number,
  {
    policy = "debug-runs",
    outcome = "success",
    error = null,
    apart = 1,
  }: Partial<Record<string, unknown>> & { apart?: number } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID()).toSorted();
  await app.pool.query(
    `INSERT INTO purge_ledger (id, tick_id, policy, record_type, outcome, started_at, finished_at, deleted, bytes, error, replica)
     SELECT id, gen_random_uuid(), $2, 'chat_debug_runs', $3, moment, moment, 5, 100, $4, 'here:1'
     FROM unnest($1::uuid[]) WITH ORDINALITY AS item (id, place),
       LATERAL (SELECT $5::timestamptz + place * $6::float8 * interval '1 second' AS moment) AS clock`,
    [ids, policy, outcome, error, app.clock.now(), apart],
  );
  return ids.toReversed();
}

async function allPages(query: { policy?: string; outcome?: string; limit: number }): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (let before: string | undefined; ;) {
    const page = await app
      .client(admin.key)
      .retention.ledger({ ...query, ...(before === undefined ? {} : { before }) });
    entries.push(...page.entries);
    if (page.next_before === null) return entries;
    expect(page.entries).toHaveLength(query.limit);
    before = page.next_before;
  }
}

describe("a page of the ledger", () => {
  test("holds the newest first, and pages lead through all of it once", async () => {
    const ids = await insertRows(25);
    expect((await allPages({ limit: 10 })).map(({ id }) => id)).toEqual(ids);
    expect((await app.client(admin.key).retention.ledger()).entries).toHaveLength(25);
    expect(await app.client(admin.key).retention.ledger({ limit: 25 })).toMatchObject({ next_before: null });
  });

  test("tells rows of one moment apart, to the microsecond", async () => {
    const same = await insertRows(7, { apart: 0 });
    const ids = await insertRows(5, { apart: 0.000_001 });
    const found = (await allPages({ limit: 2 })).map(({ id }) => id);
    expect(found).toEqual([...ids, ...same]);
  });

  test("does not move while newer rows are written", async () => {
    const ids = await insertRows(4);
    const first = await app.client(admin.key).retention.ledger({ limit: 2 });
    await app.clock.advance(MS_PER_DAY);
    await insertRows(3);
    const second = await app.client(admin.key).retention.ledger({ limit: 2, before: first.next_before ?? "" });
    expect([...first.entries, ...second.entries].map(({ id }) => id)).toEqual(ids);
  });

  test("is of one policy or of one outcome where that is asked for", async () => {
    const failed = await insertRows(3, { outcome: "failure", error: "setting_unreadable: it is." });
    const chats = await insertRows(3, { policy: "archived-chats" });
    expect((await allPages({ policy: "archived-chats", limit: 2 })).map(({ id }) => id)).toEqual(chats);
    expect((await allPages({ outcome: "failure", limit: 2 })).map(({ id }) => id)).toEqual(failed);
    expect(await allPages({ policy: "archived-chats", outcome: "failure", limit: 2 })).toEqual([]);
    expect(await allPages({ policy: "of nobody", limit: 2 })).toEqual([]);
    for (const outcome of LEDGER_OUTCOMES) {
      const found = await allPages({ outcome, limit: 10 });
      expect(found.every((entry) => entry.outcome === outcome)).toBe(true);
    }
  });

  test("finds what a killed purger left running among what was aborted, and not among what runs", async () => {
    const [id] = await insertRows(1, { outcome: "running" });
    expect((await allPages({ outcome: "aborted", limit: 2 })).map((entry) => entry.id)).toEqual([id]);
    expect(await allPages({ outcome: "running", limit: 2 })).toEqual([]);
  });

  test.each([
    ["limit", "0"],
    ["limit", "201"],
    ["limit", "ten"],
    ["outcome", "perhaps"],
    ["before", "yesterday"],
    ["before", Buffer.from(`2026-13-45 00:00:00+00 ${randomUUID()}`).toString("base64url")],
    ["before", Buffer.from("2026-03-01 00:00:00+00 x").toString("base64url")],
    ["policy", ""],
    ["policy", "%00"],
    ["format", "xml"],
  ])("refuses the parameter %s=%s by its name", async (field, value) => {
    const response = await app.request("GET", `${PATH}?${field}=${value}`, { key: admin.key });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "validation_failed", validations: [{ field }] });
  });
});

describe("the ledger as CSV", () => {
  async function csv(query = "?format=csv", headers = {}): Promise<{ response: Response; lines: string[] }> {
    const response = await app.request("GET", `${PATH}${query}`, { key: admin.key, headers });
    const text = await response.text();
    expect(text.endsWith("\r\n")).toBe(true);
    return { response, lines: text.slice(0, -2).split("\r\n") };
  }

  test.each([
    ["?format=csv", {}],
    ["", { Accept: "text/csv" }],
    ["", { Accept: "application/json;q=0.5, text/csv" }],
  ])("is what %j with %j asks for: the columns, and all rows and not a page", async (query, headers) => {
    const ids = await insertRows(1_203);
    const { response, lines } = await csv(query, headers);
    expect(response.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("Content-Disposition")).toContain(".csv");
    expect(lines[0]).toBe(LEDGER_COLUMNS.join(","));
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(ids);
  });

  test.each(["*/*", "application/json", "text/html,*/*;q=0.8"])("is not what Accept: %s asks for", async (accept) => {
    const response = await app.request("GET", PATH, { key: admin.key, headers: { Accept: accept } });
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
  });

  test("has the columns of the JSON in one order, and their values", async () => {
    await insertRows(1);
    const [entry] = (await app.client(admin.key).retention.ledger()).entries;
    const { lines } = await csv();
    expect([...LEDGER_COLUMNS].toSorted()).toEqual(Object.keys(entry ?? {}).toSorted());
    expect(lines[1]).toBe(LEDGER_COLUMNS.map((name) => String(entry?.[name] ?? "")).join(","));
  });

  test("goes by the same filters, and an empty one has its columns", async () => {
    await insertRows(2);
    expect((await csv("?format=csv&policy=debug-runs")).lines).toHaveLength(3);
    expect((await csv("?format=csv&policy=chat-files")).lines).toEqual([LEDGER_COLUMNS.join(",")]);
  });

  test.each([
    ['a "quoted" word, and a comma', '"a ""quoted"" word, and a comma"'],
    ["two\nlines", '"two\nlines"'],
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
  ])("writes the text %j so that it stays a text", async (error, cell) => {
    await insertRows(1, { outcome: "failure", error });
    const response = await app.request("GET", `${PATH}?format=csv`, { key: admin.key });
    expect(await response.text()).toContain(`,${cell},here:1\r\n`);
  });

  test("breaks off where the database fails in the middle, so that nobody takes a part for the whole", async () => {
    await insertRows(1_203);
    let reads = 0;
    const failing = await createTestApp({
      testDatabase: app.testDatabase,
      clock: app.clock,
      around: (store) => ({
        ...store,
        listLedger(query) {
          reads += 1;
          return reads === 3 ? Promise.reject(new Error("gone")) : store.listLedger(query);
        },
      }),
    });
    const response = await failing.request("GET", `${PATH}?format=csv`, { key: admin.key });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("the history", () => {
  test("adds up what was purged by day and kind of record, for ninety days", async () => {
    const { clock } = app;
    await insertRows(3);
    await insertRows(1, { policy: "debug-runs", outcome: "failure" });
    await clock.advance(89 * MS_PER_DAY);
    await insertRows(2);
    const day = (ago: number): string => new Date(clock.now().getTime() - ago * MS_PER_DAY).toISOString().slice(0, 10);
    const history = await app.client(admin.key).retention.history();
    expect(history.purged).toEqual([
      { day: day(89), record_type: "chat_debug_runs", records: 20, bytes: 400 },
      { day: day(0), record_type: "chat_debug_runs", records: 10, bytes: 200 },
    ]);
    await clock.advance(2 * MS_PER_DAY);
    expect((await app.client(admin.key).retention.history()).purged).toHaveLength(1);
  });

  test("says how many bytes are stored of each day, those of payloads that were moved included", async () => {
    const { client, clock, pool, store } = app;
    const daysAgo = (days: number): Date => new Date(clock.now().getTime() - days * MS_PER_DAY);
    for (const days of [3, 1]) {
      const at = daysAgo(days).toISOString();
      const run = { id: randomUUID(), chat_id: randomUUID(), started_at: at, updated_at: at };
      const step = {
        ...run,
        id: randomUUID(),
        run_id: run.id,
        normalized_response: { text: Array.from({ length: 2_000 }, () => randomUUID()).join("") },
      };
      await client(admin.key).recordDebugBatch({ runs: [run], steps: [step] });
    }
    await store.preparePayloadPartitions(clock.now());
    const before = (await client(admin.key).retention.history()).stored_bytes;
    const today = clock.now().toISOString().slice(0, 10);
    const days = before.map(({ day }) => day);
    expect(days).toContain(daysAgo(3).toISOString().slice(0, 10));
    expect(
      days.filter((day) => day > today),
      "partitions of the future hold nothing",
    ).toEqual([]);
    expect(days).toEqual(days.toSorted());
    const bytesOf = (list: typeof before, ago: number): number =>
      list.find(({ day }) => day === daysAgo(ago).toISOString().slice(0, 10))?.bytes ?? 0;
    expect(bytesOf(before, 3)).toBeGreaterThan(50_000);

    // As the purge moves what lives on, and drops the rest.
    const [partition] = (await store.listPayloadPartitions()).filter(
      ({ from, to }) => from <= daysAgo(3) && daysAgo(3) < to,
    );
    await pool.query("UPDATE chat_debug_runs SET payload_at = 'infinity' WHERE started_at = $1", [daysAgo(3)]);
    await pool.query("UPDATE chat_debug_payloads SET recorded_at = 'infinity' WHERE recorded_at = $1", [daysAgo(3)]);
    await pool.query(`DROP TABLE ${partition?.name}`);
    const after = (await client(admin.key).retention.history()).stored_bytes;
    const { rows } = await pool.query<{ bytes: number }>(
      "SELECT sum(payload_bytes)::int AS bytes FROM chat_debug_steps WHERE started_at = $1",
      [daysAgo(3)],
    );
    expect(bytesOf(after, 3)).toBe(rows[0]?.bytes);
    expect(bytesOf(after, 1)).toBe(bytesOf(before, 1));
  });
});
