import { randomUUID } from "node:crypto";

import type { DebugBatch, DebugBatchResult } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { chatItem, completeRun, runItem, stepItem } from "../debug-batches.ts";
import { countRows, storedRow } from "../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let alice: TestUser;
let bob: TestUser;
/** A service that records for many people. */
let service: TestUser;

beforeEach(async () => {
  app = await createTestApp();
  alice = await app.createUser({ email: "alice@example.com" });
  bob = await app.createUser({ email: "bob@example.com" });
  service = await app.createUser({ scope: "ingest", email: "service@example.com" });
});

function send(user: TestUser, batch: DebugBatch): Promise<DebugBatchResult> {
  return app.client(user.key).recordDebugBatch(batch);
}

async function ownerOf(chatId: string): Promise<unknown> {
  return (await storedRow(app.pool, "chats", chatId))?.["owner_id"];
}

function refusals({ rejected }: DebugBatchResult): string[] {
  return rejected.map(({ kind, code }) => `${kind} ${code}`);
}

describe("a chat that nobody has yet", () => {
  test("is created for whoever records into it", async () => {
    const { run, batch } = completeRun();
    await send(alice, batch);
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({
      owner_id: alice.id,
      recorder_id: null,
      title: "New Chat",
      parent_chat_id: null,
      root_chat_id: null,
    });
  });

  test("is created once by two batches at once, and both are stored", async () => {
    const chat_id = randomUUID();
    const runs = Array.from({ length: 8 }, () => completeRun({ chat_id }));
    const results = await Promise.all(
      runs.map(({ batch }) => send(alice, { chats: [chatItem({ id: chat_id })], ...batch })),
    );
    for (const result of results) expect(result).toEqual({ accepted: 3, rejected: [] });
    expect(await countRows(app.pool)).toEqual({ chats: 1, runs: 8, steps: 8, payloads: 8 });
  });

  test("is one person's alone where two people record into it at once", async () => {
    const chat_id = randomUUID();
    const results = await Promise.all([
      send(alice, completeRun({ chat_id }).batch),
      send(bob, completeRun({ chat_id }).batch),
    ]);
    expect(new Set(results.map(({ accepted }) => accepted))).toEqual(new Set([0, 2]));
    expect(results.flatMap(refusals)).toEqual(["run not_owner", "step not_owner"]);
  });
});

describe("a chat of another person", () => {
  test("takes nothing and changes nothing, by any kind of item", async () => {
    const { run, step, batch } = completeRun();
    await send(alice, { chats: [chatItem({ id: run.chat_id, title: "Alice's" })], ...batch });
    const before = await countRows(app.pool);
    for (const stranger of [bob, service]) {
      const result = await send(stranger, {
        chats: [chatItem({ id: run.chat_id, title: "Taken over" })],
        runs: [run, runItem({ chat_id: run.chat_id })],
        steps: [step, stepItem(run)],
      });
      expect(result.accepted).toBe(0);
      expect(new Set(result.rejected.map(({ code }) => code))).toEqual(new Set(["not_owner"]));
      const withoutChatItem = await send(stranger, { steps: [stepItem(run)] });
      expect(refusals(withoutChatItem)).toEqual(["step not_owner"]);
    }
    expect(await countRows(app.pool)).toEqual(before);
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ title: "Alice's" });
  });

  test("does not give its runs away to a chat of the caller", async () => {
    const { run, step } = completeRun();
    await send(alice, { runs: [run], steps: [step] });
    const moved = { ...run, chat_id: randomUUID() };
    const result = await send(bob, { runs: [moved], steps: [{ ...step, chat_id: moved.chat_id }] });
    expect(refusals(result)).toEqual(["run not_owner", "step not_owner"]);
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({ chat_id: run.chat_id });
  });

  test("does not give its runs away to a step of a run of the caller's", async () => {
    const { run, step } = completeRun();
    await send(alice, { runs: [run], steps: [step] });
    const mine = runItem();
    const result = await send(bob, { runs: [mine], steps: [{ ...step, run_id: mine.id, chat_id: mine.chat_id }] });
    expect(refusals(result)).toEqual(["step not_owner"]);
  });
});

describe("a key that may only record", () => {
  test.each([
    ["e-mail address", () => "alice@example.com"],
    ["e-mail address in capitals", () => "ALICE@Example.COM"],
    ["id", () => alice.id],
    ["id in capitals", () => alice.id.toUpperCase()],
  ])("records for the person that it names by %s, and that person alone may read it", async (_name, owner) => {
    const { run, batch } = completeRun();
    const chats = [chatItem({ id: run.chat_id, owner: owner() })];
    expect(await send(service, { chats, ...batch })).toEqual({ accepted: 3, rejected: [] });
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({
      owner_id: alice.id,
      recorder_id: service.id,
    });

    expect(await app.client(alice.key).getDebugRun(run.chat_id, run.id)).toMatchObject({ id: run.id });
    const itsOwnFullKey = await app.createKey(service.id, "full");
    const admin = await app.createUser({ role: "owner" });
    for (const key of [bob.key, itsOwnFullKey, admin.key]) {
      await expect(app.client(key).getDebugRun(run.chat_id, run.id)).rejects.toMatchObject({ status: 404 });
    }
  });

  test("goes on recording into the chat that it created, without naming the owner again", async () => {
    const { run, batch } = completeRun();
    await send(service, { chats: [chatItem({ id: run.chat_id, owner: alice.email })] });
    expect(await send(service, batch)).toEqual({ accepted: 2, rejected: [] });
    expect(await send(service, { chats: [chatItem({ id: run.chat_id, title: "Later" })] })).toMatchObject({
      accepted: 1,
    });
    expect(await ownerOf(run.chat_id)).toBe(alice.id);
  });

  test("and the owner's own key both record into it", async () => {
    const chat = chatItem({ owner: alice.email });
    await send(service, { chats: [chat] });
    expect(await send(alice, completeRun({ chat_id: chat.id }).batch)).toMatchObject({ accepted: 2 });
  });

  test("cannot record into the chat that another service created, nor can that service's full key", async () => {
    const other = await app.createUser({ scope: "ingest" });
    const chat = chatItem({ owner: alice.email });
    await send(service, { chats: [chat] });
    const itsOwnFullKey = await app.createKey(service.id, "full");
    for (const key of [other.key, itsOwnFullKey]) {
      const result = await app.client(key).recordDebugBatch(completeRun({ chat_id: chat.id }).batch);
      expect(refusals(result)).toEqual(["run not_owner", "step not_owner"]);
    }
    const claimed = await send(other, { chats: [chat] });
    expect(refusals(claimed)).toEqual(["chat not_owner"]);
  });

  test("cannot record into a chat that its owner began, though it names that owner", async () => {
    const { run, batch } = completeRun();
    await send(alice, batch);
    const result = await send(service, { chats: [chatItem({ id: run.chat_id, owner: alice.email })], ...batch });
    expect(refusals(result)).toEqual(["chat not_owner", "run not_owner", "step not_owner"]);
  });

  test("cannot hand a chat over from one person to another", async () => {
    const { run, batch } = completeRun();
    await send(service, { chats: [chatItem({ id: run.chat_id, owner: alice.email })], ...batch });
    const result = await send(service, { chats: [chatItem({ id: run.chat_id, owner: bob.email })], ...batch });
    expect(refusals(result)).toEqual(["chat not_owner", "run not_owner", "step not_owner"]);
    expect(await ownerOf(run.chat_id)).toBe(alice.id);
  });

  test("records for itself where it names nobody", async () => {
    const { run, batch } = completeRun();
    await send(service, batch);
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ owner_id: service.id, recorder_id: null });
  });
});

test("a full key that names another owner is not_owner, and naming oneself is allowed", async () => {
  const { run, batch } = completeRun();
  const stolen = await send(alice, { chats: [chatItem({ id: run.chat_id, owner: bob.email })], ...batch });
  expect(refusals(stolen)).toEqual(["chat not_owner", "run not_owner", "step not_owner"]);
  const own = await send(alice, { chats: [chatItem({ id: run.chat_id, owner: alice.id })], ...batch });
  expect(own).toEqual({ accepted: 3, rejected: [] });
});

describe("a chat item that was refused takes along what the batch puts into its chat", () => {
  const cases: [string, (id: string) => NonNullable<DebugBatch["chats"]>, string][] = [
    ["because nobody is called so", (id) => [chatItem({ id, owner: "nobody@example.com" })], "invalid"],
    ["because of its title", (id) => [chatItem({ id, owner: alice.email, title: "" })], "invalid"],
    [
      "because of one of two items, the other of which says nothing of the owner",
      (id) => [chatItem({ id, title: "Fine" }), chatItem({ id, owner: alice.email, title: "" })],
      "invalid",
    ],
    [
      "because two items name two owners",
      (id) => [chatItem({ id, owner: alice.email }), chatItem({ id, owner: bob.email })],
      "invalid",
    ],
    ["because of its parent", (id) => [chatItem({ id, owner: alice.email, parent_chat_id: randomUUID() })], "invalid"],
  ];

  test.each(cases)("%s: its runs are never recorded for somebody else", async (_name, chats, code) => {
    const { run, batch } = completeRun();
    const neighbour = completeRun();
    const sent = chats(run.chat_id);
    const result = await send(service, {
      chats: sent,
      runs: [run, neighbour.run],
      steps: [...(batch.steps ?? []), neighbour.step],
    });
    expect(result.accepted).toBe(2);
    expect(refusals(result).toSorted()).toEqual([...sent.map(() => `chat ${code}`), `run ${code}`, `step ${code}`]);
    expect(await ownerOf(run.chat_id)).toBeUndefined();
  });

  test("because the database refuses it: its runs are never recorded for somebody else", async () => {
    await app.pool.query("ALTER TABLE chats ADD CONSTRAINT no_cursed_title CHECK (title <> 'cursed')");
    const { run, batch } = completeRun();
    const chats = [chatItem({ id: run.chat_id, owner: alice.email, title: "cursed" })];
    expect(refusals(await send(service, { chats, ...batch }))).toEqual(["chat invalid", "run invalid", "step invalid"]);
    expect(await countRows(app.pool)).toEqual({ chats: 0, runs: 0, steps: 0, payloads: 0 });
  });

  test("because of its owner, also where the database refuses something else of the batch", async () => {
    await app.pool.query("ALTER TABLE chat_debug_runs ADD CONSTRAINT no_cursed_model CHECK (model <> 'cursed')");
    const { run, batch } = completeRun();
    const cursed = completeRun({ model: "cursed" });
    const chats = [chatItem({ id: run.chat_id, owner: "nobody@example.com" })];
    await send(service, { chats, runs: [run, cursed.run], steps: batch.steps ?? [] });
    expect(await ownerOf(run.chat_id)).toBeUndefined();
  });
});

describe("a family", () => {
  test("that arrives in one batch is created whole, in whatever order", async () => {
    const root = chatItem({ owner: alice.email });
    const child = chatItem({ parent_chat_id: root.id });
    const { run, batch } = completeRun({ chat_id: child.id });
    expect(await send(service, { chats: [child, root], ...batch })).toEqual({ accepted: 4, rejected: [] });
    const family = { parent_chat_id: root.id, root_chat_id: root.id };
    expect(await storedRow(app.pool, "chats", child.id)).toMatchObject({ ...family, owner_id: alice.id });
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject(family);
  });

  test("has one owner: a child takes its parent's, also in a later batch", async () => {
    const root = chatItem({ owner: alice.email });
    await send(service, { chats: [root] });
    const child = chatItem({ parent_chat_id: root.id });
    expect(await send(service, { chats: [child] })).toEqual({ accepted: 1, rejected: [] });
    expect(await storedRow(app.pool, "chats", child.id)).toMatchObject({ owner_id: alice.id, recorder_id: service.id });
  });

  test("has one owner: a child that names another is refused", async () => {
    const root = chatItem({ owner: alice.email });
    const child = chatItem({ parent_chat_id: root.id, owner: bob.email });
    expect(refusals(await send(service, { chats: [root, child] }))).toEqual(["chat not_owner"]);
    expect(await ownerOf(child.id)).toBeUndefined();
  });

  test("is never joined by a stranger's child", async () => {
    const root = chatItem();
    await send(alice, { chats: [root] });
    for (const stranger of [bob, service]) {
      expect(refusals(await send(stranger, { chats: [chatItem({ parent_chat_id: root.id })] }))).toEqual([
        "chat invalid",
      ]);
    }
  });

  test("has one level: a child has no children, and no chat is its own parent", async () => {
    const root = chatItem();
    const child = chatItem({ parent_chat_id: root.id });
    const grandchild = chatItem({ parent_chat_id: child.id });
    const itself = chatItem();
    const result = await send(alice, { chats: [grandchild, child, root, { ...itself, parent_chat_id: itself.id }] });
    expect(result.rejected.map(({ id }) => id).toSorted()).toEqual([grandchild.id, itself.id].toSorted());
    const later = chatItem({ parent_chat_id: child.id });
    expect(refusals(await send(alice, { chats: [later] }))).toEqual(["chat invalid"]);
  });

  test("does not change: a root becomes no child, and a child gets no other parent", async () => {
    const [root, other] = [chatItem(), chatItem()];
    const child = chatItem({ parent_chat_id: root.id });
    await send(alice, { chats: [root, other, child] });
    for (const moved of [
      { ...root, parent_chat_id: other.id },
      { ...child, parent_chat_id: other.id },
    ]) {
      expect(refusals(await send(alice, { chats: [moved] }))).toEqual(["chat invalid"]);
    }
    expect(await send(alice, { chats: [child, { id: child.id }] })).toEqual({ accepted: 2, rejected: [] });
  });
});

describe("what has been deleted on purpose", () => {
  async function leaveTombstone(kind: "chat" | "run", id: string): Promise<void> {
    await app.pool.query("INSERT INTO tombstones (kind, id) VALUES ($1, $2)", [kind, id]);
  }

  test("is gone for every item that names a deleted chat, and is not created again", async () => {
    const { run, step, batch } = completeRun();
    await leaveTombstone("chat", run.chat_id);
    const chats = [chatItem({ id: run.chat_id })];
    const child = chatItem({ parent_chat_id: run.chat_id });
    expect(refusals(await send(alice, { chats, ...batch }))).toEqual(["chat gone", "run gone", "step gone"]);
    expect(refusals(await send(alice, batch))).toEqual(["run gone", "step gone"]);
    expect(refusals(await send(alice, { steps: [step] }))).toEqual(["step gone"]);
    expect(refusals(await send(alice, { chats: [child] }))).toEqual(["chat gone"]);
    expect(await countRows(app.pool)).toEqual({ chats: 0, runs: 0, steps: 0, payloads: 0 });
  });

  test("is gone for every item that names a deleted run, while its chat goes on", async () => {
    const { run, step, batch } = completeRun();
    await leaveTombstone("run", run.id);
    expect(refusals(await send(alice, batch))).toEqual(["run gone", "step gone"]);
    expect(refusals(await send(alice, { steps: [step] }))).toEqual(["step gone"]);
    expect(await send(alice, completeRun({ chat_id: run.chat_id }).batch)).toMatchObject({ accepted: 2 });
  });

  test("does not confuse a deleted chat with a run of the same id", async () => {
    const { run, batch } = completeRun();
    await leaveTombstone("chat", run.id);
    await leaveTombstone("run", run.chat_id);
    expect(await send(alice, batch)).toMatchObject({ accepted: 2 });
  });

  test("is gone while it is being deleted, for recording and for reading alike", async () => {
    const { run, step, batch } = completeRun();
    await send(alice, batch);
    await app.pool.query("UPDATE chats SET purging_at = now() WHERE id = $1", [run.chat_id]);
    const chats = [chatItem({ id: run.chat_id })];
    const child = chatItem({ parent_chat_id: run.chat_id });
    expect(refusals(await send(alice, { chats, ...batch }))).toEqual(["chat gone", "run gone", "step gone"]);
    expect(refusals(await send(alice, { steps: [step] }))).toEqual(["step gone"]);
    expect(refusals(await send(alice, { chats: [child] }))).toEqual(["chat invalid"]);
    await expect(app.client(alice.key).listDebugRuns(run.chat_id)).rejects.toMatchObject({ status: 404 });
    await expect(app.client(alice.key).getDebugRun(run.chat_id, run.id)).rejects.toMatchObject({ status: 404 });
  });

  test("does not tell a stranger that it is being deleted", async () => {
    const { run, batch } = completeRun();
    await send(alice, batch);
    await app.pool.query("UPDATE chats SET purging_at = now() WHERE id = $1", [run.chat_id]);
    const chats = [chatItem({ id: run.chat_id })];
    expect(refusals(await send(bob, { chats, ...batch }))).toEqual([
      "chat not_owner",
      "run not_owner",
      "step not_owner",
    ]);
  });
});
