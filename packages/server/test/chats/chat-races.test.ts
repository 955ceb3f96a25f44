import { randomUUID } from "node:crypto";

import type pg from "pg";
import { beforeEach, describe, expect, test } from "vitest";

import { waitForLockWaits } from "../lock-waits.ts";
import { storedRow } from "../stored-rows.ts";
import {
  createChatFixture,
  createFamily,
  say,
  text,
  textsOf,
  type ChatFixture,
  type ChatPerson,
} from "./chat-fixture.ts";

let fixture: ChatFixture;
let person: ChatPerson;

beforeEach(async () => {
  fixture = await createChatFixture();
  ({ person } = fixture);
});

/**
 * Does something in an open transaction, starts requests that have to wait for it, and commits once all of them wait.
 */
async function whileOpen(
  open: (client: pg.PoolClient) => Promise<unknown>,
  ...requests: (() => Promise<unknown>)[]
): Promise<PromiseSettledResult<unknown>[]> {
  const client = await fixture.pool.connect();
  try {
    await client.query("BEGIN");
    await open(client);
    const waiting = requests.map((request) => request());
    const settled = Promise.allSettled(waiting);
    await waitForLockWaits(fixture.pool, requests.length);
    await client.query("COMMIT");
    return await settled;
  } finally {
    client.release();
  }
}

const lockRow = (id: string) => (client: pg.PoolClient) =>
  client.query("SELECT FROM chats WHERE id = $1 FOR UPDATE", [id]);

describe("archiving", () => {
  test("sees a chat that has begun to work while its lock was waited for", async () => {
    const { root, children } = await createFamily(person);
    const start = (client: pg.PoolClient): Promise<unknown> =>
      client.query("UPDATE chats SET status = 'running' WHERE id = $1", [children[0]?.id]);
    const [archiving] = await whileOpen(start, () => person.chats.change(root.id, { archived: true }));
    expect(archiving).toMatchObject({ status: "rejected", reason: { code: "chat_active" } });
    expect(await storedRow(fixture.pool, "chats", root.id)).toMatchObject({ archived: false });
  });

  test("takes a child along that was added while the root's lock was waited for", async () => {
    const { root } = await createFamily(person, { children: 0 });
    const id = randomUUID();
    const add = async (client: pg.PoolClient): Promise<void> => {
      await lockRow(root.id)(client);
      await client.query(
        `INSERT INTO chats (id, owner_id, organization_id, parent_chat_id, root_chat_id)
         SELECT $1, owner_id, organization_id, id, id FROM chats WHERE id = $2`,
        [id, root.id],
      );
    };
    const [archiving] = await whileOpen(add, () => person.chats.change(root.id, { archived: true }));
    expect(archiving?.status).toBe("fulfilled");
    expect(await storedRow(fixture.pool, "chats", id)).toMatchObject({ archived: true });
  });

  test("by two at once succeeds for one of them", async () => {
    const chat = await person.chats.create();
    const archive = (): Promise<void> => person.chats.change(chat.id, { archived: true });
    const results = await whileOpen(lockRow(chat.id), archive, archive);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "chat_archived" } });
  });

  test("and auto-archive by the purge at the same moment end with one clock", async () => {
    const chat = await person.chats.create();
    const archivedAt = new Date("2026-01-01T00:00:00Z");
    const archive = (client: pg.PoolClient): Promise<unknown> =>
      client.query("UPDATE chats SET archived = true, archived_at = $2 WHERE id = $1", [chat.id, archivedAt]);
    const [archiving, pinning] = await whileOpen(
      archive,
      () => person.chats.change(chat.id, { archived: true }),
      () => person.chats.change(chat.id, { pin_order: 1, title: "Pinned" }),
    );
    expect(archiving).toMatchObject({ status: "rejected", reason: { message: "Chat is already archived." } });
    expect(pinning).toMatchObject({ status: "rejected", reason: { message: "Cannot pin an archived chat." } });
    expect(await storedRow(fixture.pool, "chats", chat.id)).toMatchObject({
      archived_at: archivedAt,
      title: "New Chat",
    });
  });
});

test("what is written to a chat that is deleted meanwhile finds no chat", async () => {
  const { root, children } = await createFamily(person);
  const child = children[0]?.id ?? "";
  const [message] = await say(person, root, ["user", "Hello"]);
  const mark = (client: pg.PoolClient): Promise<unknown> =>
    client.query("UPDATE chats SET purging_at = now() WHERE id = $1 OR root_chat_id = $1", [root.id]);
  const results = await whileOpen(
    mark,
    () => person.chats.change(root.id, { title: "Late" }),
    () => person.chats.change(root.id, { archived: true }),
    () => person.chats.sendMessage(child, { role: "user", content: text("Late") }),
    () => person.chats.editMessage(root.id, message?.id ?? 0, text("Late")),
  );
  expect(
    results.map((result) => (result.status === "rejected" ? (result.reason as { code: string }).code : "")),
  ).toEqual(Array.from({ length: 4 }, () => "not_found"));
});

test("a message is refused that waited while its chat was archived", async () => {
  const { root, children } = await createFamily(person);
  const child = children[0]?.id ?? "";
  const archive = (client: pg.PoolClient): Promise<unknown> =>
    client.query("UPDATE chats SET archived = true WHERE id = $1", [root.id]);
  const [sending] = await whileOpen(archive, () =>
    person.chats.sendMessage(child, { role: "user", content: text("Late") }),
  );
  expect(sending).toMatchObject({ status: "rejected", reason: { code: "chat_archived" } });
});

test("many messages, edits and changes of one family at once all get through, and none is lost", async () => {
  const { root, children } = await createFamily(person, { children: 3 });
  const chats = [root, ...children];
  const [first] = await say(person, root, ["user", "First"]);
  await Promise.all([
    ...chats.flatMap(({ id }) =>
      Array.from({ length: 5 }, (_, index) =>
        person.chats.sendMessage(id, { role: "assistant", content: text(String(index)) }),
      ),
    ),
    ...chats.map(({ id }, index) => person.chats.change(id, { labels: { index: String(index) } })),
    person.chats.editMessage(root.id, first?.id ?? 0, text("First, better")),
    ...chats.map(({ id }) =>
      fixture
        .client(person.key)
        .recordDebugBatch({ chats: [{ id, status: "waiting" }], runs: [{ id: randomUUID(), chat_id: id }] }),
    ),
  ]);
  for (const { id } of children) expect((await person.chats.listMessages(id)).messages).toHaveLength(5);
  expect(textsOf((await person.chats.listMessages(root.id)).messages)[0]).toBe("First, better");
});

test("a deadlock with somebody who locks the other way round is tried again", async () => {
  const { root, children } = await createFamily(person);
  const child = children[0]?.id ?? "";
  expect(root.id < child, "the root comes first in the order of ids").toBe(true);
  const [first, second] = [await fixture.pool.connect(), await fixture.pool.connect()];
  const share = "SELECT FROM chats WHERE id = $1 FOR SHARE";
  try {
    // The request waits for the child, which two hold: for one after the other, in the order in which they came.
    await first.query("BEGIN");
    await first.query(share, [child]);
    // Without patience this session never gives up first, so that the request is the one that has to.
    await second.query("BEGIN; SET LOCAL deadlock_timeout = '60s'");
    await second.query(share, [child]);
    const sending = person.chats.sendMessage(child, { role: "user", content: text("Hello") });
    await waitForLockWaits(fixture.pool, 1);
    const locking = lockRow(root.id)(second);
    await waitForLockWaits(fixture.pool, 2);
    // A session looks for a deadlock once in each wait: the request in the one that begins now, in which there is one.
    await first.query("COMMIT");
    await locking;
    await second.query("COMMIT");
    expect((await sending).content).toEqual(text("Hello"));
  } finally {
    first.release();
    second.release();
  }
});

test("a file that a message links is not deleted by whoever deletes files without links", async () => {
  const chat = await person.chats.create();
  const content = new TextEncoder().encode("x");
  const file = await person.chats.uploadFile({ content, name: "a.txt", mediaType: "text/plain" });
  const message = { role: "user" as const, content: [{ type: "file" as const, file_id: file }] };
  const remove = (client: pg.PoolClient): Promise<unknown> =>
    client.query("DELETE FROM chat_files WHERE id = $1", [file]);
  const [sending] = await whileOpen(remove, () => person.chats.sendMessage(chat.id, message));
  expect(sending).toMatchObject({
    status: "rejected",
    reason: { code: "validation_failed", validations: [{ field: "content.0.file_id" }] },
  });
  expect((await person.chats.listMessages(chat.id)).messages).toEqual([]);
});
