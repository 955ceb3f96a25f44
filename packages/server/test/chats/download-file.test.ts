import { randomUUID } from "node:crypto";

import { FILE_MEDIA_TYPES } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { CHATS } from "../test-app.ts";
import { createChatFixture, refusal, say, setChat, text, type ChatFixture, type ChatPerson } from "./chat-fixture.ts";
import { CONTENTS, utf8 } from "./file-contents.ts";

let fixture: ChatFixture;
let person: ChatPerson;

beforeEach(async () => {
  fixture = await createChatFixture();
  ({ person } = fixture);
});

const filePath = (id: string): string => `${CHATS}/files/${id}`;

const uploadText = (name = "notes.txt"): Promise<string> =>
  person.chats.uploadFile({ content: utf8("Notes"), name, mediaType: "text/plain" });

async function download(
  id: string,
  { key = person.key, headers = {} }: { key?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fixture.request("GET", filePath(id), { key, headers });
}

describe("a download", () => {
  test.each(FILE_MEDIA_TYPES)("of %s is what was uploaded, and nothing of it can run", async (mediaType) => {
    const content = CONTENTS[mediaType];
    const id = await person.chats.uploadFile({ content, name: "Grüße.x", mediaType });
    const response = await download(id);
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content);
    const place = mediaType.startsWith("image/") ? "inline" : "attachment";
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": mediaType.startsWith("text/") ? `${mediaType}; charset=utf-8` : mediaType,
      "content-disposition": `${place}; filename="Gr??e.x"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.x`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-cache",
      etag: `"${id}"`,
    });
  });

  test.each([
    ["😀.txt", `attachment; filename="??.txt"; filename*=UTF-8''%F0%9F%98%80.txt`],
    ['a"b.txt', 'attachment; filename="a\\"b.txt"'],
    ["", "attachment"],
  ])("of a file that is called %j says so in a header that can be sent", async (name, expected) => {
    const response = await download(await uploadText(name));
    expect(response.headers.get("Content-Disposition")).toBe(expected);
  });

  test("is not sent again to whoever has it", async () => {
    const id = await uploadText();
    for (const known of [`"${id}"`, `W/"${id}"`, `"other", "${id}"`, "*"]) {
      const response = await download(id, { headers: { "If-None-Match": known } });
      expect([response.status, await response.text()]).toEqual([304, ""]);
      expect(response.headers.get("ETag")).toBe(`"${id}"`);
    }
    expect((await download(id, { headers: { "If-None-Match": '"other"' } })).status).toBe(200);
  });

  test("by the client is a blob with its media type", async () => {
    const file = await person.chats.downloadFile(await uploadText());
    expect([file.mediaType, await file.content.text()]).toEqual(["text/plain; charset=utf-8", "Notes"]);
  });

  test("is refused where the id is none, and does not exist where there is no such file", async () => {
    expect(await refusal(fixture, ["GET", filePath("x")])).toMatchObject({ status: 400, message: "Invalid file ID." });
    expect(await refusal(fixture, ["GET", filePath(randomUUID())])).toMatchObject({ status: 404, code: "not_found" });
  });
});

describe("another person's file", () => {
  test("does not exist for any role, known or not, though chats of its owner's link it", async () => {
    const id = await uploadText();
    const chat = await person.chats.create();
    await person.chats.sendMessage(chat.id, { role: "user", content: [{ type: "file", file_id: id }] });
    for (const role of ["member", "auditor", "owner"] as const) {
      const { key } = await fixture.createPerson(role);
      expect((await download(id, { key })).status).toBe(404);
      expect((await download(id, { key, headers: { "If-None-Match": `"${id}"` } })).status).toBe(404);
    }
  });

  test("cannot be sent, and is then not linked", async () => {
    const id = await uploadText();
    const other = await fixture.createPerson("owner");
    const chat = await other.chats.create();
    const own = await other.chats.uploadFile({ content: utf8("x"), name: "", mediaType: "text/plain" });
    const content = [{ type: "file", file_id: own }, ...text("and"), { type: "file", file_id: id.toUpperCase() }];
    const path = `${CHATS}/${chat.id}/messages`;
    expect(await refusal(fixture, ["POST", path], { role: "user", content }, other.key)).toMatchObject({
      status: 400,
      validations: [{ field: "content.2.file_id", detail: "there is no such file, or you may not read it" }],
    });
    expect((await other.chats.get(chat.id)).files).toEqual([]);
    expect((await other.chats.listMessages(chat.id)).messages).toEqual([]);
  });

  test("is read and sent on by whoever has a chat that links it, until that chat is being deleted", async () => {
    const id = await uploadText();
    const other = await fixture.createPerson();
    const chat = await other.chats.create();
    await fixture.pool.query("INSERT INTO chat_file_links (chat_id, file_id) VALUES ($1, $2)", [chat.id, id]);
    expect((await download(id, { key: other.key })).status).toBe(200);
    const next = await other.chats.create();
    await other.chats.sendMessage(next.id, { role: "user", content: [{ type: "file", file_id: id }] });
    expect((await other.chats.get(next.id)).files).toMatchObject([{ id, name: "notes.txt" }]);
    for (const { id: chatId } of [chat, next]) await setChat(fixture, chatId, { purging_at: new Date() });
    expect((await download(id, { key: other.key })).status).toBe(404);
    expect((await download(id)).status, "its owner's still").toBe(200);
  });
});

test("a chat says which files it links, once each, from the oldest to the newest and without their bytes", async () => {
  const chat = await person.chats.create();
  const ids = [await uploadText("one.txt"), await uploadText("two.md")];
  const parts = ids.map((file_id) => ({ type: "file" as const, file_id }));
  await person.chats.sendMessage(chat.id, { role: "user", content: [...parts.toReversed(), ...parts] });
  await person.chats.sendMessage(chat.id, { role: "tool", content: parts });
  await say(person, chat, ["assistant", "Thank you"]);
  const { files } = await person.chats.get(chat.id);
  const created_at = fixture.clock.now().toISOString();
  expect(files).toEqual([
    { id: ids[0], name: "one.txt", mimetype: "text/plain", size: 5, created_at },
    { id: ids[1], name: "two.md", mimetype: "text/plain", size: 5, created_at },
  ]);
  expect((await person.chats.list())[0]).not.toHaveProperty("files");
});
