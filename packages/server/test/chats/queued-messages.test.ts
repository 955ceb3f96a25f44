import { CHAT_STATUSES, QUEUED_MESSAGES, type ChatStatus } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { storedRow } from "../stored-rows.ts";
import {
  chatPath,
  createChatFixture,
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

/** As a recorder reports it. */
async function report(status: ChatStatus): Promise<void> {
  const result = await fixture.client(person.key).recordDebugBatch({ chats: [{ id: chat.id, status }] });
  expect(result.rejected).toEqual([]);
}

async function read(): Promise<{ messages: unknown[]; queued: unknown[] }> {
  const page = await person.chats.listMessages(chat.id);
  return { messages: textsOf(page.messages), queued: textsOf(page.queued_messages) };
}

describe("while a chat is running", () => {
  beforeEach(() => report("running"));

  test("a user's message waits: it is answered with 201 and shown among the queued ones", async () => {
    const json = { role: "user", content: text("Wait") };
    const response = await fixture.request("POST", `${chatPath(chat)}/messages`, { key: person.key, json });
    expect(response.status).toBe(201);
    const created_at = fixture.clock.now().toISOString();
    const answer = (await response.json()) as { id: number };
    expect(answer).toEqual({ id: expect.any(Number), chat_id: chat.id, created_at, ...json, queued: true });
    expect(await person.chats.listMessages(chat.id)).toEqual({
      messages: [],
      queued_messages: [{ id: answer.id, chat_id: chat.id, created_at, content: json.content }],
      has_more: false,
    });
  });

  test("what the model, its tools and the system say does not wait", async () => {
    await say(person, chat, ["user", "Wait"], ["assistant", "Working"], ["tool", "Result"], ["system", "Rule"]);
    expect(await read()).toEqual({ messages: ["Working", "Result", "Rule"], queued: ["Wait"] });
  });

  test("waiting messages become messages in their order once the recorder says that the chat has ended its work", async () => {
    await say(person, chat, ["user", "1"], ["assistant", "Answer"], ["user", "2"], ["user", "3"]);
    const sentAt = fixture.clock.now();
    await fixture.clock.advance(60_000);
    await report("completed");
    const { rows } = await fixture.pool.query("SELECT count(*)::int AS waiting FROM chat_queued_messages");
    expect(rows).toEqual([{ waiting: 0 }]);
    expect(await read()).toEqual({ messages: ["Answer", "1", "2", "3"], queued: [] });
    const page = await person.chats.listMessages(chat.id);
    expect(page.messages.at(-1)).toMatchObject({ role: "user", created_at: sentAt.toISOString() });
    const { rows: stored } = await fixture.pool.query("SELECT DISTINCT created_by FROM chat_messages");
    expect(stored).toEqual([{ created_by: person.id }]);
  });

  test("a batch that says nothing of the status, or that it is running still, lets them wait", async () => {
    await say(person, chat, ["user", "1"]);
    await fixture.client(person.key).recordDebugBatch({ chats: [{ id: chat.id, title: "Named" }] });
    await report("running");
    await report("pending");
    expect(await read()).toEqual({ messages: [], queued: ["1"] });
  });

  test("another chat's end lets them wait", async () => {
    await say(person, chat, ["user", "1"]);
    const other = await person.chats.create();
    await fixture.client(person.key).recordDebugBatch({ chats: [{ id: other.id, status: "completed" }] });
    expect((await read()).queued).toEqual(["1"]);
  });

  test("whoever ends the work past the recorder is found out by the next look, and by the next message", async () => {
    await say(person, chat, ["user", "1"]);
    await setChat(fixture, chat.id, { status: "waiting" });
    expect(await read()).toEqual({ messages: ["1"], queued: [] });

    await setChat(fixture, chat.id, { status: "running" });
    await say(person, chat, ["user", "2"]);
    await setChat(fixture, chat.id, { status: "waiting" });
    await say(person, chat, ["user", "3"]);
    expect(await read()).toEqual({ messages: ["1", "2", "3"], queued: [] });
  });

  test(`${QUEUED_MESSAGES} messages wait and not one more`, async () => {
    const all = Array.from({ length: QUEUED_MESSAGES }, (_, index): ["user", string] => ["user", String(index)]);
    await say(person, chat, ...all);
    const path = `${chatPath(chat)}/messages`;
    const answer = await refusal(fixture, ["POST", path], { role: "user", content: text("One more") });
    expect(answer).toMatchObject({ status: 429, code: "rate_limited" });
    expect(answer.message).toContain("Message queue is full");
    await say(person, chat, ["assistant", "Not the user's"]);
    expect((await read()).queued).toHaveLength(QUEUED_MESSAGES);
  });

  test("a message that waits is activity, and links its files", async () => {
    await fixture.clock.advance(60_000);
    const content = new TextEncoder().encode("x");
    const file = await person.chats.uploadFile({ content, name: "a.txt", mediaType: "text/plain" });
    await person.chats.sendMessage(chat.id, { role: "user", content: [{ type: "file", file_id: file }] });
    expect(await storedRow(fixture.pool, "chats", chat.id)).toMatchObject({ last_activity_at: fixture.clock.now() });
    expect((await person.chats.get(chat.id)).files).toMatchObject([{ id: file }]);
  });
});

test.each(CHAT_STATUSES)(
  "at the status %s a user's message waits only where the chat runs or is about to",
  async (status) => {
    await report(status);
    await say(person, chat, ["user", "Hello"]);
    const waits = status === "running" || status === "pending";
    expect(await read()).toEqual(waits ? { messages: [], queued: ["Hello"] } : { messages: ["Hello"], queued: [] });
  },
);
