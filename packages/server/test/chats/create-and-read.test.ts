import { randomUUID } from "node:crypto";

import { CHAT_LABELS, CHAT_TITLE_CHARACTERS } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { completeRun } from "../debug-batches.ts";
import { CHATS } from "../test-app.ts";
import { chatPath, createChatFixture, createFamily, refusal, say, setChat, type ChatFixture } from "./chat-fixture.ts";

let fixture: ChatFixture;

beforeAll(async () => {
  fixture = await createChatFixture();
});

describe("creating a chat", () => {
  test("answers 201 with the chat, and nothing that is null", async () => {
    const response = await fixture.request("POST", CHATS, { key: fixture.person.key, json: {} });
    expect(response.status).toBe(201);
    const now = fixture.clock.now().toISOString();
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      organization_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      owner_id: fixture.person.id,
      title: "New Chat",
      status: "waiting",
      created_at: now,
      updated_at: now,
      archived: false,
      pin_order: 0,
      labels: {},
      has_unread: false,
      last_activity_at: now,
      children: [],
    });
  });

  test("works as well with a slash at the end of the address", async () => {
    const response = await fixture.request("POST", `${CHATS}/`, { key: fixture.person.key, json: { title: "Slash" } });
    expect(response.status).toBe(201);
  });

  test("takes a title, trimmed, and labels", async () => {
    const chat = await fixture.person.chats.create({
      title: "  Deploying on a Friday ",
      labels: { team: "web", a: "1" },
    });
    expect(chat).toMatchObject({ title: "Deploying on a Friday", labels: { team: "web", a: "1" } });
  });

  test("takes a title of exactly 200 characters, however many units JavaScript counts for them", async () => {
    const title = "😀".repeat(CHAT_TITLE_CHARACTERS);
    expect((await fixture.person.chats.create({ title })).title).toBe(title);
  });

  test("stores half of a character as what stands for the unreadable", async () => {
    const chat = await fixture.person.chats.create({ title: "cut \ud83d", labels: { key: "\udc00" } });
    expect(chat).toMatchObject({ title: "cut \uFFFD", labels: { key: "\uFFFD" } });
  });

  test.each([
    ["an empty title", { title: "" }, "title"],
    ["a title of spaces", { title: "   " }, "title"],
    ["a title of 201 characters", { title: "x".repeat(CHAT_TITLE_CHARACTERS + 1) }, "title"],
    ["a title with U+0000", { title: "a\0b" }, "title"],
    ["a title that is a number", { title: 7 }, "title"],
    ["a label that is empty", { labels: { team: "" } }, "labels.team"],
    ["a label with U+0000", { labels: { team: "\0" } }, "labels.team"],
    [
      "too many labels",
      { labels: Object.fromEntries(Array.from({ length: CHAT_LABELS + 1 }, (_, index) => [`l${index}`, "x"])) },
      "labels",
    ],
    ["a parent that is no id", { parent_chat_id: "root" }, "parent_chat_id"],
    ["a parent that does not exist", { parent_chat_id: randomUUID() }, "parent_chat_id"],
    ["a field that nobody knows", { titel: "Misspelt" }, "titel"],
  ])("refuses %s and names the field", async (_name, json, field) => {
    const answer = await refusal(fixture, ["POST", CHATS], json);
    expect(answer).toMatchObject({ status: 400, code: "validation_failed" });
    expect(answer.validations?.map((validation) => validation.field)).toEqual([field]);
  });

  test.each(["", "{", "[]", "null", '"chat"'])("refuses the body %j", async (body) => {
    expect((await fixture.request("POST", CHATS, { key: fixture.person.key, body })).status).toBe(400);
  });
});

describe("a child", () => {
  test("names its parent and its root, and stands in its parent from the oldest to the newest", async () => {
    const { root, children } = await createFamily(fixture.person, { children: 2 });
    expect(children[0]).toMatchObject({ parent_chat_id: root.id, root_chat_id: root.id, children: [] });
    const read = await fixture.person.chats.get(root.id);
    expect(read.children.map((child) => child.id)).toEqual(children.map((child) => child.id));
    expect(read.parent_chat_id).toBeUndefined();
  });

  test("reads by itself without children", async () => {
    const { children } = await createFamily(fixture.person);
    expect(await fixture.person.chats.get(children[0]?.id ?? "")).toMatchObject({ title: "Child 1", children: [] });
  });

  test("has no children of its own", async () => {
    const { children } = await createFamily(fixture.person);
    expect(await refusal(fixture, ["POST", CHATS], { parent_chat_id: children[0]?.id })).toMatchObject({
      status: 400,
      code: "child_chat",
      message: "A child chat cannot have children.",
    });
  });

  test("is refused under an archived root", async () => {
    const { root } = await createFamily(fixture.person, { children: 0 });
    await fixture.person.chats.change(root.id, { archived: true });
    expect(await refusal(fixture, ["POST", CHATS], { parent_chat_id: root.id })).toMatchObject({
      status: 400,
      code: "chat_archived",
    });
  });

  test("is refused under another person's root, as under one that does not exist", async () => {
    const other = await fixture.createPerson("owner");
    const { root } = await createFamily(fixture.person, { children: 0 });
    const answers = [root.id, randomUUID()].map((parent_chat_id) =>
      refusal(fixture, ["POST", CHATS], { parent_chat_id }, other.key),
    );
    const [foreign, missing] = await Promise.all(answers);
    expect(foreign).toMatchObject({ status: 400, validations: [{ field: "parent_chat_id" }] });
    expect(foreign).toEqual(missing);
  });

  test("is refused under a root that is being deleted", async () => {
    const { root } = await createFamily(fixture.person, { children: 0 });
    await setChat(fixture, root.id, { purging_at: new Date() });
    expect(await refusal(fixture, ["POST", CHATS], { parent_chat_id: root.id })).toMatchObject({ status: 400 });
  });
});

describe("a chat that is not there for the reader", () => {
  const requests: [method: string, path: string, json?: unknown][] = [
    ["GET", ""],
    ["PATCH", "", { title: "Mine" }],
    ["PATCH", "", { archived: true }],
    ["PATCH", "", "not even an object"],
    ["GET", "/messages"],
    ["POST", "/messages", { role: "user", content: [{ type: "text", text: "Hello" }] }],
    ["POST", "/messages", {}],
    ["PATCH", "/messages/1", { content: [{ type: "text", text: "Hello" }] }],
    ["PATCH", "/messages/1", {}],
  ];

  test.each(requests)("answers 404 to %s %s, whoever asks and whatever is sent (%j)", async (method, path, json) => {
    const chat = await fixture.person.chats.create({ title: "Private" });
    await say(fixture.person, chat, ["user", "Hello"]);
    const before = await fixture.person.chats.get(chat.id);
    for (const role of ["member", "auditor", "owner"] as const) {
      const { key } = await fixture.createPerson(role);
      for (const id of [chat.id, randomUUID()]) {
        const answer = await refusal(fixture, [method, `${CHATS}/${id}${path}`], json, key);
        expect(answer, `${role}, ${id === chat.id ? "another's chat" : "no chat"}`).toMatchObject({
          status: 404,
          code: "not_found",
        });
      }
    }
    expect(await fixture.person.chats.get(chat.id)).toEqual(before);
  });

  test.each(requests)("answers 404 to %s %s where it is being deleted (%j)", async (method, path, json) => {
    const chat = await fixture.person.chats.create();
    await setChat(fixture, chat.id, { purging_at: new Date() });
    expect(await refusal(fixture, [method, `${chatPath(chat)}${path}`], json)).toMatchObject({ status: 404 });
  });

  test("is not written to by the store either, whatever was looked at before", async () => {
    const chat = await fixture.person.chats.create();
    const [message] = await say(fixture.person, chat, ["user", "Hello"]);
    const { id: ownerId } = await fixture.createPerson();
    const writing = { chatId: chat.id, ownerId, content: [], fileIds: [] };
    const { store } = fixture;
    expect([
      await store.changeChat({ ...writing, changes: { title: "Mine" } }, { userId: ownerId }),
      await store.addMessage({ ...writing, role: "user" }),
      await store.editMessage({ ...writing, messageId: message?.id ?? 0 }),
      await store.createChat({ ownerId, parentChatId: chat.id }),
      await store.listMessages({ chatId: chat.id, readerId: ownerId, limit: 1 }),
    ]).toEqual([false, undefined, undefined, undefined, undefined]);
  });

  test("answers 400 where its id is none", async () => {
    expect(await refusal(fixture, ["GET", `${CHATS}/not-an-id`])).toMatchObject({
      status: 400,
      code: "invalid_id",
      message: "Invalid chat ID.",
    });
  });

  test("is not among the children of one that is", async () => {
    const { root, children } = await createFamily(fixture.person, { children: 2 });
    await setChat(fixture, children[0]?.id ?? "", { purging_at: new Date() });
    const read = await fixture.person.chats.get(root.id);
    expect(read.children.map((child) => child.id)).toEqual([children[1]?.id]);
  });
});

test("an id is taken in either case", async () => {
  const chat = await fixture.person.chats.create();
  expect((await fixture.person.chats.get(chat.id.toUpperCase())).id).toBe(chat.id);
});

test("a chat tells when something was last done in it, and when its newest debug run was last written to", async () => {
  const { person, clock, pool } = fixture;
  const { root, children } = await createFamily(person);
  const [child = root] = children;
  const createdAt = clock.now();
  expect(root).toMatchObject({ last_activity_at: createdAt.toISOString() });
  expect(child, "its activity is its root's").not.toHaveProperty("last_activity_at");
  expect(root).not.toHaveProperty("last_debug_at");

  const at = (minutes: number): string => new Date(createdAt.getTime() + minutes * 60_000).toISOString();
  for (const minutes of [10, 30, 20]) {
    const { batch } = completeRun({ chat_id: child.id, started_at: at(minutes - 5), finished_at: at(minutes) });
    clock.set(new Date(at(minutes)));
    await fixture.client(person.key).recordDebugBatch(batch);
  }
  await pool.query("UPDATE chat_debug_runs SET updated_at = finished_at WHERE chat_id = $1", [child.id]);
  const expected = {
    id: root.id,
    last_activity_at: at(25),
    children: [expect.objectContaining({ id: child.id, last_debug_at: at(30) })],
  };
  const read = await person.chats.get(root.id);
  const listed = (await person.chats.list()).find(({ id }) => id === root.id);
  for (const chat of [read, listed]) {
    expect(chat).toMatchObject(expected);
    expect(chat).not.toHaveProperty("last_debug_at");
  }
});

test("a chat is unread once the model has said something, until its newest messages are read", async () => {
  const chat = await fixture.person.chats.create();
  const isUnread = async (): Promise<boolean> => (await fixture.person.chats.get(chat.id)).has_unread;
  await say(fixture.person, chat, ["user", "Hello"]);
  expect(await isUnread()).toBe(false);
  const [answer] = await say(fixture.person, chat, ["assistant", "Hello to you"]);
  expect(await isUnread()).toBe(true);
  await fixture.person.chats.listMessages(chat.id, { before_id: answer?.id ?? 0 });
  expect(await isUnread()).toBe(true);
  await fixture.person.chats.listMessages(chat.id);
  expect(await isUnread()).toBe(false);
  await say(fixture.person, chat, ["assistant", "Are you there?"]);
  expect(await isUnread()).toBe(true);
  await fixture.person.chats.listMessages(chat.id, { after_id: answer?.id ?? 0 });
  expect(await isUnread()).toBe(false);

  await say(fixture.person, chat, ["assistant", "A thought"]);
  await fixture.pool.query(
    "UPDATE chat_messages SET visibility = 'model' WHERE content @> '[{\"text\": \"A thought\"}]'",
  );
  expect(await isUnread(), "what only the model sees").toBe(false);

  const [question] = await say(fixture.person, chat, ["user", "I am"], ["assistant", "Good"]);
  expect(await isUnread()).toBe(true);
  await fixture.person.chats.editMessage(chat.id, question?.id ?? 0, [{ type: "text", text: "I am here" }]);
  expect(await isUnread()).toBe(false);
});
