import { beforeEach, describe, expect, test } from "vitest";

import { CHAT_STATUSES, PIN_ORDER_MAX, type ChatChange } from "@shelflife/api-contract";

import { storedRow } from "../stored-rows.ts";
import { chatPath, createChatFixture, createFamily, refusal, setChat, type ChatFixture } from "./chat-fixture.ts";

let fixture: ChatFixture;

beforeEach(async () => {
  fixture = await createChatFixture();
});

const stored = (id: string): Promise<Record<string, unknown> | undefined> => storedRow(fixture.pool, "chats", id);

async function refuse(chat: { id: string }, change: unknown): ReturnType<typeof refusal> {
  const before = await stored(chat.id);
  const answer = await refusal(fixture, ["PATCH", chatPath(chat)], change);
  expect(await stored(chat.id), "nothing was changed").toEqual(before);
  return answer;
}

describe("a change", () => {
  test("answers 204, and leaves what it does not name as it is", async () => {
    const chat = await fixture.person.chats.create({ title: "Before", labels: { kept: "yes" } });
    await fixture.clock.advance(1_000);
    const response = await fixture.request("PATCH", chatPath(chat), {
      key: fixture.person.key,
      json: { title: " After " },
    });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const { files: _files, ...read } = await fixture.person.chats.get(chat.id);
    expect(read).toEqual({ ...chat, title: "After", updated_at: fixture.clock.now().toISOString() });
  });

  test("replaces the labels whole", async () => {
    const chat = await fixture.person.chats.create({ labels: { old: "1", both: "1" } });
    await fixture.person.chats.change(chat.id, { labels: { both: "2" } });
    expect((await fixture.person.chats.get(chat.id)).labels).toEqual({ both: "2" });
    await fixture.person.chats.change(chat.id, { labels: {} });
    expect((await fixture.person.chats.get(chat.id)).labels).toEqual({});
  });

  test("of nothing changes nothing", async () => {
    const chat = await fixture.person.chats.create();
    const before = await stored(chat.id);
    await fixture.clock.advance(1_000);
    await fixture.person.chats.change(chat.id, {});
    expect(await stored(chat.id)).toEqual(before);
  });

  test.each([
    ["an empty title", { title: " " }, "title"],
    ["a title of 201 characters", { title: "x".repeat(201) }, "title"],
    ["null for a title", { title: null }, "title"],
    ["a pin that is no whole number", { pin_order: 1.5 }, "pin_order"],
    ["a pin beyond what can be stored", { pin_order: PIN_ORDER_MAX + 1 }, "pin_order"],
    ["archived that is no truth value", { archived: "true" }, "archived"],
    ["a status, which only recording changes", { status: "running" }, "status"],
  ])("refuses %s by the name of the field", async (_name, change, field) => {
    const answer = await refuse(await fixture.person.chats.create(), change);
    expect(answer).toMatchObject({ status: 400, code: "validation_failed", validations: [{ field }] });
  });

  test.each<[string, ChatChange, string]>([
    ["a pin that is refused", { title: "New", labels: { new: "1" }, archived: true, pin_order: 1 }, "chat_archived"],
    ["a pin below zero", { title: "New", pin_order: -1 }, "validation_failed"],
    ["an archive that is refused", { title: "New", archived: false }, "chat_not_archived"],
  ])("that holds %s changes nothing else", async (_name, change, code) => {
    expect(await refuse(await fixture.person.chats.create({ title: "Old" }), change)).toMatchObject({ code });
  });
});

describe("pinning", () => {
  test("sets the place and leaves the clock alone; 0 unpins", async () => {
    const chat = await fixture.person.chats.create();
    await fixture.clock.advance(1_000);
    await fixture.person.chats.change(chat.id, { pin_order: PIN_ORDER_MAX });
    expect(await fixture.person.chats.get(chat.id)).toMatchObject({
      pin_order: PIN_ORDER_MAX,
      updated_at: chat.updated_at,
    });
    await fixture.person.chats.change(chat.id, { pin_order: 0 });
    expect((await fixture.person.chats.get(chat.id)).pin_order).toBe(0);
  });

  test("below zero is refused", async () => {
    const chat = await fixture.person.chats.create();
    expect(await refuse(chat, { pin_order: -1 })).toMatchObject({
      status: 400,
      message: "Pin order must be non-negative.",
    });
  });

  test("an archived chat is refused, and unpinning one is not", async () => {
    const chat = await fixture.person.chats.create();
    await fixture.person.chats.change(chat.id, { archived: true });
    expect(await refuse(chat, { pin_order: 1 })).toMatchObject({
      status: 400,
      code: "chat_archived",
      message: "Cannot pin an archived chat.",
    });
    await fixture.person.chats.change(chat.id, { pin_order: 0 });
  });

  test("a chat that comes back from the archive with the same change is not", async () => {
    const chat = await fixture.person.chats.create();
    await fixture.person.chats.change(chat.id, { archived: true });
    await fixture.person.chats.change(chat.id, { archived: false, pin_order: 3 });
    expect(await fixture.person.chats.get(chat.id)).toMatchObject({ archived: false, pin_order: 3 });
  });

  test("a child is refused, and unpinning one is not", async () => {
    const { children } = await createFamily(fixture.person);
    const child = { id: children[0]?.id ?? "" };
    expect(await refuse(child, { pin_order: 1 })).toMatchObject({
      status: 400,
      code: "child_chat",
      message: "Cannot pin a child chat.",
    });
    await fixture.person.chats.change(child.id, { pin_order: 0 });
  });
});

describe("archiving", () => {
  test("takes the family along, sets its clocks and clears the pin", async () => {
    const { root, children } = await createFamily(fixture.person, { children: 2 });
    await fixture.person.chats.change(root.id, { pin_order: 4 });
    await fixture.clock.advance(60_000);
    await fixture.person.chats.change(root.id, { archived: true });
    const now = fixture.clock.now();
    for (const { id } of [root, ...children]) {
      expect(await stored(id)).toMatchObject({ archived: true, archived_at: now, updated_at: now, pin_order: 0 });
    }
    expect(await fixture.person.chats.get(root.id)).toMatchObject({ archived_at: now.toISOString() });
  });

  test("is undone with the family, whose clock is cleared", async () => {
    const { root, children } = await createFamily(fixture.person, { children: 2 });
    await fixture.person.chats.change(root.id, { archived: true });
    await fixture.clock.advance(60_000);
    await fixture.person.chats.change(root.id, { archived: false });
    for (const { id } of [root, ...children]) {
      const updated_at = fixture.clock.now();
      expect(await stored(id)).toMatchObject({ archived: false, archived_at: null, updated_at, pin_order: 0 });
    }
  });

  test("is refused for a child in either direction, whatever it is", async () => {
    const { root, children } = await createFamily(fixture.person);
    const child = { id: children[0]?.id ?? "" };
    const expected = {
      status: 400,
      code: "child_chat",
      message: "Chat archive state can only be changed on the root chat.",
    };
    for (const archived of [true, false]) expect(await refuse(child, { archived })).toMatchObject(expected);
    await fixture.person.chats.change(root.id, { archived: true });
    for (const archived of [true, false]) expect(await refuse(child, { archived })).toMatchObject(expected);
  });

  test("is refused where it is so already", async () => {
    const chat = await fixture.person.chats.create();
    expect(await refuse(chat, { archived: false })).toMatchObject({
      status: 400,
      code: "chat_not_archived",
      message: "Chat is not archived.",
    });
    await fixture.person.chats.change(chat.id, { archived: true });
    expect(await refuse(chat, { archived: true })).toMatchObject({
      status: 400,
      code: "chat_archived",
      message: "Chat is already archived.",
    });
  });

  test.each(CHAT_STATUSES)(
    "of a family in which any chat is %s is refused exactly where that is at work",
    async (status) => {
      const isActive = ["running", "pending", "paused", "requires_action"].includes(status);
      for (const whose of ["root", "child"] as const) {
        const { root, children } = await createFamily(fixture.person, { children: 2 });
        await setChat(fixture, whose === "root" ? root.id : (children[1]?.id ?? ""), { status });
        if (isActive) {
          const answer = await refuse(root, { archived: true });
          expect(answer).toMatchObject({
            status: 409,
            code: "chat_active",
            message: "Cannot archive an active chat. Interrupt or wait for the chat to finish first.",
          });
          expect(await stored(children[0]?.id ?? "")).toMatchObject({ archived: false });
        } else {
          await fixture.person.chats.change(root.id, { archived: true });
          expect(await stored(root.id)).toMatchObject({ archived: true });
        }
      }
    },
  );

  test("back is not refused, whatever the chat does", async () => {
    const chat = await fixture.person.chats.create();
    await fixture.person.chats.change(chat.id, { archived: true });
    await setChat(fixture, chat.id, { status: "running" });
    await fixture.person.chats.change(chat.id, { archived: false });
    expect(await stored(chat.id)).toMatchObject({ archived: false });
  });

  test("leaves other families alone", async () => {
    const other = await createFamily(fixture.person);
    const { root } = await createFamily(fixture.person);
    await fixture.person.chats.change(root.id, { archived: true });
    for (const { id } of [other.root, ...other.children]) expect(await stored(id)).toMatchObject({ archived: false });
  });

  test("is audited once for the family, with who and whence, and without the title", async () => {
    const { root } = await createFamily(fixture.person, { title: "Private" });
    await fixture.person.chats.change(root.id, { archived: true, title: "Private too" });
    await fixture.person.chats.change(root.id, { archived: false });
    const { rows } = await fixture.pool.query(
      `SELECT user_id, resource_type, resource_id, resource_target, action, diff FROM audit_logs
       WHERE resource_type = 'chat' ORDER BY time, id`,
    );
    const entry = {
      user_id: fixture.person.id,
      resource_type: "chat",
      resource_id: root.id,
      resource_target: "",
      action: "write",
    };
    expect(rows).toEqual([
      { ...entry, diff: { archived: { old: false, new: true } } },
      { ...entry, diff: { archived: { old: true, new: false } } },
    ]);
  });
});

test("a write to an archived chat does not prolong its life", async () => {
  const chat = await fixture.person.chats.create();
  await fixture.person.chats.change(chat.id, { archived: true });
  const archivedAt = fixture.clock.now();
  await fixture.clock.advance(60_000);
  await fixture.person.chats.change(chat.id, { title: "Renamed", labels: { a: "b" }, pin_order: 0 });
  const recorded = await fixture
    .client(fixture.person.key)
    .recordDebugBatch({ chats: [{ id: chat.id, title: "Recorded", status: "completed" }] });
  expect(recorded.rejected).toEqual([]);
  expect(await stored(chat.id)).toMatchObject({ archived: true, archived_at: archivedAt, title: "Recorded" });
});
