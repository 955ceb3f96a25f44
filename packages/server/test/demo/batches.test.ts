import { gzipSync } from "node:zlib";

import { INGEST_BODY_BYTES, INGEST_ITEMS } from "@shelflife/api-contract";
import { expect, it } from "vitest";

import { packBatches } from "../../src/demo/batches.ts";
import type { RecordedChat } from "../../src/demo/family.ts";
import { generateFamilies } from "../../src/demo/generate.ts";
import { generateChats, NOW, SMALL } from "./whole-demo.ts";

const batches = [...packBatches(generateFamilies(SMALL, NOW), { nameOwners: true })];

it("sends every chat, run and step, and each run once", () => {
  const chats = generateChats();
  const sent = batches.flatMap(({ batch }) => batch.runs ?? []);
  expect(sent.map(({ id }) => id)).toEqual(chats.flatMap(({ runs }) => runs.map(({ run }) => run.id)));
  expect(new Set(batches.flatMap(({ batch }) => batch.chats ?? []).map(({ id }) => id)).size).toBe(chats.length);
  expect(batches.reduce((sum, { chatsDone }) => sum + chatsDone, 0)).toBe(chats.length);
});

it("makes each batch whole by itself: a run comes with its chat, its steps, and its chat's parent", () => {
  for (const { batch } of batches) {
    const chats = new Map(batch.chats?.map((chat) => [chat.id, chat]));
    const runs = new Set(batch.runs?.map(({ id }) => id));
    for (const run of batch.runs ?? []) expect(chats.has(run.chat_id)).toBe(true);
    for (const step of batch.steps ?? []) expect(runs.has(step.run_id)).toBe(true);
    for (const run of runs) expect(batch.steps?.some((step) => step.run_id === run)).toBe(true);
    for (const { parent_chat_id: parent } of chats.values()) {
      if (parent !== undefined) expect(chats.has(parent)).toBe(true);
    }
  }
});

it("names the parent again where a family is split between two batches", () => {
  const parent = recordedChat("parent", { text: "x".repeat(2_000_000) });
  const child = recordedChat("child", { parent: "parent", text: "y" });
  const [first, second] = [...packBatches([[parent, child]], { nameOwners: true })].map(({ batch }) => batch);
  expect(first?.runs?.map(({ chat_id }) => chat_id)).toEqual(["parent"]);
  expect(second?.runs?.map(({ chat_id }) => chat_id)).toEqual(["child"]);
  expect(second?.chats?.map(({ id }) => id)).toEqual(["parent", "child"]);
});

it("packs about a megabyte into a batch, far below what the server takes", () => {
  for (const { batch } of batches) {
    const json = JSON.stringify(batch);
    expect(json.length).toBeLessThan(INGEST_BODY_BYTES / 4);
    expect(gzipSync(json).length).toBeLessThan(INGEST_BODY_BYTES / 16);
    expect((batch.chats?.length ?? 0) + (batch.runs?.length ?? 0) + (batch.steps?.length ?? 0)).toBeLessThan(
      INGEST_ITEMS,
    );
  }
  const full = batches.slice(0, -1).map(({ batch }) => JSON.stringify(batch).length);
  expect(Math.min(...full)).toBeGreaterThan(1_000_000);
});

it("says whose a chat is only where it is told to", () => {
  expect(batches.flatMap(({ batch }) => batch.chats ?? []).filter(({ owner }) => owner === undefined)).toEqual([]);
  const unnamed = [...packBatches(generateFamilies(SMALL, NOW), { nameOwners: false })];
  expect(unnamed.flatMap(({ batch }) => batch.chats ?? []).filter(({ owner }) => owner !== undefined)).toEqual([]);
});

function recordedChat(id: string, { parent, text }: { parent?: string; text: string }): RecordedChat {
  const at = NOW.toISOString();
  const run = { id: `run of ${id}`, chat_id: id, updated_at: at };
  const step = { id: `step of ${id}`, run_id: run.id, chat_id: id, metadata: { text } };
  const chat = { id, ...(parent !== undefined && { parent_chat_id: parent }) };
  return { chat, owner: "somebody@example.com", runs: [{ run, steps: [step] }] };
}
