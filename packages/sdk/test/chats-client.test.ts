import { ShelflifeClient } from "@shelflife/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ScriptedServer } from "./scripted-server.ts";

const PREFIX = "/api/experimental/chats";
const CHAT = "01990000-0000-7000-8000-000000000001";
const FILE = "01990000-0000-7000-8000-000000000002";
const PERSON = "01990000-0000-7000-8000-000000000003";
const TIME = "2026-01-02T03:04:05.678Z";

let server: ScriptedServer;
let chats: ShelflifeClient["chats"];

beforeEach(async () => {
  server = await ScriptedServer.start();
  ({ chats } = new ShelflifeClient({ baseUrl: server.url, key: "a-key" }));
});

afterEach(() => server[Symbol.asyncDispose]());

const chat = {
  id: CHAT,
  organization_id: PERSON,
  owner_id: PERSON,
  title: "Deploying on a Friday",
  status: "waiting",
  created_at: TIME,
  updated_at: TIME,
  archived: false,
  pin_order: 0,
  labels: {},
  has_unread: false,
  children: [],
};
const message = { id: 7, chat_id: CHAT, created_at: TIME, role: "user", content: [{ type: "text", text: "Hello" }] };

describe("chats", () => {
  it("are listed without a query where nothing is asked for", async () => {
    server.answer = { status: 200, json: [chat] };
    expect(await chats.list()).toEqual([chat]);
    expect(server.last).toMatchObject({ method: "GET", path: PREFIX });
  });

  it("are listed by what is asked for, each label as a parameter of its own", async () => {
    server.answer = { status: 200, json: [] };
    await chats.list({ archived: false, q: "a friday", labels: { team: "web", env: "a:b" }, limit: 5, after_id: CHAT });
    expect(server.last.path).toBe(
      `${PREFIX}?archived=false&q=a+friday&limit=5&after_id=${CHAT}&label=team%3Aweb&label=env%3Aa%3Ab`,
    );
  });

  it("of another person come without what their owner wrote", async () => {
    const { id, owner_id, status, created_at, updated_at, archived } = chat;
    server.answer = { status: 200, json: [{ id, owner_id, status, created_at, updated_at, archived }] };
    expect(await chats.listOfOwner(PERSON, { archived: true })).toHaveLength(1);
    expect(server.last.path).toBe(`${PREFIX}?owner_id=${PERSON}&archived=true`);
  });

  it("are created, read and changed", async () => {
    server.answer = { status: 201, json: chat };
    expect(await chats.create({ title: chat.title })).toEqual(chat);
    expect(server.last).toMatchObject({ method: "POST", path: PREFIX, json: { title: chat.title } });
    server.answer = { status: 200, json: { ...chat, files: [], children: [{ ...chat, parent_chat_id: CHAT }] } };
    expect((await chats.get(CHAT)).children).toHaveLength(1);
    expect(server.last).toMatchObject({ method: "GET", path: `${PREFIX}/${CHAT}` });
    server.answer = { status: 204 };
    await chats.change(CHAT, { archived: true });
    expect(server.last).toMatchObject({ method: "PATCH", path: `${PREFIX}/${CHAT}`, json: { archived: true } });
  });

  it("tell by its code why a change was refused", async () => {
    const message = "Cannot archive an active chat. Interrupt or wait for the chat to finish first.";
    server.answer = { status: 409, json: { message, code: "chat_active" } };
    await expect(chats.change(CHAT, { archived: true })).rejects.toMatchObject({
      name: "ShelflifeError",
      code: "chat_active",
      status: 409,
      message,
      retryable: false,
    });
  });

  it("of a shape that the API does not promise are refused", async () => {
    server.answer = { status: 200, json: [{ ...chat, status: "dreaming" }] };
    await expect(chats.list()).rejects.toMatchObject({ code: "unexpected_response" });
  });
});

describe("messages", () => {
  it("are paged by the ids of messages", async () => {
    const page = { messages: [message], queued_messages: [], has_more: true };
    server.answer = { status: 200, json: page };
    expect(await chats.listMessages(CHAT, { before_id: 9, limit: 1 })).toEqual(page);
    expect(server.last.path).toBe(`${PREFIX}/${CHAT}/messages?before_id=9&limit=1`);
  });

  it("are sent, and say where they wait", async () => {
    server.answer = { status: 201, json: { ...message, queued: true } };
    const content = [
      { type: "text" as const, text: "Hello" },
      { type: "file" as const, file_id: FILE },
    ];
    expect((await chats.sendMessage(CHAT, { role: "user", content })).queued).toBe(true);
    expect(server.last).toMatchObject({
      method: "POST",
      path: `${PREFIX}/${CHAT}/messages`,
      json: { role: "user", content },
    });
  });

  it("are edited", async () => {
    server.answer = { status: 200, json: message };
    const content = [{ type: "text" as const, text: "Better" }];
    expect(await chats.editMessage(CHAT, 7, content)).toEqual(message);
    expect(server.last).toMatchObject({ method: "PATCH", path: `${PREFIX}/${CHAT}/messages/7`, json: { content } });
  });

  it("may be tried again where too many wait", async () => {
    server.answer = { status: 429, json: { message: "Message queue is full.", code: "rate_limited" } };
    await expect(chats.sendMessage(CHAT, { role: "user", content: [] })).rejects.toMatchObject({ retryable: true });
  });
});

describe("files", () => {
  it("are uploaded as they are, with their type and a name that any header can carry", async () => {
    server.answer = { status: 201, json: { id: FILE } };
    const content = new TextEncoder().encode('{"a": 1}');
    const name = "it's (1) *Grüße*\ud800.json";
    expect(await chats.uploadFile({ content, name, mediaType: "application/json" })).toBe(FILE);
    expect(server.last).toMatchObject({ method: "POST", path: `${PREFIX}/files` });
    expect(new Uint8Array(server.last.bytes)).toEqual(content);
    expect(server.last.headers).toMatchObject({
      "content-type": "application/json",
      "content-disposition": "attachment; filename*=UTF-8''it%27s%20%281%29%20%2aGr%C3%BC%C3%9Fe%2a%EF%BF%BD.json",
    });
  });

  it("may be a blob", async () => {
    server.answer = { status: 201, json: { id: FILE } };
    await chats.uploadFile({ content: new Blob(["[]"]), name: "a.json", mediaType: "application/json" });
    expect(server.last.bytes.toString()).toBe("[]");
    expect(server.last.headers["content-type"]).toBe("application/json");
  });

  it("are downloaded with their type", async () => {
    server.answer = { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, text: "Notes" };
    const file = await chats.downloadFile(FILE);
    expect([file.mediaType, await file.content.text()]).toEqual(["text/plain; charset=utf-8", "Notes"]);
    expect(server.last.path).toBe(`${PREFIX}/files/${FILE}`);
  });

  it("that are too large are refused by their code", async () => {
    server.answer = { status: 413, json: { message: "File too large.", code: "body_too_large" } };
    const upload = chats.uploadFile({ content: new Blob(["[]"]), name: "", mediaType: "application/json" });
    await expect(upload).rejects.toMatchObject({ status: 413, code: "body_too_large" });
  });
});
