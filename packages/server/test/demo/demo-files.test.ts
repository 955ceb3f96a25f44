import { expect, it } from "vitest";

import { fileOf } from "../../src/demo/demo-files.ts";
import { createTestApp } from "../test-app.ts";

it("makes files of several kinds, which the server takes and gives back byte for byte", async () => {
  const app = await createTestApp();
  const { chats } = app.client((await app.createUser()).key);
  const made = Array.from({ length: 60 }, (_, index) => fileOf(`chat ${index}`)).filter((file) => file !== undefined);
  expect(made.length).toBeLessThan(60);
  const kinds = Object.values(Object.groupBy(made, ({ mediaType }) => mediaType)).flatMap((files) => files?.[0] ?? []);
  expect(kinds.map(({ mediaType }) => mediaType).toSorted()).toEqual(["image/png", "text/csv", "text/plain"]);
  for (const file of kinds) {
    const { content, mediaType } = await chats.downloadFile(await chats.uploadFile(file));
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(file.content);
    expect(mediaType).toContain(file.mediaType);
  }
});

it("shows the same with a chat every time", () => {
  const ids = Array.from({ length: 20 }, (_, index) => `chat ${index}`);
  expect(ids.map(fileOf)).toEqual(ids.map(fileOf));
});
