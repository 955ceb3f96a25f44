import { FILE_BYTES, FILE_NAME_CHARACTERS, type FileMediaType } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../src/clock.ts";
import { listen } from "../../src/http/listen.ts";
import { CHATS, readErrorBody } from "../test-app.ts";
import { createChatFixture, type ChatFixture } from "./chat-fixture.ts";
import { CONTENTS, utf8 } from "./file-contents.ts";

let fixture: ChatFixture;

beforeAll(async () => {
  fixture = await createChatFixture();
});

async function upload(
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  contentType: string | undefined,
  headers: Record<string, string> = {},
): Promise<Response> {
  const type: Record<string, string> = contentType === undefined ? {} : { "Content-Type": contentType };
  return fixture.request("POST", `${CHATS}/files`, { key: fixture.person.key, body, headers: { ...type, ...headers } });
}

async function stored(response: Response): Promise<{ name: string; mimetype: string; data: Buffer; owner_id: string }> {
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  const { rows } = await fixture.pool.query<Awaited<ReturnType<typeof stored>>>(
    "SELECT name, mimetype, data, owner_id FROM chat_files WHERE id = $1",
    [id],
  );
  return rows[0]!;
}

describe("a file of a type that is taken", () => {
  test.each(Object.entries(CONTENTS))("is stored as it came: %s", async (mediaType, content) => {
    expect(await stored(await upload(content, mediaType))).toEqual({
      name: "",
      mimetype: mediaType,
      data: Buffer.from(content),
      owner_id: fixture.person.id,
    });
  });

  test.each<[string | undefined, string | undefined, FileMediaType]>([
    ["TEXT/Plain; charset=utf-8", undefined, "text/plain"],
    ["image/jpg", undefined, "image/jpeg"],
    ["text/x-markdown", undefined, "text/markdown"],
    ["application/octet-stream", "notes.MD", "text/markdown"],
    ["application/octet-stream", "photo.jpeg", "image/jpeg"],
    [undefined, "table.csv", "text/csv"],
  ])("is known by %s and the name %s", async (contentType, name, expected) => {
    const headers: Record<string, string> =
      name === undefined ? {} : { "Content-Disposition": `attachment; filename=${name}` };
    expect(await stored(await upload(CONTENTS[expected], contentType, headers))).toMatchObject({ mimetype: expected });
  });

  test.each([
    ["a text that begins with letters which are a signature by chance", utf8("BMW is a maker of cars."), "text/plain"],
    ["a PNG that moves", animatedPng(), "image/png"],
    ["a log with colours", utf8("\u001b[31mred\u001b[0m\tand\ftabs\r\n"), "text/plain"],
    ["JSON with a byte order mark", utf8('\uFEFF{"a": 1}'), "application/json"],
    ["JSON that is one number", utf8("7"), "application/json"],
    ["a page as plain text, which is not shown as a page", utf8("<script>alert(1)</script>"), "text/plain"],
  ])("may be %s", async (_name, content, mediaType) => {
    expect((await upload(content, mediaType)).status).toBe(201);
  });
});

/** With the chunk after the header that makes it move; nobody looks at its checksum. */
function animatedPng(): Uint8Array<ArrayBuffer> {
  const png = CONTENTS["image/png"];
  const headerEnd = 33;
  const chunk = [0, 0, 0, 8, ...utf8("acTL"), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  return new Uint8Array([...png.slice(0, headerEnd), ...chunk, ...png.slice(headerEnd)]);
}

describe("a file is refused", () => {
  test.each([
    "text/html",
    "image/svg+xml",
    "application/javascript",
    "application/zip",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "text/plain, text/html",
    "*/*",
    "",
  ])("with 415 where it is said to be %j", async (contentType) => {
    const response = await upload(utf8("<p>"), contentType);
    expect(response.status).toBe(415);
    expect(await readErrorBody(response)).toMatchObject({
      code: "unsupported_media_type",
      message: "Files of this type are not taken; those that are: png, jpeg, gif, webp, txt, md, csv, json and pdf.",
    });
  });

  const zip = new Uint8Array([0x50, 0x4b, 0x03, 0x04, 0x14, 0x09]);
  const elf = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0x02, 0x01, 0x01, 0x00]);
  test.each<[string, string, Uint8Array<ArrayBuffer>, RegExp]>([
    [
      "a page that is said to be a picture",
      "image/png",
      utf8("<script>alert(1)</script>"),
      /not that of a file of the type/,
    ],
    [
      "one picture that is said to be another",
      "image/png",
      CONTENTS["image/gif"],
      /not that of a file of the type image\/png/,
    ],
    ["a picture that is said to be a PDF", "application/pdf", CONTENTS["image/png"], /not that of/],
    ["half of a signature", "image/png", CONTENTS["image/png"].slice(0, 4), /not that of/],
    ["a PDF that is said to be text", "text/plain", CONTENTS["application/pdf"], /looks like application\/pdf/],
    ["a picture that is said to be text", "text/csv", CONTENTS["image/gif"], /looks like image\/gif/],
    ["an archive that is said to be text", "text/plain", zip, /looks like application\/zip/],
    ["a program that is said to be text", "text/plain", elf, /not text/],
    ["text in another encoding", "text/plain", new Uint8Array([0x47, 0x72, 0xfc, 0xdf, 0x65]), /UTF-8/],
    ["text with U+0000", "text/markdown", utf8("a\0b"), /not text/],
    ["JSON that is none", "application/json", utf8("{days: 30}"), /not valid JSON/],
    ["JSON that ends early", "application/json", utf8('{"days":'), /not valid JSON/],
    ["nothing at all", "text/plain", new Uint8Array(), /empty/],
  ])("with 400 where it is %s", async (_name, mediaType, content, message) => {
    const response = await upload(content, mediaType);
    expect(response.status).toBe(400);
    const error = await readErrorBody(response);
    expect(error.code).toBe("unsupported_media_type");
    expect(error.message).toMatch(message);
  });

  test("with 415 where it is compressed on the way", async () => {
    const response = await upload(utf8("x"), "text/plain", { "Content-Encoding": "gzip" });
    expect([response.status, (await readErrorBody(response)).code]).toEqual([415, "unsupported_encoding"]);
  });

  test("and then nothing is stored", async () => {
    const count = async (): Promise<unknown> => (await fixture.pool.query("SELECT count(*) FROM chat_files")).rows;
    const before = await count();
    await upload(utf8("x"), "text/html");
    await upload(utf8("x"), "image/png");
    expect(await count()).toEqual(before);
  });
});

describe("the size of a file", () => {
  test("may be 10 MiB exactly", async () => {
    const content = new Uint8Array(FILE_BYTES).fill(0x61);
    expect((await stored(await upload(content, "text/plain"))).data.length).toBe(FILE_BYTES);
  });

  test("may not be a byte more", async () => {
    const response = await upload(new Uint8Array(FILE_BYTES + 1).fill(0x61), "text/plain");
    expect([response.status, await readErrorBody(response)]).toEqual([
      413,
      { message: "File too large.", code: "body_too_large" },
    ]);
  });

  /** A body without an end, which counts what is taken of it. */
  function endless(): { stream: ReadableStream<Uint8Array>; sent: () => number; cancelled: () => boolean } {
    const chunk = new Uint8Array(1024 * 1024).fill(0x61);
    let sent = 0;
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
      cancel() {
        cancelled = true;
      },
    });
    return { stream, sent: () => sent, cancelled: () => cancelled };
  }

  test("is found out while it is read, and nothing is read beyond", async () => {
    const body = endless();
    expect((await upload(body.stream, "text/plain")).status).toBe(413);
    expect(body.sent()).toBeLessThanOrEqual(FILE_BYTES + 3 * 1024 * 1024);
    expect(body.cancelled()).toBe(true);
  });

  test("that is announced to be too large is not read at all", async () => {
    const body = endless();
    const response = await upload(body.stream, "text/plain", { "Content-Length": String(FILE_BYTES + 1) });
    expect(response.status).toBe(413);
    expect(body.sent()).toBeLessThanOrEqual(2 * 1024 * 1024);
  });

  test("is found out over a socket too, and the server goes on serving", async () => {
    const listener = await listen(fixture.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
    try {
      const body = endless();
      const headers = { "Content-Type": "text/plain", "Coder-Session-Token": fixture.person.key };
      const request = new Request(`${listener.url}${CHATS}/files`, {
        method: "POST",
        headers,
        body: body.stream,
        duplex: "half",
      });
      const status = await fetch(request).then(
        (response) => response.status,
        // The server may hang up before the client has read the answer.
        () => 413,
      );
      expect(status).toBe(413);
      expect(body.sent()).toBeLessThan(20 * FILE_BYTES);
      expect((await fetch(`${listener.url}/healthz`)).status).toBe(200);
    } finally {
      await listener.close();
    }
  });

  test("of a body that breaks off is answered, and nothing is stored", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(utf8("The beginning"));
        controller.error(new Error("the connection broke"));
      },
    });
    expect((await upload(stream, "text/plain")).status).toBe(400);
  });
});

describe("the name of a file", () => {
  test.each<[string, string]>([
    ["attachment; filename=plain.txt", "plain.txt"],
    ['attachment; filename="with space.txt"', "with space.txt"],
    ['form-data; name="x"; filename="quoted \\"q\\".txt"', 'quoted "q".txt'],
    ["attachment; filename=\"fallback.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%F0%9F%98%80.txt", "Grüße 😀.txt"],
    ['attachment; filename="/etc/passwd"', "passwd"],
    ['attachment; filename="..\\\\..\\\\windows.txt"', "windows.txt"],
    ["attachment; filename*=UTF-8''..%2F..%2Fup.txt", "up.txt"],
    ["attachment; filename*=UTF-8''a%00b%0D%0AX-Header%3A%201%1F.txt", "abX-Header: 1.txt"],
    ["attachment; filename*=UTF-8''txt.%E2%80%AEgnp", "txt.gnp"],
    ['attachment; filename=".."', ""],
    ['attachment; filename="  "', ""],
    ["attachment", ""],
    ["", ""],
    [";;;=;filename", ""],
    ["attachment; filename*=UTF-8''%FF%", expect.any(String) as string],
    [`attachment; filename="${"x".repeat(300)}.txt"`, `${"x".repeat(FILE_NAME_CHARACTERS - 4)}.txt`],
    [`attachment; filename="${"x".repeat(300)}"`, "x".repeat(FILE_NAME_CHARACTERS)],
    [`attachment; filename="${Buffer.from("Grüße.txt").toString("latin1")}"`, "Grüße.txt"],
    [`attachment; filename="Gr\u00fc\u00dfe.txt"`, "Grüße.txt"],
  ])("in %j is %j", async (header, expected) => {
    const response = await upload(utf8("x"), "text/plain", { "Content-Disposition": header });
    expect((await stored(response)).name).toEqual(expected);
  });

  test.each(["it's (1) *new*.txt", "a\ud800b.txt", "Grüße 😀.txt", 'a"b;c=d.txt'])(
    "arrives as the client was given it: %j",
    async (name) => {
      const id = await fixture.person.chats.uploadFile({ content: utf8("x"), name, mediaType: "text/plain" });
      const { rows } = await fixture.pool.query<{ name: string }>("SELECT name FROM chat_files WHERE id = $1", [id]);
      expect(rows[0]?.name).toBe(name.toWellFormed());
    },
  );
});
