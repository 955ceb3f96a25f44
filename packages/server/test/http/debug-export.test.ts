import { randomUUID } from "node:crypto";

import { debugChatExportSchema, debugRunExportSchema, type DebugRun } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { chatItem, completeRun, runItem, stepItem } from "../debug-batches.ts";
import { message } from "../recording/stored-payloads.ts";
import { CHATS, createTestApp, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let owner: TestUser;
/** A run that is read while it is listed here is purged between the list and its own turn. */
const vanishing = new Set<string>();
const unreadable = new Set<string>();
let runsRead = 0;

beforeAll(async () => {
  app = await createTestApp({
    around: (store) => ({
      ...store,
      async readDebugRun(reading) {
        runsRead += 1;
        if (unreadable.has(reading.runId)) throw new Error("the disk is gone");
        if (vanishing.has(reading.runId)) {
          await app.pool.query("DELETE FROM chat_debug_runs WHERE id = $1", [reading.runId]);
        }
        return store.readDebugRun(reading);
      },
    }),
  });
  owner = await app.createUser();
});

async function recordChat(runs: number): Promise<{ chatId: string; runIds: string[] }> {
  const chat_id = randomUUID();
  const runIds: string[] = [];
  for (let index = 0; index < runs; index += 1) {
    const started_at = new Date(app.clock.now().getTime() - index * 1000).toISOString();
    const { run, batch } = completeRun({ chat_id, started_at });
    expect(await app.client(owner.key).recordDebugBatch(batch)).toMatchObject({ rejected: [] });
    runIds.push(run.id);
  }
  return { chatId: chat_id, runIds };
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<unknown> {
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).json();
}

describe("the export of a chat", () => {
  test("holds its runs newest first, each as its own route answers it", async () => {
    const { chatId, runIds } = await recordChat(3);
    const client = app.client(owner.key);
    const runs: DebugRun[] = [];
    for (const id of runIds) runs.push(await client.getDebugRun(chatId, id));
    const document = await readAll(await client.exportChatDebug(chatId));
    expect(debugChatExportSchema.parse(document)).toEqual({
      version: 1,
      scope: "chat",
      exported_at: app.clock.now().toISOString(),
      chat_id: chatId,
      run_count: 3,
      requested_run_count: 3,
      limited_to_most_recent: 100,
      runs,
    });
  });

  test("of a chat without runs is a whole document", async () => {
    const chat = chatItem();
    await app.client(owner.key).recordDebugBatch({ chats: [chat] });
    const document = await readAll(await app.client(owner.key).exportChatDebug(chat.id));
    expect(debugChatExportSchema.parse(document)).toMatchObject({ run_count: 0, requested_run_count: 0, runs: [] });
  });

  test("names the run that was purged while it ran, and holds the others", async () => {
    const { chatId, runIds } = await recordChat(3);
    vanishing.add(runIds[0]!);
    const document = debugChatExportSchema.parse(await readAll(await app.client(owner.key).exportChatDebug(chatId)));
    expect(document).toMatchObject({ run_count: 2, requested_run_count: 3 });
    expect(document.failed_runs).toEqual([{ id: runIds[0], error: "The run is gone." }]);
    expect(document.runs.map(({ id }) => id)).toEqual(runIds.slice(1));
  });

  test("is a download that no cache keeps", async () => {
    const { chatId } = await recordChat(1);
    const response = await app.request("GET", `${CHATS}/${chatId}/debug/export`, { key: owner.key });
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(response.headers.get("Content-Disposition")).toBe(`attachment; filename="shelflife-chat-${chatId}.json"`);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    await response.body?.cancel();
  });

  test("stops reading when whoever asked for it goes away, which is no failure", async () => {
    const { chatId } = await recordChat(20);
    const [before, logged] = [runsRead, app.logged.length];
    const response = await app.request("GET", `${CHATS}/${chatId}/debug/export`, { key: owner.key });
    const reader = response.body!.getReader();
    await reader.read();
    const next = reader.read();
    await Promise.all([reader.cancel(), next]);
    expect(await app.client(owner.key).listDebugRuns(chatId)).toHaveLength(20);
    expect(runsRead - before).toBeLessThan(5);
    expect(app.logged.slice(logged).filter(({ level }) => level === "error")).toEqual([]);
  });

  test("names the run that could not be read, and holds the others", async () => {
    const { chatId, runIds } = await recordChat(2);
    unreadable.add(runIds[1]!);
    const document = debugChatExportSchema.parse(await readAll(await app.client(owner.key).exportChatDebug(chatId)));
    expect(document.failed_runs).toEqual([{ id: runIds[1], error: "The run could not be read." }]);
    expect(document.runs.map(({ id }) => id)).toEqual(runIds.slice(0, 1));
  });
});

describe("the export of a run", () => {
  test("holds the run as its own route answers it", async () => {
    const { chatId, runIds } = await recordChat(1);
    const [runId] = runIds;
    const client = app.client(owner.key);
    const document = await readAll(await client.exportDebugRun(chatId, runId!));
    expect(debugRunExportSchema.parse(document)).toEqual({
      version: 1,
      scope: "run",
      exported_at: app.clock.now().toISOString(),
      chat_id: chatId,
      run_id: runId,
      run: await client.getDebugRun(chatId, runId!),
    });
  });
});

test("a run that is far larger than what it stores is never held whole: its answers come step by step", async () => {
  const chat_id = randomUUID();
  const run = runItem({ chat_id, status: "completed" });
  const messages = Array.from({ length: 100 }, (_, index) => message(`history ${index}`, 800));
  const steps = Array.from({ length: 40 }, (_, index) =>
    stepItem(run, { step_number: index + 1, status: "completed", normalized_request: { messages } }),
  );
  const client = app.client(owner.key);
  expect(await client.recordDebugBatch({ runs: [run], steps })).toMatchObject({ rejected: [] });
  const aStep = JSON.stringify(await client.getDebugStep(chat_id, run.id, steps[0]!.id)).length;
  for (const path of [`runs/${run.id}`, `runs/${run.id}/export`, "export"]) {
    const response = await app.request("GET", `${CHATS}/${chat_id}/debug/${path}`, { key: owner.key });
    const pieces: number[] = [];
    for await (const piece of response.body!) pieces.push(piece.length);
    expect(Math.max(...pieces)).toBeLessThan(aStep + 100);
    expect(pieces.reduce((total, length) => total + length)).toBeGreaterThan(steps.length * (aStep - 100));
  }
});

test("nothing of another person's chat is exported, not even to an administrator", async () => {
  const { chatId, runIds } = await recordChat(1);
  for (const role of ["member", "auditor", "owner"] as const) {
    const { key } = await app.createUser({ role });
    await expect(app.client(key).exportChatDebug(chatId)).rejects.toMatchObject({ status: 404 });
    await expect(app.client(key).exportDebugRun(chatId, runIds[0]!)).rejects.toMatchObject({ status: 404 });
  }
});
