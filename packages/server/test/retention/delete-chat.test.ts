import { randomUUID } from "node:crypto";

import { beforeEach, describe, expect, it } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { deleteChat } from "../../src/retention/delete-chat.ts";
import type { Store } from "../../src/store/store.ts";
import { payloadRows, readBody, recordRun } from "./payload-fixture.ts";
import { createPurgeFixture, daysBefore, type PurgeFixture } from "./purge-fixture.ts";

let fixture: PurgeFixture;
let store: Store;

beforeEach(async () => {
  fixture = await createPurgeFixture();
  store = authorizedStore(fixture.store, { kind: "operator" });
});

const ORIGIN = { userId: null, subsystem: "test" };
const quiet = (): AbortSignal => new AbortController().signal;

async function count(table: string): Promise<number> {
  return (await fixture.pool.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`)).rows[0]?.rows ?? -1;
}

describe("deleting a chat", () => {
  it("takes runs, steps and payloads along at once, of today and of long ago, kept ones included", async () => {
    for (const days of [0.5, 3, 400]) await recordRun(fixture, { startedAt: daysBefore(days) });
    await fixture.pool.query(
      `WITH chosen AS (UPDATE chat_debug_runs SET payload_at = 'infinity' WHERE started_at < $1 RETURNING id)
       UPDATE chat_debug_payloads SET recorded_at = 'infinity' FROM chosen WHERE run_id = chosen.id`,
      [daysBefore(300)],
    );
    expect(await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() })).toBe(1);
    for (const table of ["chats", "chat_debug_runs", "chat_debug_steps", "chat_debug_payloads"])
      expect(await count(table)).toBe(0);
  });

  it("takes the payloads of runs that had been purged before, whose partition is still there", async () => {
    await recordRun(fixture, { startedAt: daysBefore(2) });
    await fixture.pool.query("DELETE FROM chat_debug_runs");
    expect(await payloadRows(fixture)).toBe(1);
    await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() });
    expect(await payloadRows(fixture)).toBe(0);
  });

  it("leaves every other chat alone", async () => {
    const otherId = randomUUID();
    await fixture.pool.query(
      "INSERT INTO chats (id, owner_id, organization_id) SELECT $1, owner_id, organization_id FROM chats",
      [otherId],
    );
    await recordRun(fixture, { startedAt: daysBefore(2) });
    const other = { ...fixture, chatId: otherId };
    const kept = await recordRun(other, { startedAt: daysBefore(2) });
    await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() });
    expect(await readBody(other, kept)).toBe(kept.body);
    expect(await count("chats")).toBe(1);
  });

  it("takes the children of a root along, and a child alone where it is named itself", async () => {
    const children = [randomUUID(), randomUUID()];
    for (const id of children) {
      await fixture.pool.query(
        "INSERT INTO chats (id, owner_id, organization_id, parent_chat_id, root_chat_id) SELECT $1, owner_id, organization_id, id, id FROM chats WHERE id = $2",
        [id, fixture.chatId],
      );
      await recordRun({ ...fixture, chatId: id }, { startedAt: daysBefore(2) });
    }
    expect(await deleteChat(store, children[0] ?? "", { origin: ORIGIN, signal: quiet() })).toBe(1);
    expect(await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() })).toBe(2);
    expect(await count("chats")).toBe(0);
    expect(await payloadRows(fixture)).toBe(0);
  });

  it("reads as gone from its first moment, refuses what is recorded late, and is audited once", async () => {
    const run = await recordRun(fixture, { startedAt: daysBefore(2) });
    await store.markChatDeleted(fixture.chatId, ORIGIN);
    expect(await readBody(fixture, run)).toBeUndefined();
    await expect(recordRun(fixture, { startedAt: daysBefore(1) })).rejects.toThrow(/deleted/);
    await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() });
    const { rows } = await fixture.pool.query("SELECT resource_type, resource_id, action FROM audit_logs");
    expect(rows).toEqual([{ resource_type: "chat", resource_id: fixture.chatId, action: "delete" }]);
    expect((await fixture.pool.query("SELECT kind, id FROM tombstones")).rows).toEqual([
      { kind: "chat", id: fixture.chatId },
    ]);
  });

  it("takes tombstones away that are older than seven days, and keeps one of exactly seven", async () => {
    const [old, young] = [randomUUID(), randomUUID()];
    await fixture.pool.query(
      "INSERT INTO tombstones (kind, id, created_at) VALUES ('chat', $1, $2), ('chat', $3, $4)",
      [old, daysBefore(7, -1), young, daysBefore(7)],
    );
    await store.markChatDeleted(fixture.chatId, ORIGIN);
    const { rows } = await fixture.pool.query<{ id: string }>("SELECT id FROM tombstones");
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([young, fixture.chatId]));
  });

  it("goes on where an interrupted call stopped", async () => {
    for (let index = 0; index < 3; index += 1) await recordRun(fixture, { startedAt: daysBefore(index) });
    const dying: Store = { ...store, dropDeletedChat: () => Promise.reject(new Error("the process has died")) };
    await expect(deleteChat(dying, fixture.chatId, { origin: ORIGIN, signal: quiet() })).rejects.toThrow("died");
    expect(await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() })).toBe(1);
    expect(await deleteChat(store, fixture.chatId, { origin: ORIGIN, signal: quiet() }), "a second time").toBe(0);
  });

  it("deletes a chat of 100,000 runs in batches, none of which deletes more than 500", async () => {
    await fixture.store.preparePayloadPartitions(daysBefore(2));
    await fixture.pool.query(
      `INSERT INTO chat_debug_runs (id, chat_id, started_at, updated_at)
       SELECT gen_random_uuid(), $1, $2::timestamptz + make_interval(secs => n), $2 FROM generate_series(1, 100000) AS n`,
      [fixture.chatId, daysBefore(2)],
    );
    await fixture.pool.query(
      `INSERT INTO chat_debug_payloads (chat_id, run_id, step_id, recorded_at, request)
       SELECT chat_id, id, gen_random_uuid(), started_at, '\\x007b7d' FROM chat_debug_runs`,
    );
    await fixture.pool.query("ANALYZE chat_debug_runs, chat_debug_payloads");
    const batches: number[] = [];
    await deleteChat(store, fixture.chatId, {
      origin: ORIGIN,
      signal: quiet(),
      onProgress: (runs) => batches.push(runs),
    });
    expect(batches.reduce((sum, runs) => sum + runs, 0)).toBe(100_000);
    expect(Math.max(...batches)).toBe(500);
    expect(await payloadRows(fixture)).toBe(0);
  });
});
