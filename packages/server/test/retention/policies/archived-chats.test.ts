import { beforeEach, describe, expect, it } from "vitest";

import { createArchivedChatsPolicy } from "../../../src/retention/policies/archived-chats.ts";
import { completeRun } from "../../debug-batches.ts";
import { storedRow } from "../../stored-rows.ts";
import { payloadRows, recordRun } from "../payload-fixture.ts";
import {
  createOtherPool,
  createPurgeFixture,
  daysBefore,
  iterations,
  sample,
  type PurgeFixture,
} from "../purge-fixture.ts";
import {
  countOf,
  inBatchesOf,
  insertChat,
  insertFile,
  insertMessages,
  linkFile,
  remaining,
  setWindow,
  tick,
} from "./life-cycle-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const chatsLeft = async (): Promise<Set<string>> => {
  const left = await remaining(fixture, "chats");
  left.delete(fixture.chatId);
  return left;
};

const OLD = daysBefore(31);

describe("the cutoff", () => {
  it("deletes a chat archived one millisecond before it and keeps one archived exactly at it", async () => {
    await insertChat(fixture, { archivedAt: daysBefore(30, -1) });
    const at = await insertChat(fixture, { archivedAt: daysBefore(30) });
    const after = await insertChat(fixture, { archivedAt: daysBefore(30, 1) });
    const { report, of } = await tick(fixture);
    expect(report.outcome).toBe("success");
    expect(of("archived-chats")).toMatchObject({ recordType: "chats", expired: 1, deleted: 1, left: 0, batches: 1 });
    expect(await chatsLeft()).toEqual(new Set([at, after]));
  });

  it("deletes a chat archived one microsecond before it, which a JavaScript Date cannot tell from it", async () => {
    await insertChat(fixture, { archivedAt: "2026-01-29 23:59:59.999999+00" });
    const at = await insertChat(fixture, { archivedAt: "2026-01-30 00:00:00.000000+00" });
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set([at]));
  });

  it("keeps everything where the window is 0", async () => {
    await setWindow(fixture, "retention-days", 0);
    const kept = await insertChat(fixture, { archivedAt: daysBefore(4_000) });
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ cutoff: null, expired: 0, deleted: 0, left: 0 });
    expect(await chatsLeft()).toEqual(new Set([kept]));
  });

  it("takes the longest window, 3650 days", async () => {
    await setWindow(fixture, "retention-days", 3650);
    await insertChat(fixture, { archivedAt: daysBefore(3650, -1) });
    const kept = await insertChat(fixture, { archivedAt: daysBefore(3650) });
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set([kept]));
  });

  it("never deletes a chat that is not archived, however old it and all that it holds is", async () => {
    const active = await insertChat(fixture, { lastActivityAt: daysBefore(4_900) });
    await insertMessages(fixture, active);
    const unarchived = await insertChat(fixture, { archivedAt: OLD });
    // An operator's own statement may forget the moment.
    await fixture.pool.query("UPDATE chats SET archived = false WHERE id = $1", [unarchived]);
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set([active, unarchived]));
    expect(await countOf(fixture, "chat_messages")).toBe(1);
  });

  it("starts now for a chat that somebody archived by SQL and gave no time, whatever else of it is old", async () => {
    const id = await insertChat(fixture);
    const child = await insertChat(fixture, { rootId: id });
    await fixture.pool.query("UPDATE chats SET archived = true WHERE id IN ($1, $2)", [id, child]);
    const before = await storedRow(fixture.pool, "chats", id);
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ expired: 0, deleted: 0, left: 0 });
    expect(await storedRow(fixture.pool, "chats", id)).toEqual({ ...before, archived_at: fixture.clock.now() });

    await fixture.clock.advance(30 * 86_400_000);
    await tick(fixture);
    expect(await chatsLeft(), "exactly one window later").toEqual(new Set([id, child]));
    await fixture.clock.advance(1);
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set());
  });

  it("starts also where the window is 0, and for more chats than one statement takes", async () => {
    await setWindow(fixture, "retention-days", 0);
    await fixture.pool.query(
      `INSERT INTO chats (owner_id, organization_id, archived)
       SELECT owner_id, organization_id, true FROM chats, generate_series(1, 1001) WHERE id = $1`,
      [fixture.chatId],
    );
    await tick(fixture);
    expect(await countOf(fixture, "chats", "archived AND archived_at IS NULL")).toBe(0);
  });

  it("is not moved by a write to an archived chat", async () => {
    const id = await insertChat(fixture, { archivedAt: OLD, lastActivityAt: daysBefore(0) });
    await insertMessages(fixture, id, { createdAt: daysBefore(0) });
    await fixture.pool.query("UPDATE chats SET updated_at = $2 WHERE id = $1", [id, daysBefore(0)]);
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set());
  });
});

describe("a family", () => {
  it("goes with its root, whatever its children are, and every chat of it is counted", async () => {
    const root = await insertChat(fixture, { archivedAt: OLD });
    await insertChat(fixture, { rootId: root, archivedAt: daysBefore(1) });
    await insertChat(fixture, { rootId: root, status: "running" });
    const { of, purger } = await tick(fixture);
    expect(of("archived-chats")).toMatchObject({ expired: 3, deleted: 3, left: 0 });
    expect(await chatsLeft()).toEqual(new Set());
    const purged = await sample(purger.registry, "shelflife_purge_records_purged_total", { record_type: "chats" });
    expect(purged).toBe(3);
    const { rows } = await fixture.pool.query("SELECT deleted FROM purge_ledger WHERE policy = 'archived-chats'");
    expect(rows).toEqual([{ deleted: 3 }]);
  });

  it("stays with its root, also where a child says that it was archived long ago", async () => {
    const root = await insertChat(fixture, { archivedAt: daysBefore(29) });
    const child = await insertChat(fixture, { rootId: root, archivedAt: daysBefore(400) });
    const active = await insertChat(fixture);
    const ofActive = await insertChat(fixture, { rootId: active, archivedAt: daysBefore(400) });
    await tick(fixture);
    expect(await chatsLeft()).toEqual(new Set([root, child, active, ofActive]));
  });

  it("goes whole whichever of its ids comes first", async () => {
    const [low, high] = ["00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-8fff-ffffffffffff"];
    await insertChat(fixture, { id: high, archivedAt: OLD });
    await insertChat(fixture, { id: low, rootId: high });
    await insertChat(fixture, { id: "00000000-0000-4000-8000-000000000002", archivedAt: OLD });
    await insertChat(fixture, {
      id: "ffffffff-ffff-4fff-8fff-fffffffffffe",
      rootId: "00000000-0000-4000-8000-000000000002",
    });
    await tick(fixture, inBatchesOf(1));
    expect(await chatsLeft()).toEqual(new Set());
  });
});

describe("what goes with a chat", () => {
  it("takes messages, queued messages, links, runs, steps and payloads along at once, and leaves its files", async () => {
    await setWindow(fixture, "debug-retention-days", 0);
    const chatId = await insertChat(fixture, { archivedAt: OLD });
    const ofChat = { ...fixture, chatId };
    for (const days of [0.5, 3, 400]) await recordRun(ofChat, { startedAt: daysBefore(days) });
    await fixture.pool.query(
      `WITH chosen AS (UPDATE chat_debug_runs SET payload_at = 'infinity' WHERE started_at < $1 RETURNING id)
       UPDATE chat_debug_payloads SET recorded_at = 'infinity' FROM chosen WHERE run_id = chosen.id`,
      [daysBefore(300)],
    );
    const kept = await recordRun(fixture, { startedAt: daysBefore(3) });
    await insertMessages(fixture, chatId, { count: 3 });
    await fixture.pool.query("INSERT INTO chat_queued_messages (chat_id, content) VALUES ($1, '[]')", [chatId]);
    const file = await insertFile(fixture, daysBefore(1));
    await linkFile(fixture, chatId, file);

    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ deleted: 1 });
    for (const table of ["chat_messages", "chat_queued_messages", "chat_file_links"]) {
      expect([table, await countOf(fixture, table)]).toEqual([table, 0]);
    }
    expect(await remaining(fixture, "chat_debug_runs")).toEqual(new Set([kept.id]));
    expect(await remaining(fixture, "chat_debug_steps")).toEqual(new Set([kept.stepId]));
    expect(await payloadRows(fixture)).toBe(1);
    expect(await remaining(fixture, "chat_files")).toEqual(new Set([file]));
    const { rows } = await fixture.pool.query<{ bytes: number }>(
      "SELECT bytes FROM purge_ledger WHERE policy = 'archived-chats'",
    );
    expect(rows[0]?.bytes).toBeGreaterThan(100);
  });

  it("takes the payloads of runs that had been purged before, whose partition is still there", async () => {
    const chatId = await insertChat(fixture, { archivedAt: OLD });
    await recordRun({ ...fixture, chatId }, { startedAt: daysBefore(2) });
    const kept = await recordRun(fixture, { startedAt: daysBefore(2) });
    await fixture.pool.query("DELETE FROM chat_debug_runs WHERE chat_id = $1", [chatId]);
    await tick(fixture);
    const { rows } = await fixture.pool.query("SELECT run_id FROM chat_debug_payloads");
    expect(rows).toEqual([{ run_id: kept.id }]);
  });

  it("leaves word, so that a late flush of a recorder brings nothing back", async () => {
    const chatId = await insertChat(fixture, { archivedAt: OLD });
    const child = await insertChat(fixture, { rootId: chatId });
    await tick(fixture);
    const { rows: owner } = await fixture.pool.query<{ owner_id: string }>("SELECT owner_id FROM chats");
    for (const id of [chatId, child]) {
      const { run } = completeRun({ chat_id: id });
      const times = { started_at: daysBefore(0).toISOString(), updated_at: daysBefore(0).toISOString() };
      const refused = await fixture.store.recordDebugBatch(
        { userId: owner[0]?.owner_id ?? "", scope: "full" },
        { chats: [], runs: [{ ...run, ...times }], steps: [] },
      );
      expect(refused).toMatchObject([{ kind: "run", code: "gone" }]);
    }
    expect(await chatsLeft()).toEqual(new Set());
  });

  it("writes no audit entry for it: the ledger is the proof", async () => {
    await insertChat(fixture, { archivedAt: OLD });
    await tick(fixture);
    expect(await countOf(fixture, "audit_logs")).toBe(0);
  });
});

describe("between select and delete", () => {
  const whileDeleting = (happens: () => Promise<unknown>) => ({
    ...fixture.store,
    async purgeChatFamilies(request: Parameters<typeof fixture.store.purgeChatFamilies>[0]) {
      await happens();
      return fixture.store.purgeChatFamilies(request);
    },
  });

  it("a chat that was unarchived stays with all that it holds", async () => {
    const saved = await insertChat(fixture, { archivedAt: OLD });
    const child = await insertChat(fixture, { rootId: saved, archivedAt: OLD });
    await recordRun({ ...fixture, chatId: child }, { startedAt: daysBefore(3) });
    await insertMessages(fixture, saved);
    await insertChat(fixture, { archivedAt: OLD });
    const store = whileDeleting(() =>
      fixture.pool.query("UPDATE chats SET archived = false, archived_at = NULL WHERE $1 IN (id, root_chat_id)", [
        saved,
      ]),
    );
    expect((await tick(fixture, { store })).of("archived-chats")).toMatchObject({ expired: 3, deleted: 1, left: 0 });
    expect(await chatsLeft()).toEqual(new Set([saved, child]));
    expect(await countOf(fixture, "chat_debug_runs")).toBe(1);
    expect(await payloadRows(fixture)).toBe(1);
    expect(await countOf(fixture, "chat_messages")).toBe(1);
  });

  it("a chat that was archived anew is kept from then on", async () => {
    const saved = await insertChat(fixture, { archivedAt: OLD });
    const store = whileDeleting(() =>
      fixture.pool.query("UPDATE chats SET archived_at = $2 WHERE id = $1", [saved, daysBefore(0)]),
    );
    await tick(fixture, { store });
    expect(await chatsLeft()).toEqual(new Set([saved]));
  });

  it.each(["root", "child"])("a family whose %s somebody is writing to stays, and holds up no other", async (which) => {
    const root = await insertChat(fixture, { archivedAt: OLD });
    const child = await insertChat(fixture, { rootId: root });
    await insertChat(fixture, { archivedAt: daysBefore(31, 1) });
    const other = createOtherPool(fixture.url);
    const writer = await other.connect();
    try {
      await writer.query("BEGIN");
      await writer.query("SELECT FROM chats WHERE id = $1 FOR NO KEY UPDATE", [which === "root" ? root : child]);
      expect((await tick(fixture)).of("archived-chats")).toMatchObject({ expired: 3, deleted: 1, left: 2 });
      await writer.query("COMMIT");
      expect(await chatsLeft()).toEqual(new Set([root, child]));
      await tick(fixture);
      expect(await chatsLeft()).toEqual(new Set());
    } finally {
      writer.release();
      await other.end();
    }
  });
});

describe("a drain", () => {
  it("deletes 450 chats in one tick, batch after batch", async () => {
    await fixture.pool.query(
      `INSERT INTO chats (owner_id, organization_id, archived, archived_at)
       SELECT owner_id, organization_id, true, $2::timestamptz - make_interval(secs => n % 7)
       FROM chats, generate_series(1, 450) AS n WHERE id = $1`,
      [fixture.chatId, OLD],
    );
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({
      expired: 450,
      deleted: 450,
      left: 0,
      batches: 3,
    });
    expect(await chatsLeft()).toEqual(new Set());
  });

  it("puts no more into one transaction than a thousand rows, whatever they belong to", async () => {
    for (let chat = 0; chat < 6; chat += 1) {
      await insertMessages(fixture, await insertChat(fixture, { archivedAt: daysBefore(31, chat) }), { count: 400 });
    }
    // Two chats of 401 rows fit into a batch.
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ deleted: 6, batches: 3 });
  });

  it("stops within one batch when the window becomes 0", async () => {
    for (let chat = 0; chat < 6; chat += 1) await insertChat(fixture, { archivedAt: daysBefore(31, chat) });
    let batches = 0;
    const store = {
      ...fixture.store,
      async purgeChatFamilies(request: Parameters<typeof fixture.store.purgeChatFamilies>[0]) {
        batches += 1;
        if (batches === 2) await setWindow(fixture, "retention-days", 0);
        return fixture.store.purgeChatFamilies(request);
      },
    };
    const { report, of } = await tick(fixture, { store, ...inBatchesOf(2) });
    expect(report.outcome).toBe("success");
    expect(of("archived-chats")).toMatchObject({ deleted: 4, left: 2, batches: 2 });
  });

  it("goes by the new cutoff from the next batch on when the window becomes longer", async () => {
    for (const days of [70, 69, 40, 39]) await insertChat(fixture, { archivedAt: daysBefore(days) });
    const store = {
      ...fixture.store,
      async purgeChatFamilies(request: Parameters<typeof fixture.store.purgeChatFamilies>[0]) {
        await setWindow(fixture, "retention-days", 60);
        return fixture.store.purgeChatFamilies(request);
      },
    };
    await tick(fixture, { store, ...inBatchesOf(1) });
    expect((await chatsLeft()).size).toBe(2);
  });

  it("deletes nothing where the setting cannot be read, and names this policy", async () => {
    await setWindow(fixture, "retention-days", "thirty");
    const kept = await insertChat(fixture, { archivedAt: OLD });
    const { report, of, purger } = await tick(fixture);
    expect(report.outcome).toBe("failure");
    expect(of("archived-chats")).toMatchObject({ deleted: 0, error: { code: "setting_unreadable" } });
    expect(await chatsLeft()).toEqual(new Set([kept]));
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
  });
});

it("deletes each chat once where two purgers work at the same time, as after a lost lock", async () => {
  for (let chat = 0; chat < 40; chat += 1) {
    const root = await insertChat(fixture, { archivedAt: daysBefore(31, chat) });
    await insertChat(fixture, { rootId: root });
    await recordRun({ ...fixture, chatId: root }, { startedAt: daysBefore(3) });
  }
  const lock = { isHeld: () => Promise.resolve(true), release: () => Promise.resolve() };
  const alone = { policies: [createArchivedChatsPolicy()], tryLock: () => Promise.resolve(lock) };
  const purge = () => tick(fixture, { ...alone, ...inBatchesOf(3) });
  const [first, second] = await Promise.all([purge(), purge()]);
  const counts = [first, second].map(({ of }) => of("archived-chats"));
  expect(counts.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(counts.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(80);
  expect(await chatsLeft()).toEqual(new Set());
  expect(await payloadRows(fixture)).toBe(0);
});

describe("what is asked of the policy besides", () => {
  const policy = createArchivedChatsPolicy();
  const { signal } = new AbortController();

  it("a preview counts chats by the same predicate, and names the ten oldest roots by id and time alone", async () => {
    const roots: string[] = [];
    for (let chat = 0; chat < 11; chat += 1) {
      roots.push(await insertChat(fixture, { archivedAt: daysBefore(31, chat), title: "Private" }));
    }
    await insertChat(fixture, { rootId: roots[0] ?? "" });
    await insertMessages(fixture, roots[3] ?? "", { count: 10 });
    await insertChat(fixture, { archivedAt: daysBefore(30) });
    const preview = await policy.preview(fixture.store, { cutoff: daysBefore(30), tickStart: daysBefore(0), signal });
    expect(preview).toMatchObject({ count: 12, atLeast: false, oldest: daysBefore(31), newest: daysBefore(31, 10) });
    expect(preview.bytes).toBeGreaterThan(100);
    expect(preview.sample).toEqual(roots.slice(0, 10).map((id, chat) => ({ id, clock: daysBefore(31, chat) })));
    const none = await policy.preview(fixture.store, { cutoff: null, tickStart: daysBefore(0), signal });
    expect(none).toMatchObject({ count: 0, sample: [] });
  });

  it("a lag says for how long the oldest has been overdue", async () => {
    await insertChat(fixture, { archivedAt: daysBefore(30, -90_000) });
    await insertChat(fixture, { archivedAt: daysBefore(30) });
    expect(await policy.lag?.(fixture.store, daysBefore(30))).toMatchObject({ oldestOverdueMs: 90_000 });
    expect(await policy.lag?.(fixture.store, daysBefore(40))).toEqual({ oldestOverdueMs: 0, backlog: 0 });
  });

  it("a dry run counts what a tick would delete, a deletion that was interrupted included", async () => {
    await insertChat(fixture, { archivedAt: OLD });
    await insertChat(fixture, { purgingAt: daysBefore(1) });
    const at = { tickStart: daysBefore(0), signal };
    expect(await policy.countExpired(fixture.store, { cutoff: daysBefore(30), ...at })).toBe(2);
    expect(await policy.countExpired(fixture.store, { cutoff: null, ...at })).toBe(1);
  });
});
