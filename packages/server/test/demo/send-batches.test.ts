import { ShelflifeClient } from "@shelflife/sdk";
import { expect, it } from "vitest";

import type { DemoBatch } from "../../src/demo/batches.ts";
import { sendBatches } from "../../src/demo/send-batches.ts";
import { FakeClock } from "../fake-clock.ts";

type Answer = (call: number, request: Request) => Response | Promise<Response>;

function accepted(): Response {
  return Response.json({ accepted: 1, rejected: [] });
}

function failure(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ message: `answered ${status}`, code }, { status, headers });
}

/** A server that never answers. */
function untilAborted({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

function batchesOf(count: number): DemoBatch[] {
  return Array.from({ length: count }, (_, index) => ({
    batch: { chats: [], runs: [{ id: `run-${index}`, chat_id: "chat" }], steps: [] },
    chatsDone: 1,
  }));
}

/** Sends so many batches to a server that answers like this, with a clock on which pauses take no time. */
function sending(count: number, answer: Answer, signal?: AbortSignal) {
  const clock = new FakeClock(undefined, { autoAdvance: true });
  const bodies: string[] = [];
  const sent: number[] = [];
  const client = new ShelflifeClient({
    baseUrl: "http://shelflife.test",
    key: "key",
    async fetch(request) {
      bodies.push(await request.clone().text());
      return answer(bodies.length, request);
    },
  });
  const done = sendBatches(batchesOf(count), { client, clock, signal, onSent: ({ runs }) => sent.push(runs) });
  return { done, bodies, sent, clock };
}

it.each([
  [503, "unavailable"],
  [429, "unavailable"],
  [500, "internal"],
])("sends a batch again that was answered with %i", async (status, code) => {
  const { done, bodies, sent } = sending(1, (call) => (call < 3 ? failure(status, code) : accepted()));
  expect(await done).toEqual([]);
  expect(bodies).toHaveLength(3);
  expect(new Set(bodies).size).toBe(1);
  expect(sent).toEqual([1]);
});

it("waits as long as the server asks for", async () => {
  const answer: Answer = (call) => (call === 1 ? failure(429, "unavailable", { "Retry-After": "7" }) : accepted());
  const { done, clock } = sending(1, answer);
  await done;
  expect(clock.monotonic()).toBe(7_000);
});

it("gives up in one sentence after six tries, each after a longer pause", async () => {
  const { done, bodies, clock } = sending(1, () => failure(503, "unavailable"));
  await expect(done).rejects.toMatchObject({
    code: "demo_not_sent",
    message: expect.stringMatching(/^[^\n]*unavailable/),
  });
  expect(bodies).toHaveLength(6);
  expect(clock.monotonic()).toBe(500 + 1_000 + 2_000 + 4_000 + 8_000);
});

it("does not repeat what was refused for good, and soon sends nothing more", async () => {
  const { done, bodies } = sending(500, (call) => (call === 2 ? failure(403, "forbidden") : accepted()));
  await expect(done).rejects.toMatchObject({ code: "demo_not_sent" });
  expect(bodies.length).toBeLessThan(100);
  expect(new Set(bodies).size).toBe(bodies.length);
});

it("says why it failed, and not that it stopped what else was under way", async () => {
  const { done } = sending(3, (call, request) => (call === 3 ? failure(403, "forbidden") : untilAborted(request)));
  await expect(done).rejects.toMatchObject({ code: "demo_not_sent", message: expect.stringContaining("forbidden") });
});

it("has at most three requests under way", async () => {
  let underWay = 0;
  let most = 0;
  const { done, sent } = sending(20, async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    underWay -= 1;
    return accepted();
  });
  await done;
  expect(sent).toHaveLength(20);
  expect(most).toBe(3);
});

it("collects what the server refuses, and goes on", async () => {
  const gone = { kind: "run", id: "run-1", code: "gone", message: "This run has been deleted." };
  const answer: Answer = (call) => (call === 2 ? Response.json({ accepted: 0, rejected: [gone] }) : accepted());
  const { done, sent } = sending(4, answer);
  expect(await done).toEqual([gone]);
  expect(sent).toHaveLength(4);
});

it("stops where recording is off, and says how to turn it on", async () => {
  const off = { kind: "chat", id: "", code: "debug_logging_off", message: "off" };
  const { done } = sending(4, () => Response.json({ accepted: 0, rejected: [off] }));
  await expect(done).rejects.toMatchObject({
    code: "recording_off",
    message: expect.stringContaining("SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true"),
  });
});

it("stops when it is told to, in the middle of a request", async () => {
  const stopping = new AbortController();
  const { done } = sending(
    10,
    (_call, request) => {
      setImmediate(() => stopping.abort());
      return untilAborted(request);
    },
    stopping.signal,
  );
  await expect(done).rejects.toMatchObject({ code: "demo_stopped" });
});
