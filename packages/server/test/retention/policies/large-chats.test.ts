import { beforeEach, describe, expect, it } from "vitest";

import { CodedError } from "../../../src/coded-error.ts";
import { deleteChat } from "../../../src/retention/delete-chat.ts";
import type { Store } from "../../../src/store/store.ts";
import { readBody, recordRun } from "../payload-fixture.ts";
import { createPurgeFixture, daysBefore, iterations, type PurgeFixture } from "../purge-fixture.ts";
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

const OLD = daysBefore(31);

const chatsLeft = async (): Promise<Set<string>> => {
  const left = await remaining(fixture, "chats");
  left.delete(fixture.chatId);
  return left;
};

/** A chat that does not fit into one transaction: so many runs of a step with a payload, and so many messages. */
async function insertLargeChat({
  runs = 600,
  messages = 700,
  ...chat
}: { runs?: number; messages?: number; id?: string } = {}): Promise<string> {
  const chatId = await insertChat(fixture, { ...chat, archivedAt: OLD });
  await fixture.store.preparePayloadPartitions(daysBefore(2));
  await fixture.pool.query(
    `WITH run AS (
       INSERT INTO chat_debug_runs (chat_id, started_at, updated_at)
       SELECT $1, $2::timestamptz + make_interval(secs => n), $2 FROM generate_series(1, $3) AS n
       RETURNING id, chat_id, started_at
     ), step AS (
       INSERT INTO chat_debug_steps (run_id, chat_id, step_number) SELECT id, chat_id, 1 FROM run RETURNING id, run_id
     )
     INSERT INTO chat_debug_payloads (chat_id, run_id, step_id, recorded_at, request)
     SELECT run.chat_id, run.id, step.id, run.started_at, '\\x007b7d' FROM step JOIN run ON run.id = step.run_id`,
    [chatId, daysBefore(2), runs],
  );
  await insertMessages(fixture, chatId, { count: messages });
  await linkFile(fixture, chatId, await insertFile(fixture, daysBefore(1)));
  return chatId;
}

const contentLeft = async (): Promise<number[]> =>
  Promise.all(
    ["chat_debug_runs", "chat_debug_steps", "chat_debug_payloads", "chat_messages", "chat_file_links"].map((table) =>
      countOf(fixture, table),
    ),
  );

/** The fixture's store, which dies, as a killed purger's does, at the batch of this number; what it did before stays. */
function dyingAt(batch: number): Store {
  let batches = 0;
  const orDie = <Input, Output>(method: (input: Input) => Promise<Output>) => {
    return (input: Input): Promise<Output> => {
      batches += 1;
      if (batches >= batch) throw new CodedError("08006", "The process has died.");
      return method(input);
    };
  };
  const { deleteChatRunBatch, deleteChatContentBatch, deleteDeadPayloadBatch, dropDeletedChat } = fixture.store;
  return {
    ...fixture.store,
    deleteChatRunBatch: orDie(deleteChatRunBatch),
    deleteChatContentBatch: orDie(deleteChatContentBatch),
    deleteDeadPayloadBatch: orDie(deleteDeadPayloadBatch),
    dropDeletedChat: orDie(dropDeletedChat),
  };
}

describe("a chat that is too large for one transaction", () => {
  it("is marked, emptied in bounded batches and dropped in the same tick", async () => {
    const large = await insertLargeChat();
    const child = await insertChat(fixture, { rootId: large });
    await insertChat(fixture, { archivedAt: OLD });
    const batches: number[] = [];
    const counting: Store = {
      ...fixture.store,
      async deleteChatRunBatch(batch) {
        const deleted = await fixture.store.deleteChatRunBatch(batch);
        batches.push(deleted);
        return deleted;
      },
    };
    const { report, of } = await tick(fixture, { store: counting, ...inBatchesOf(250) });
    expect(report.outcome).toBe("success");
    expect(of("archived-chats")).toMatchObject({ expired: 3, deleted: 3, left: 0 });
    expect(await chatsLeft()).toEqual(new Set());
    expect(await contentLeft()).toEqual([0, 0, 0, 0, 0]);
    expect(batches.reduce((sum, runs) => sum + runs, 0)).toBe(600);
    expect(Math.max(...batches)).toBeLessThanOrEqual(250);
    expect(child).toBeDefined();
    const { rows } = await fixture.pool.query(
      "SELECT deleted, outcome FROM purge_ledger WHERE policy = 'archived-chats'",
    );
    expect(rows).toEqual([{ deleted: 3, outcome: "success" }]);
  });

  it("reads as gone from the moment it is marked, and takes nothing more", async () => {
    const large = await insertLargeChat();
    const ofLarge = { ...fixture, chatId: large };
    const run = await recordRun(ofLarge, { startedAt: daysBefore(1) });
    expect(await readBody(ofLarge, run)).toBe(run.body);
    const { report } = await tick(fixture, { store: dyingAt(2) });
    expect(report.outcome).toBe("failure");
    expect(await chatsLeft()).toEqual(new Set([large]));
    expect(await readBody(ofLarge, run)).toBeUndefined();
    await expect(recordRun(ofLarge, { startedAt: daysBefore(1) })).rejects.toThrow(/deleted/);
  });

  it.each([2, 4, 6, 8])(
    "is finished by the next tick after a purger died at batch %i, also where the window is 0",
    async (batch) => {
      await insertLargeChat();
      const died = await tick(fixture, { store: dyingAt(batch), ...inBatchesOf(200) });
      expect(died.of("archived-chats")).toMatchObject({ deleted: 0, error: { code: "08006" } });
      expect((await chatsLeft()).size).toBe(1);
      await setWindow(fixture, "retention-days", 0);
      const { report, of } = await tick(fixture, inBatchesOf(200));
      expect(report.outcome).toBe("success");
      expect(of("archived-chats")).toMatchObject({ cutoff: null, expired: 1, deleted: 1, left: 0 });
      expect(await chatsLeft()).toEqual(new Set());
      expect(await contentLeft()).toEqual([0, 0, 0, 0, 0]);
    },
  );

  it("goes after its children, so that a command which was killed can be given the root again", async () => {
    // By its id alone it would come first.
    const root = await insertLargeChat({ id: "00000000-0000-4000-8000-000000000001" });
    const child = await insertChat(fixture, { rootId: root });
    const dropped: string[] = [];
    const watching: Store = {
      ...fixture.store,
      dropDeletedChat(chat) {
        dropped.push(chat.chatId);
        return fixture.store.dropDeletedChat(chat);
      },
    };
    await tick(fixture, { store: watching });
    expect(dropped).toEqual([child, root]);
  });

  it("goes on in the next tick where the time budget ends the first", async () => {
    await insertLargeChat();
    const slow: Store = {
      ...fixture.store,
      async deleteChatRunBatch(batch) {
        await fixture.clock.advance(100_000);
        return fixture.store.deleteChatRunBatch(batch);
      },
    };
    const first = await tick(fixture, { store: slow, ...inBatchesOf(100) });
    expect(first.of("archived-chats")).toMatchObject({ deleted: 0, left: 1, budgetEnded: true });
    expect(await countOf(fixture, "chat_debug_runs")).toBeLessThan(600);
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ deleted: 1, left: 0, budgetEnded: false });
  });
});

it("finishes what a killed command left, an active chat too, and audits it no second time", async () => {
  const root = await insertChat(fixture);
  const child = await insertChat(fixture, { rootId: root });
  await recordRun({ ...fixture, chatId: child }, { startedAt: daysBefore(2) });
  const origin = { userId: null, subsystem: "cli" };
  const deletion = deleteChat(dyingAt(1), root, { origin, signal: new AbortController().signal });
  await expect(deletion).rejects.toThrow("died");
  expect(await chatsLeft()).toEqual(new Set([root, child]));
  expect((await tick(fixture)).of("archived-chats")).toMatchObject({ expired: 2, deleted: 2, left: 0 });
  expect(await chatsLeft()).toEqual(new Set());
  expect(await countOf(fixture, "chat_debug_payloads")).toBe(0);
  expect(await countOf(fixture, "audit_logs")).toBe(1);
});

describe("of a chat that is not marked", () => {
  it("nothing is emptied or dropped, so that the purge cannot delete a chat that lives", async () => {
    const live = await insertChat(fixture);
    const run = await recordRun({ ...fixture, chatId: live }, { startedAt: daysBefore(2) });
    await insertMessages(fixture, live);
    const { signal } = new AbortController();
    const partitions = (await fixture.store.listPayloadPartitions()).map(({ name }) => name);
    expect(await fixture.store.deleteChatRunBatch({ chatId: live, limit: 10, signal })).toBe(0);
    expect(await fixture.store.deleteChatContentBatch({ chatId: live, limit: 10, signal })).toBe(0);
    expect(await fixture.store.deleteDeadPayloadBatch({ chatIds: [live], partitions, limit: 10, signal })).toBe(0);
    expect(await fixture.store.dropDeletedChat({ chatId: live })).toBe(false);
    expect(await readBody({ ...fixture, chatId: live }, run)).toBe(run.body);
    expect(await countOf(fixture, "chat_messages")).toBe(1);
  });

  it("and of a partition that was dropped meanwhile, nothing is asked further", async () => {
    const chatId = await insertChat(fixture);
    await recordRun({ ...fixture, chatId }, { startedAt: daysBefore(2) });
    await fixture.pool.query("DELETE FROM chat_debug_runs");
    const partitions = [
      "chat_debug_payloads_gone",
      ...(await fixture.store.listPayloadPartitions()).map((p) => p.name),
    ];
    const { signal } = new AbortController();
    expect(await fixture.store.deleteDeadPayloadBatch({ chatIds: [chatId], partitions, limit: 10, signal })).toBe(1);
  });
});

describe("a chat that cannot be deleted", () => {
  /** An operator's own table that points at chats, as they exist in the field. */
  async function pin(chatIds: readonly string[]): Promise<void> {
    await fixture.pool.query("CREATE TABLE legal_cases (chat_id uuid REFERENCES chats (id))");
    await fixture.pool.query("INSERT INTO legal_cases SELECT unnest($1::uuid[])", [chatIds]);
  }

  it("is halved down to, named and stepped over with all that it holds, while every other one goes", async () => {
    const ids: string[] = [];
    for (let chat = 0; chat < 20; chat += 1) ids.push(await insertChat(fixture, { archivedAt: daysBefore(31, chat) }));
    const pinned = [ids[4] ?? "", ids[13] ?? ""];
    await insertMessages(fixture, pinned[0] ?? "", { count: 2 });
    await pin(pinned);
    const { report, of, purger } = await tick(fixture, inBatchesOf(8));
    expect(report.outcome).toBe("failure");
    expect(of("archived-chats")).toMatchObject({
      expired: 20,
      deleted: 18,
      left: 2,
      error: { code: "records_not_deletable" },
    });
    expect(await chatsLeft()).toEqual(new Set(pinned));
    expect(await countOf(fixture, "chat_messages")).toBe(2);
    const named = purger.records.flatMap((record) => record["record_id"] ?? []);
    expect(named).toEqual(pinned);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
  });

  it("is named once in a tick where it is large, and keeps no other marked one from going", async () => {
    const large = await insertLargeChat({ runs: 20, messages: 1_100 });
    await pin([large]);
    const first = await tick(fixture, inBatchesOf(100));
    expect(first.of("archived-chats")).toMatchObject({ deleted: 0, left: 1, error: { code: "records_not_deletable" } });
    await insertChat(fixture, { purgingAt: daysBefore(0) });
    const second = await tick(fixture, inBatchesOf(100));
    expect(second.of("archived-chats")).toMatchObject({ expired: 2, deleted: 1, left: 1 });
    expect(second.purger.records.filter((record) => record["record_id"] === large)).toHaveLength(1);
    await fixture.pool.query("DROP TABLE legal_cases");
    expect((await tick(fixture)).of("archived-chats")).toMatchObject({ deleted: 1, left: 0 });
    expect(await chatsLeft()).toEqual(new Set());
  });
});
