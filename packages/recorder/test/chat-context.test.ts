import fc from "fast-check";
import { expect, it } from "vitest";

import { chatUuid, readChat } from "../src/chat-context.ts";
import { inChat } from "../src/in-chat.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

it("keeps a chat id that is a UUID, in lower case", () => {
  expect(chatUuid("01990000-0000-7000-8000-00000000C4A7")).toBe("01990000-0000-7000-8000-00000000c4a7");
});

it("maps any other id to a UUID, the same in every process and release", () => {
  expect(chatUuid("chat-42")).toBe("9db32125-dc9f-5560-8def-da1f46ff2f79");
});

it("maps different ids to different UUIDs, and the same id of two namespaces too", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 10 }), (ids) => {
      const mapped = ids.flatMap((id) => [chatUuid(id), chatUuid(id, "support"), chatUuid(id, "sales")]);
      expect(new Set(mapped).size).toBe(mapped.length);
      for (const uuid of mapped) expect(uuid).toMatch(UUID);
    }),
  );
});

it("reads what inChat wrote", () => {
  const { runtimeContext, telemetry } = inChat({
    chatId: "chat-42",
    kind: "compaction",
    title: " Plans ",
    owner: "a@example.com",
  });
  expect(telemetry.includeRuntimeContext.shelflife).toBe(true);
  expect(readChat(runtimeContext, "")).toEqual({
    id: chatUuid("chat-42"),
    kind: "compaction",
    title: "Plans",
    owner: "a@example.com",
  });
});

it.each([
  undefined,
  null,
  {},
  { shelflife: null },
  { shelflife: {} },
  { shelflife: { chatId: "" } },
  { shelflife: { chatId: 7 } },
])("finds no chat in %j", (runtimeContext) => {
  expect(readChat(runtimeContext, "")).toBeUndefined();
});

it("leaves out what the server would refuse the chat or the run for", () => {
  const shelflife = { chatId: "chat-42", kind: "gossip", title: "  ", owner: 7 };
  expect(readChat({ shelflife }, "")).toEqual({ id: chatUuid("chat-42"), kind: "chat_turn" });
  expect(readChat({ shelflife: { chatId: "chat-42", title: "x".repeat(201) } }, "")?.title).toHaveLength(200);
});
