import { beforeEach, describe, expect, it } from "vitest";

import { createInactiveChatsPolicy } from "../../../src/retention/policies/inactive-chats.ts";
import type { Store } from "../../../src/store/store.ts";
import { recordRun } from "../payload-fixture.ts";
import { createOtherPool, createPurgeFixture, daysBefore, NOW, sample, type PurgeFixture } from "../purge-fixture.ts";
import {
  countOf,
  inBatchesOf,
  insertChat,
  insertMessages,
  setWindow,
  tick,
  type LifeCycleTick,
  type TestChat,
} from "./life-cycle-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
  await setWindow(fixture, "auto-archive-days", 90);
  // What is archived is never deleted here, so that what is looked at is still there.
  await setWindow(fixture, "retention-days", 0);
  await fixture.pool.query("UPDATE chats SET created_at = $1", [NOW]);
});

const CUTOFF = daysBefore(90);

interface StoredChat {
  readonly archived: boolean;
  readonly archived_at: Date | null;
  readonly last_activity_at: Date | null;
  readonly updated_at: Date;
  readonly pin_order: number;
}

async function chatOf(id: string): Promise<StoredChat> {
  const { rows } = await fixture.pool.query<StoredChat>("SELECT * FROM chats WHERE id = $1", [id]);
  if (rows[0] === undefined) throw new Error("The chat is gone.");
  return rows[0];
}

const isArchived = async (id: string): Promise<boolean> => (await chatOf(id)).archived;

const archivedCounter = ({ purger }: LifeCycleTick): Promise<number | undefined> =>
  sample(purger.registry, "shelflife_chat_auto_archive_records_archived_total", {});

describe("the cutoff", () => {
  it("archives a chat inactive since one millisecond before it and leaves one active exactly at it", async () => {
    const before = await insertChat(fixture, { lastActivityAt: daysBefore(90, -1) });
    const at = await insertChat(fixture, { lastActivityAt: CUTOFF });
    const done = await tick(fixture);
    expect(done.report.outcome).toBe("success");
    expect(done.of("inactive-chats")).toMatchObject({ expired: 1, deleted: 1, left: 0 });
    expect([await isArchived(before), await isArchived(at)]).toEqual([true, false]);
    expect(await archivedCounter(done)).toBe(1);
  });

  it("tells one microsecond, which a JavaScript Date cannot", async () => {
    const before = await insertChat(fixture, { lastActivityAt: "2025-11-30 23:59:59.999999+00" });
    const at = await insertChat(fixture, { lastActivityAt: "2025-12-01 00:00:00+00" });
    await tick(fixture);
    expect([await isArchived(before), await isArchived(at)]).toEqual([true, false]);
  });

  it("archives nothing by default, and says so", async () => {
    await fixture.pool.query("DELETE FROM site_configs");
    const chat = await insertChat(fixture);
    const done = await tick(fixture);
    expect(done.of("inactive-chats")).toMatchObject({ windowDays: 0, cutoff: null, expired: 0, deleted: 0 });
    expect(await isArchived(chat)).toBe(false);
    expect(await archivedCounter(done)).toBe(0);
  });

  it("takes the longest window, 3650 days", async () => {
    await setWindow(fixture, "auto-archive-days", 3650);
    const before = await insertChat(fixture, { lastActivityAt: daysBefore(3650, -1) });
    const at = await insertChat(fixture, { lastActivityAt: daysBefore(3650) });
    await tick(fixture);
    expect([await isArchived(before), await isArchived(at)]).toEqual([true, false]);
  });
});

describe("what counts as activity", () => {
  it("is the creation of a chat that nobody has written to", async () => {
    const old = await insertChat(fixture, { createdAt: daysBefore(90, -1) });
    const young = await insertChat(fixture, { createdAt: CUTOFF });
    await tick(fixture);
    expect([await isArchived(old), await isArchived(young)]).toEqual([true, false]);
  });

  it("is a young creation also where the stored activity is old, as after an import", async () => {
    const imported = await insertChat(fixture, { createdAt: CUTOFF, lastActivityAt: daysBefore(400) });
    await tick(fixture);
    expect(await isArchived(imported)).toBe(false);
  });

  it.each([
    ["a message", (chatId: string) => insertMessages(fixture, chatId, { createdAt: CUTOFF })],
    ["the start of a run", (chatId: string) => storeRun(chatId, CUTOFF)],
  ])(
    "is %s that somebody stored by SQL, in the root or in a child, though the root was told nothing",
    async (_, act) => {
      const root = await insertChat(fixture, { lastActivityAt: daysBefore(100) });
      const parent = await insertChat(fixture);
      const child = await insertChat(fixture, { rootId: parent });
      await act(root);
      await act(child);
      const { of } = await tick(fixture);
      expect(of("inactive-chats")).toMatchObject({ expired: 0, deleted: 0, left: 0 });
      expect([await isArchived(root), await isArchived(parent)]).toEqual([false, false]);
      // It is told now, so that it is not looked at again before it is time.
      expect((await chatOf(root)).last_activity_at).toEqual(CUTOFF);
      expect((await chatOf(parent)).last_activity_at).toEqual(CUTOFF);
      await fixture.clock.advance(1);
      expect((await tick(fixture)).of("inactive-chats")).toMatchObject({ expired: 3, deleted: 3 });
    },
  );

  it("is no message that was deleted, and no write to a run that started long ago", async () => {
    const chat = await insertChat(fixture);
    await insertMessages(fixture, chat, { createdAt: daysBefore(1), deleted: true });
    await insertMessages(fixture, chat, { createdAt: daysBefore(91) });
    await fixture.pool.query("INSERT INTO chat_debug_runs (chat_id, started_at, updated_at) VALUES ($1, $2, $3)", [
      chat,
      daysBefore(91),
      daysBefore(1),
    ]);
    await tick(fixture);
    expect(await isArchived(chat)).toBe(true);
  });

  it("is kept on the root by what is recorded of a child", async () => {
    const root = await insertChat(fixture);
    const child = await insertChat(fixture, { rootId: root });
    await recordRun({ ...fixture, chatId: child }, { startedAt: daysBefore(89) });
    await tick(fixture);
    expect(await isArchived(root)).toBe(false);
  });
});

function storeRun(chatId: string, startedAt: Date): Promise<unknown> {
  return fixture.pool.query("INSERT INTO chat_debug_runs (chat_id, started_at, updated_at) VALUES ($1, $2, $2)", [
    chatId,
    startedAt,
  ]);
}

describe("what is never archived", () => {
  it.each<[string, TestChat]>([
    ["pinned", { pinOrder: 1 }],
    ["being deleted", { purgingAt: NOW }],
    ...["running", "pending", "paused", "requires_action"].map((status): [string, TestChat] => [status, { status }]),
  ])("is a root that is %s", async (_, chat) => {
    const id = await insertChat(fixture, chat);
    const store = { ...fixture.store, countMarkedChats: () => Promise.resolve(0) };
    expect((await tick(fixture, { store })).of("inactive-chats")).toMatchObject({ expired: 0, deleted: 0 });
    expect(await isArchived(id)).toBe(false);
  });

  it.each(["waiting", "completed", "error"])("is no root whose status is %s", async (status) => {
    const id = await insertChat(fixture, { status });
    await tick(fixture);
    expect(await isArchived(id)).toBe(true);
  });

  it("is a child by itself: it waits for its root, however old it is", async () => {
    const root = await insertChat(fixture, { lastActivityAt: daysBefore(1) });
    const child = await insertChat(fixture, { rootId: root });
    await tick(fixture);
    expect(await isArchived(child)).toBe(false);
  });
});

describe("archiving", () => {
  it("sets the same moment on a whole family, clears pins, and takes children whatever their status", async () => {
    const root = await insertChat(fixture);
    const children = [
      await insertChat(fixture, { rootId: root, status: "running" }),
      await insertChat(fixture, { rootId: root, pinOrder: 2 }),
    ];
    const earlier = await insertChat(fixture, { rootId: root, archivedAt: daysBefore(200) });
    const done = await tick(fixture);
    expect(done.of("inactive-chats")).toMatchObject({ expired: 3, deleted: 3, left: 0 });
    expect(await archivedCounter(done)).toBe(3);
    for (const id of [root, ...children]) {
      expect(await chatOf(id)).toMatchObject({ archived: true, archived_at: NOW, updated_at: NOW, pin_order: 0 });
    }
    expect((await chatOf(earlier)).archived_at).toEqual(daysBefore(200));
  });

  it("is no purge: the counter of purged records does not know it", async () => {
    await insertChat(fixture);
    const { purger } = await tick(fixture);
    const metrics = await purger.registry.metrics();
    expect(metrics).not.toContain('record_type="chats_auto_archived"');
    expect(metrics).toContain('shelflife_purge_records_purged_total{record_type="chats"} 0');
    expect(metrics).toContain("shelflife_chat_auto_archive_records_archived_total 1");
  });

  it("is audited once for each root, by the subsystem and nobody, without a title", async () => {
    const root = await insertChat(fixture, { title: "Private" });
    await insertChat(fixture, { rootId: root });
    await tick(fixture);
    const { rows } = await fixture.pool.query("SELECT * FROM audit_logs");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      time: NOW,
      user_id: null,
      resource_type: "chat",
      resource_id: root,
      resource_target: "",
      action: "write",
      diff: { archived: { old: false, new: true } },
      additional_fields: { subsystem: "chat_auto_archive" },
    });
  });

  it("cannot be followed by a deletion in the same tick, and is when the window of archived chats is over", async () => {
    await setWindow(fixture, "retention-days", 1);
    const chat = await insertChat(fixture);
    await tick(fixture);
    expect(await isArchived(chat)).toBe(true);
    await fixture.clock.advance(86_400_000);
    await tick(fixture);
    expect(await isArchived(chat)).toBe(true);
    await fixture.clock.advance(1);
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ deleted: 1 });
  });

  it("goes through 450 roots in one tick, those that have been inactive for the longest first", async () => {
    await fixture.pool.query(
      `INSERT INTO chats (owner_id, organization_id, created_at, last_activity_at)
       SELECT owner_id, organization_id, $2, $2::timestamptz + make_interval(days => n % 5)
       FROM chats, generate_series(1, 450) AS n WHERE id = $1`,
      [fixture.chatId, daysBefore(100)],
    );
    const clocks: number[] = [];
    const watching: Store = {
      ...fixture.store,
      async archiveInactiveBatch(request) {
        const result = await fixture.store.archiveInactiveBatch(request);
        const { rows } = await fixture.pool.query<{ newest: Date | null }>(
          "SELECT max(last_activity_at) AS newest FROM chats WHERE archived",
        );
        clocks.push(rows[0]?.newest?.getTime() ?? 0);
        return result;
      },
    };
    const { of } = await tick(fixture, { store: watching });
    expect(of("inactive-chats")).toMatchObject({ expired: 450, deleted: 450, left: 0, batches: 3 });
    expect(clocks).toEqual(clocks.toSorted((a, b) => a - b));
    expect(clocks[0]).toBeLessThan(clocks[2] ?? 0);
    expect(await countOf(fixture, "audit_logs")).toBe(450);
  });
});

describe("between select and archive", () => {
  const beforeBatch = (happens: () => Promise<unknown>): Store => ({
    ...fixture.store,
    async archiveInactiveBatch(request) {
      await happens();
      return fixture.store.archiveInactiveBatch(request);
    },
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ["was written to", (id) => insertMessages(fixture, id, { createdAt: NOW })],
    ["was pinned", (id) => fixture.pool.query("UPDATE chats SET pin_order = 1 WHERE id = $1", [id])],
    ["was started", (id) => fixture.pool.query("UPDATE chats SET status = 'running' WHERE id = $1", [id])],
    ["was touched", (id) => fixture.pool.query("UPDATE chats SET last_activity_at = $2 WHERE id = $1", [id, NOW])],
  ])("a chat that %s stays active", async (_, happens) => {
    const chat = await insertChat(fixture);
    const other = await insertChat(fixture);
    const { of } = await tick(fixture, { store: beforeBatch(() => happens(chat)) });
    expect(of("inactive-chats")).toMatchObject({ expired: 2, deleted: 1, left: 0 });
    expect([await isArchived(chat), await isArchived(other)]).toEqual([false, true]);
  });

  it.each(["root", "child"])("a family to whose %s somebody is writing stays active", async (which) => {
    const root = await insertChat(fixture);
    const child = await insertChat(fixture, { rootId: root });
    const other = await insertChat(fixture);
    const pool = createOtherPool(fixture.url);
    const writer = await pool.connect();
    try {
      await writer.query("BEGIN");
      await writer.query(
        "INSERT INTO chat_messages (chat_id, role, content, created_at) VALUES ($1, 'user', '[]', $2)",
        [which === "root" ? root : child, NOW],
      );
      expect((await tick(fixture)).of("inactive-chats")).toMatchObject({ expired: 3, deleted: 1, left: 2 });
      await writer.query("COMMIT");
    } finally {
      writer.release();
      await pool.end();
    }
    await tick(fixture);
    expect([await isArchived(root), await isArchived(other)]).toEqual([false, true]);
  });

  it("the drain stops within one batch where auto-archive is switched off", async () => {
    for (let chat = 0; chat < 6; chat += 1) await insertChat(fixture);
    let batches = 0;
    const store = beforeBatch(async () => {
      batches += 1;
      if (batches === 2) await setWindow(fixture, "auto-archive-days", 0);
    });
    expect((await tick(fixture, { store, ...inBatchesOf(2) })).of("inactive-chats")).toMatchObject({
      deleted: 4,
      left: 2,
    });
  });
});

it("names a chat that cannot be archived, and archives the others with their digests", async () => {
  const ids: string[] = [];
  for (let chat = 0; chat < 10; chat += 1) ids.push(await insertChat(fixture, { createdAt: daysBefore(100, chat) }));
  await fixture.pool.query(`ALTER TABLE chats ADD CONSTRAINT stays_open CHECK (NOT archived OR id <> '${ids[6]}')`);
  const { of, purger } = await tick(fixture, inBatchesOf(4));
  expect(of("inactive-chats")).toMatchObject({ deleted: 9, left: 1, error: { code: "records_not_deletable" } });
  expect(purger.records.flatMap((record) => record["record_id"] ?? [])).toEqual([ids[6]]);
  const { rows } = await fixture.pool.query("SELECT payload ->> 'archived' AS archived FROM digest_outbox");
  expect(rows).toEqual([{ archived: "9" }]);
});

it("leaves everything as it was where a batch dies before its commit: chats, audit and digest alike", async () => {
  await insertChat(fixture);
  await fixture.pool.query("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$");
  await fixture.pool.query("CREATE TRIGGER fail BEFORE INSERT ON digest_outbox EXECUTE FUNCTION fail()");
  await tick(fixture);
  expect(await countOf(fixture, "chats", "archived")).toBe(0);
  expect(await countOf(fixture, "audit_logs")).toBe(0);
  await fixture.pool.query("DROP TRIGGER fail ON digest_outbox");
  expect((await tick(fixture)).of("inactive-chats")).toMatchObject({ deleted: 1 });
  expect(await countOf(fixture, "audit_logs")).toBe(1);
});

it("archives each chat once where two purgers work at the same time, as after a lost lock", async () => {
  for (let chat = 0; chat < 40; chat += 1) {
    const root = await insertChat(fixture, { createdAt: daysBefore(100, chat) });
    await insertChat(fixture, { rootId: root });
  }
  const lock = { isHeld: () => Promise.resolve(true), release: () => Promise.resolve() };
  const alone = { policies: [createInactiveChatsPolicy()], tryLock: () => Promise.resolve(lock), ...inBatchesOf(3) };
  const both = await Promise.all([tick(fixture, alone), tick(fixture, alone)]);
  const counts = both.map(({ of }) => of("inactive-chats"));
  expect(counts.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(counts.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(80);
  expect(await countOf(fixture, "audit_logs")).toBe(40);
});

it("a preview counts chats of inactive families alone, and a lag says for how long the oldest has been overdue", async () => {
  const policy = createInactiveChatsPolicy();
  const root = await insertChat(fixture, { lastActivityAt: daysBefore(91) });
  await insertChat(fixture, { rootId: root });
  const active = await insertChat(fixture, { lastActivityAt: daysBefore(91) });
  await insertMessages(fixture, active, { createdAt: NOW });
  await insertChat(fixture, { pinOrder: 1 });
  const at = { cutoff: CUTOFF, tickStart: NOW, signal: new AbortController().signal };
  expect(await policy.preview(fixture.store, at)).toMatchObject({
    count: 2,
    atLeast: false,
    bytes: null,
    oldest: daysBefore(91),
    sample: [{ id: root, clock: daysBefore(91) }],
  });
  expect(await policy.countExpired(fixture.store, at)).toBe(2);
  expect(await policy.lag?.(fixture.store, CUTOFF)).toMatchObject({ oldestOverdueMs: 86_400_000 });
});
