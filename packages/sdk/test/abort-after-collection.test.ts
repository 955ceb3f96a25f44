import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { ShelflifeClient } from "@shelflife/sdk";
import { expect, it } from "vitest";

import { type ScriptedAnswer, ScriptedServer } from "./scripted-server.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A body whose end never comes. */
const STALLED: ScriptedAnswer = { status: 200, headers: { "Content-Length": "1000" }, text: "{" };

it.each([
  ["has not begun to answer", "never" as const],
  ["stalls in the middle of its answer", STALLED],
])("ends a request to a server that %s, also after garbage was collected", async (_, answer) => {
  await using server = await ScriptedServer.start();
  server.answer = answer;
  const client = new ShelflifeClient({ baseUrl: server.url, key: "key" });
  const abort = new AbortController();
  const call = client.recordDebugBatch({ chats: [] }, { signal: abort.signal }).catch((error: unknown) => error);
  await expect.poll(() => server.received.length).toBe(1);
  for (let turn = 0; turn < 10; turn += 1) {
    await nextTurn();
    collectGarbage();
  }
  abort.abort();
  expect(await call).toMatchObject({ code: "aborted" });
});

it("ends a stream that has been opened, also after garbage was collected", async () => {
  await using server = await ScriptedServer.start();
  server.answer = STALLED;
  const client = new ShelflifeClient({ baseUrl: server.url, key: "key" });
  const abort = new AbortController();
  const stream = await client.exportChatDebug("01990000-0000-7000-8000-000000000001", { signal: abort.signal });
  const reader = stream.getReader();
  await reader.read();
  for (let turn = 0; turn < 10; turn += 1) {
    await nextTurn();
    collectGarbage();
  }
  abort.abort();
  await expect(reader.read()).rejects.toMatchObject({ name: "AbortError" });
});
