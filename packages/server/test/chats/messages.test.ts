import { randomUUID } from "node:crypto";

import { MESSAGE_PARTS, MESSAGE_ROLES } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { storedRow } from "../stored-rows.ts";
import {
  chatPath,
  createChatFixture,
  createFamily,
  refusal,
  say,
  setChat,
  text,
  textsOf,
  type ChatFixture,
  type ChatPerson,
} from "./chat-fixture.ts";

let fixture: ChatFixture;
let person: ChatPerson;
let chat: { id: string };

beforeEach(async () => {
  fixture = await createChatFixture();
  ({ person } = fixture);
  chat = await person.chats.create();
});

/** So many messages, said by the user and the model in turns: "1", "2" and so on. Answers their ids. */
async function sayNumbers(count: number): Promise<number[]> {
  const { rows } = await fixture.pool.query<{ id: number }>(
    `INSERT INTO chat_messages (chat_id, role, content)
     SELECT $1, CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END, jsonb_build_array(jsonb_build_object('type', 'text', 'text', n::text))
     FROM generate_series(1, $2) AS n RETURNING id`,
    [chat.id, count],
  );
  return rows.map(({ id }) => id);
}

describe("sending a message", () => {
  test.each(MESSAGE_ROLES)("of the role %s answers 201 with it", async (role) => {
    const json = { role, content: [{ type: "text", text: "Hello" }] };
    const response = await fixture.request("POST", `${chatPath(chat)}/messages`, { key: person.key, json });
    expect(response.status).toBe(201);
    const sent = (await response.json()) as { id: number };
    expect(sent).toEqual({
      id: expect.any(Number),
      chat_id: chat.id,
      created_at: fixture.clock.now().toISOString(),
      ...json,
    });
    expect(await person.chats.listMessages(chat.id)).toEqual({
      messages: [sent],
      queued_messages: [],
      has_more: false,
    });
  });

  test("gives out ids that rise, and keeps who sent it", async () => {
    const sent = await say(person, chat, ["user", "1"], ["assistant", "2"], ["user", "3"]);
    const ids = sent.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(3);
    const { rows } = await fixture.pool.query("SELECT DISTINCT created_by, visibility, deleted FROM chat_messages");
    expect(rows).toEqual([{ created_by: person.id, visibility: "both", deleted: false }]);
  });

  test("keeps its parts as they came, and half of a character as what stands for the unreadable", async () => {
    const content = [
      { type: "text" as const, text: 'quote " backslash \\ and \\ud800' },
      { type: "text" as const, text: "cut \ud83d" },
    ];
    const sent = await person.chats.sendMessage(chat.id, { role: "user", content });
    expect(sent.content).toEqual([content[0], { type: "text", text: "cut \uFFFD" }]);
  });

  test.each([
    ["no content", { role: "user" }, "content"],
    ["an empty content", { role: "user", content: [] }, "content"],
    [
      "too many parts",
      { role: "user", content: Array.from({ length: MESSAGE_PARTS + 1 }, () => text("x")[0]) },
      "content",
    ],
    ["no role", { content: text("x") }, "role"],
    ["an unknown role", { role: "owner", content: text("x") }, "role"],
    ["an unknown part", { role: "user", content: [{ type: "image", url: "x" }] }, "content.0.type"],
    ["a text with U+0000", { role: "user", content: [...text("x"), ...text("a\0b")] }, "content.1.text"],
    ["a text that is none", { role: "user", content: [{ type: "text", text: 1 }] }, "content.0.text"],
    ["a file by no id", { role: "user", content: [{ type: "file", file_id: "x" }] }, "content.0.file_id"],
    [
      "a file that is not there",
      { role: "user", content: [...text("x"), { type: "file", file_id: randomUUID() }] },
      "content.1.file_id",
    ],
    ["a misspelt field", { role: "user", content: text("x"), contents: [] }, "contents"],
  ])("refuses %s by the name of the field", async (_name, json, field) => {
    const answer = await refusal(fixture, ["POST", `${chatPath(chat)}/messages`], json);
    expect(answer).toMatchObject({ status: 400, code: "validation_failed", validations: [{ field }] });
    expect((await person.chats.listMessages(chat.id)).messages).toEqual([]);
  });

  test("raises the chat's clock, and the activity of its family on the root", async () => {
    const { root, children } = await createFamily(person);
    await fixture.clock.advance(60_000);
    const child = { id: children[0]?.id ?? "" };
    await say(person, child, ["tool", "done"]);
    const now = fixture.clock.now();
    expect(await storedRow(fixture.pool, "chats", child.id)).toMatchObject({ updated_at: now });
    expect(await storedRow(fixture.pool, "chats", root.id)).toMatchObject({
      last_activity_at: now,
      updated_at: new Date(root.updated_at),
    });
  });

  test("never sets the activity back", async () => {
    const later = new Date(fixture.clock.now().getTime() + 60_000);
    await setChat(fixture, chat.id, { last_activity_at: later, updated_at: later });
    await say(person, chat, ["user", "Hello"]);
    expect(await storedRow(fixture.pool, "chats", chat.id)).toMatchObject({
      last_activity_at: later,
      updated_at: later,
    });
  });
});

describe("an archived chat", () => {
  test("takes no messages and no edits, before the body is looked at; nor does a child of one", async () => {
    const { root, children } = await createFamily(person);
    const child = { id: children[0]?.id ?? "" };
    const [sent] = await say(person, root, ["user", "Hello"]);
    await person.chats.change(root.id, { archived: true });
    // A child that recording brought in later is not archived by itself.
    await setChat(fixture, child.id, { archived: false });
    for (const request of [
      ["POST", `${chatPath(root)}/messages`],
      ["POST", `${chatPath(child)}/messages`],
      ["PATCH", `${chatPath(root)}/messages/${sent?.id}`],
    ] as const) {
      for (const json of [{ role: "user", content: text("Late") }, { content: text("Late") }, "malformed"]) {
        expect(await refusal(fixture, [...request], json)).toMatchObject({
          status: 400,
          code: "chat_archived",
          message: "Cannot send messages to an archived chat.",
        });
      }
    }
    expect(textsOf((await person.chats.listMessages(root.id)).messages)).toEqual(["Hello"]);
  });

  test("that was archived between the first look and the write takes none either", async () => {
    const { store } = fixture;
    await person.chats.change(chat.id, { archived: true });
    const writing = { chatId: chat.id, ownerId: person.id, content: text("Late"), fileIds: [] };
    await expect(store.addMessage({ ...writing, role: "user" })).rejects.toMatchObject({ code: "chat_archived" });
    await expect(store.editMessage({ ...writing, messageId: 1 })).rejects.toMatchObject({ code: "chat_archived" });
  });
});

describe("a page of messages", () => {
  test("is the newest ones, oldest first, 50 unless told", async () => {
    await sayNumbers(51);
    const page = await person.chats.listMessages(chat.id);
    expect(textsOf(page.messages)).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 2)));
    expect(page.has_more).toBe(true);
    expect((await person.chats.listMessages(chat.id, { limit: 51 })).has_more).toBe(false);
  });

  test("goes back from a message, without it", async () => {
    const ids = await sayNumbers(5);
    const page = await person.chats.listMessages(chat.id, { before_id: ids[3] ?? 0, limit: 2 });
    expect([textsOf(page.messages), page.has_more]).toEqual([["2", "3"], true]);
    const rest = await person.chats.listMessages(chat.id, { before_id: page.messages[0]?.id ?? 0, limit: 2 });
    expect([textsOf(rest.messages), rest.has_more]).toEqual([["1"], false]);
  });

  test("goes on after a message from the oldest that follows, so that whoever polls misses none", async () => {
    const ids = await sayNumbers(5);
    const page = await person.chats.listMessages(chat.id, { after_id: ids[1] ?? 0, limit: 2 });
    expect([textsOf(page.messages), page.has_more]).toEqual([["3", "4"], true]);
    const rest = await person.chats.listMessages(chat.id, { after_id: page.messages[1]?.id ?? 0, limit: 2 });
    expect([textsOf(rest.messages), rest.has_more]).toEqual([["5"], false]);
  });

  test("between two messages has the newest that lie there", async () => {
    const ids = await sayNumbers(6);
    const between = { after_id: ids[0] ?? 0, before_id: ids[5] ?? 0, limit: 3 };
    const page = await person.chats.listMessages(chat.id, between);
    expect([textsOf(page.messages), page.has_more]).toEqual([["3", "4", "5"], true]);
    expect(textsOf((await person.chats.listMessages(chat.id, { ...between, limit: 4 })).messages)).toHaveLength(4);
  });

  test("takes 0 for no cursor", async () => {
    await sayNumbers(3);
    const page = await person.chats.listMessages(chat.id, { before_id: 0, after_id: 0, limit: 2 });
    expect(textsOf(page.messages)).toEqual(["2", "3"]);
  });

  test("leaves out what was deleted, what only the model sees, and other chats", async () => {
    const [, second, third] = await sayNumbers(4);
    await fixture.pool.query("UPDATE chat_messages SET deleted = true WHERE id = $1", [second]);
    await fixture.pool.query("UPDATE chat_messages SET visibility = 'model' WHERE id = $1", [third]);
    await say(person, await person.chats.create(), ["user", "Elsewhere"]);
    const page = await person.chats.listMessages(chat.id, { limit: 2 });
    expect([textsOf(page.messages), page.has_more]).toEqual([["1", "4"], false]);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=201", "limit"],
    ["before_id=-1", "before_id"],
    ["before_id=x", "before_id"],
    ["before_id=1.5", "before_id"],
    ["before_id=9007199254740992", "before_id"],
    ["before_id=9223372036854775808", "before_id"],
    ["after_id=1e3", "after_id"],
    ["after_id=", "after_id"],
    ["after_id=5&before_id=5", "after_id"],
  ])("is refused for %s by the name of the parameter", async (query, field) => {
    expect(await refusal(fixture, ["GET", `${chatPath(chat)}/messages?${query}`])).toMatchObject({
      status: 400,
      code: "validation_failed",
      validations: [{ field }],
    });
  });
});
