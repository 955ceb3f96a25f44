import type { DebugBatch, DebugBatchResult } from "@shelflife/api-contract";
import { ShelflifeError } from "@shelflife/sdk";
import { beforeEach, describe, expect, it } from "vitest";

import { backoffDelay } from "../src/backoff.ts";
import { FAILURES_UNTIL_OPEN } from "../src/circuit.ts";
import { type RecordItem, RecordQueue } from "../src/record-queue.ts";
import { Sender } from "../src/sender.ts";
import { type WarningCode, Warnings } from "../src/warnings.ts";
import { FakeClock, settle } from "./fake-clock.ts";

const CHAT = "01990000-0000-7000-8000-00000000c4a7";

/** A server that takes batches in memory, until it is told to fail. */
class FakeServer {
  readonly tried: DebugBatch[] = [];
  readonly took: DebugBatch[] = [];
  failure: ShelflifeError | undefined;
  hold = false;
  rejected: DebugBatchResult["rejected"] = [];
  concurrent = 0;
  mostConcurrent = 0;
  #release: (() => void)[] = [];

  async take(batch: DebugBatch, signal: AbortSignal): Promise<DebugBatchResult> {
    this.tried.push(batch);
    this.concurrent += 1;
    this.mostConcurrent = Math.max(this.mostConcurrent, this.concurrent);
    try {
      if (this.hold) {
        await new Promise<void>((resolve, reject) => {
          this.#release.push(resolve);
          signal.addEventListener("abort", () => reject(new ShelflifeError({ code: "aborted", message: "Aborted." })));
        });
      }
      if (this.failure) throw this.failure;
      this.took.push(batch);
      return { accepted: 1, rejected: this.rejected };
    } finally {
      this.concurrent -= 1;
    }
  }

  release(): void {
    this.hold = false;
    for (const release of this.#release.splice(0)) release();
  }
}

const away = new ShelflifeError({ code: "network", message: "The server could not be reached." });
const badKey = new ShelflifeError({ code: "unauthenticated", status: 401, message: "Sign in first." });

let clock: FakeClock;
let server: FakeServer;
let warned: WarningCode[];

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  warned = [];
});

function makeSender(limits: { maxItems?: number; batchBytes?: number; maxAttempts?: number } = {}): Sender {
  return new Sender({
    queue: new RecordQueue({ maxItems: limits.maxItems ?? 100, maxBytes: 1_000_000, maxBatchBytes: 1_000_000 }),
    send: (batch, signal) => server.take(batch, signal),
    clock,
    random: () => 0,
    warnings: new Warnings((_, code) => void warned.push(code)),
    lingerMs: 1000,
    batchBytes: limits.batchBytes ?? 10_000,
    maxAttempts: limits.maxAttempts ?? 15,
  });
}

const run = (id: string, status = "in_progress"): RecordItem =>
  ({ kind: "run", value: { id, chat_id: CHAT, status } }) as RecordItem;

describe("batching", () => {
  it("lets the first item wait one second for company", async () => {
    const sender = makeSender();
    sender.push("r1", run("r1"));
    await clock.advance(999);
    expect(server.tried).toHaveLength(0);
    sender.push("r2", run("r2"));
    expect(clock.timers).toBe(1);
    await clock.advance(1);
    expect(server.took).toMatchObject([{ runs: [{ id: "r1" }, { id: "r2" }] }]);
    expect(sender.stats).toEqual({ queued: 0, sent: 2, dropped: 0, rejected: 0 });
  });

  it("makes one item of a start and an end that come within that second", async () => {
    const sender = makeSender();
    sender.push("r1", run("r1", "in_progress"));
    sender.push("r1", run("r1", "completed"));
    await clock.advance(1000);
    expect(server.took).toMatchObject([{ runs: [{ id: "r1", status: "completed" }] }]);
    expect(sender.stats.sent).toBe(1);
  });

  it("sends at once when enough bytes wait", async () => {
    const sender = makeSender({ batchBytes: 10 });
    sender.push("r1", run("r1"));
    await settle();
    expect(server.took).toHaveLength(1);
  });

  it("has one request on its way at a time, and what comes meanwhile follows in order", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.hold = true;
    for (const id of ["r1", "r2", "r3"]) sender.push(id, run(id));
    await settle();
    expect(server.tried).toHaveLength(1);
    expect(sender.stats.queued).toBe(3);
    server.release();
    await clock.advance(5000);
    expect(server.took.flatMap((batch) => batch.runs?.map(({ id }) => id))).toEqual(["r1", "r2", "r3"]);
    expect(server.mostConcurrent).toBe(1);
  });
});

describe("a server that is away", () => {
  it("gets everything when it is back, in order", async () => {
    const sender = makeSender();
    server.failure = away;
    sender.push("r1", run("r1"));
    await clock.advance(60_000);
    sender.push("r2", run("r2"));
    expect(server.tried.length).toBeGreaterThan(3);
    expect(sender.stats).toEqual({ queued: 2, sent: 0, dropped: 0, rejected: 0 });
    server.failure = undefined;
    await clock.advance(60_000);
    expect(server.took).toMatchObject([{ runs: [{ id: "r1" }] }, { runs: [{ id: "r2" }] }]);
    expect(sender.stats).toEqual({ queued: 0, sent: 2, dropped: 0, rejected: 0 });
    expect(warned).toEqual([]);
  });

  it("is tried less and less often, at most once a minute or as it asks", () => {
    expect([1, 2, 3, 8, 9, 100].map((failures) => backoffDelay(failures, 0))).toEqual([
      250, 500, 1000, 30_000, 30_000, 30_000,
    ]);
    expect([1, 2, 9].map((failures) => backoffDelay(failures, 1))).toEqual([500, 1000, 60_000]);
    expect(backoffDelay(1, 0, 7000)).toBe(7000);
    expect(backoffDelay(1, 0, 86_400_000)).toBe(300_000);
  });

  it("is not waited for beyond the tries: the batch is dropped, counted, and warned about once", async () => {
    const sender = makeSender({ maxAttempts: 2 });
    server.failure = away;
    for (const id of ["r1", "r2"]) {
      sender.push(id, run(id));
      await clock.advance(60_000);
    }
    expect(server.tried).toHaveLength(4);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 2, rejected: 0 });
    expect(warned).toEqual(["dropped"]);
  });

  it.each([408, 429, 500, 503])("answering %i is tried again", async (status) => {
    const sender = makeSender();
    server.failure = new ShelflifeError({ code: "unavailable", status, message: "Not now.", retryAfterMs: 2000 });
    sender.push("r1", run("r1"));
    await clock.advance(1000);
    expect(clock.untilNextTimer).toBe(2000);
    server.failure = undefined;
    await clock.advance(2000);
    expect(sender.stats.sent).toBe(1);
  });

  it("makes the queue overflow, which is counted and warned about once", async () => {
    const sender = makeSender({ maxItems: 3 });
    server.failure = away;
    for (let number = 0; number < 10; number += 1) sender.push(`r${number}`, run(`r${number}`));
    expect(sender.stats).toEqual({ queued: 3, sent: 0, dropped: 7, rejected: 0 });
    expect(warned).toEqual(["dropped"]);
    server.failure = undefined;
    await clock.advance(1000);
    expect(server.took).toMatchObject([{ runs: [{ id: "r7" }, { id: "r8" }, { id: "r9" }] }]);
  });
});

/** Makes the server fail until the circuit opens. */
async function openCircuit(sender: Sender): Promise<void> {
  server.failure = away;
  sender.push("r1", run("r1"));
  await clock.advance(1000);
  while (server.tried.length < FAILURES_UNTIL_OPEN) await clock.advance(clock.untilNextTimer ?? 0);
}

describe("the circuit to a server that is away", () => {
  it("lets one request find out whether the server is back, then the next after a longer wait", async () => {
    const sender = makeSender();
    await openCircuit(sender);
    const waits = [];
    for (let probe = 0; probe < 4; probe += 1) {
      const tried = server.tried.length;
      waits.push(clock.untilNextTimer);
      sender.push(`r${probe + 2}`, run(`r${probe + 2}`));
      await clock.advance((clock.untilNextTimer ?? 0) - 1);
      expect(server.tried).toHaveLength(tried);
      await clock.advance(1);
      expect(server.tried).toHaveLength(tried + 1);
    }
    expect(waits).toEqual([4000, 8000, 16_000, 30_000]);
    server.failure = undefined;
    await clock.advance(30_000 + 1000);
    expect(sender.stats).toEqual({ queued: 0, sent: 5, dropped: 0, rejected: 0 });
    expect(server.took).toHaveLength(2);
  });

  it("stays open for the next batch when one has been given up", async () => {
    const sender = makeSender({ maxAttempts: FAILURES_UNTIL_OPEN });
    await openCircuit(sender);
    expect(sender.stats.dropped).toBe(1);
    sender.push("r2", run("r2"));
    await clock.advance(3999);
    expect(server.tried).toHaveLength(FAILURES_UNTIL_OPEN);
    await clock.advance(1);
    expect(server.tried).toHaveLength(FAILURES_UNTIL_OPEN + 1);
  });

  it("does not let a full batch leave at once while it is open", async () => {
    const sender = makeSender({ maxAttempts: FAILURES_UNTIL_OPEN, batchBytes: 10 });
    await openCircuit(sender);
    sender.push("r2", run("r2"));
    await settle();
    expect(server.tried).toHaveLength(FAILURES_UNTIL_OPEN);
  });

  it.each([
    ["a good one", undefined],
    ["even a refusal", badKey],
  ])("closes with the first answer, %s, and begins anew with short waits", async (_, answer) => {
    const sender = makeSender();
    await openCircuit(sender);
    server.failure = answer;
    await clock.advance(4000);
    expect(sender.stats).toMatchObject({ queued: 0, sent: answer ? 0 : 1, rejected: answer ? 1 : 0 });
    server.failure = away;
    sender.push("r2", run("r2"));
    await clock.advance(1000);
    expect(clock.untilNextTimer).toBe(250);
  });

  it("ends a flush at once, so that nobody waits for a server that is away", async () => {
    const sender = makeSender();
    server.failure = away;
    sender.push("r1", run("r1"));
    for (let failure = 1; failure < FAILURES_UNTIL_OPEN; failure += 1) {
      void sender.flush(60_000);
      await settle();
    }
    expect(server.tried).toHaveLength(FAILURES_UNTIL_OPEN - 1);
    // The failure that opens the circuit ends the flush that has met it, and no timer had to run for that.
    expect(await sender.flush(60_000)).toBe(false);
    const tried = server.tried.length;
    expect(await sender.flush(60_000)).toBe(false);
    expect(server.tried).toHaveLength(tried);
    expect(sender.stats).toMatchObject({ queued: 1, dropped: 0 });
  });

  it("lets a flush find out whether the server is back, as soon as the wait is over", async () => {
    const sender = makeSender();
    await openCircuit(sender);
    server.failure = undefined;
    // A serverless process sleeps between its requests, so that no timer tells it of the time that went by.
    clock.sleep(4000);
    expect(await sender.flush(5000)).toBe(true);
    expect(sender.stats.sent).toBe(1);
  });
});

describe("a server that refuses", () => {
  it.each([400, 401, 403, 404, 413])("with %i is not asked again", async (status) => {
    const sender = makeSender();
    server.failure = new ShelflifeError({ code: "forbidden", status, message: "No." });
    sender.push("r1", run("r1"));
    await clock.advance(600_000);
    expect(server.tried).toHaveLength(1);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 0, rejected: 1 });
  });

  it("to answer as it should is no reason to fail: its batch is lost, and the next one goes", async () => {
    const sender = makeSender();
    server.rejected = undefined as unknown as DebugBatchResult["rejected"];
    sender.push("r1", run("r1"));
    expect(await sender.flush(5000)).toBe(false);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 1, rejected: 0 });
    expect(warned).toEqual(["dropped"]);
    server.rejected = [];
    sender.push("r2", run("r2"));
    expect(await sender.flush(5000)).toBe(true);
    expect(sender.stats.sent).toBe(1);
  });

  it("to answer as it should keeps nothing else from being sent", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.rejected = undefined as unknown as DebugBatchResult["rejected"];
    for (const id of ["r1", "r2"]) sender.push(id, run(id));
    await clock.advance(1000);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 2, rejected: 0 });
  });

  it("is warned about once for each reason", async () => {
    const sender = makeSender();
    server.failure = badKey;
    for (const id of ["r1", "r2"]) {
      sender.push(id, run(id));
      await clock.advance(1000);
    }
    expect(warned).toEqual(["rejected"]);
  });

  it("because recording is off is warned about once, with where to turn it on", async () => {
    const messages: string[] = [];
    const sender = new Sender({
      queue: new RecordQueue({ maxItems: 10, maxBytes: 10_000, maxBatchBytes: 10_000 }),
      send: (batch, signal) => server.take(batch, signal),
      clock,
      random: () => 0,
      warnings: new Warnings((message) => void messages.push(message)),
      lingerMs: 1000,
      batchBytes: 10_000,
      maxAttempts: 3,
    });
    server.rejected = [{ kind: "run", id: "r1", code: "debug_logging_off", message: "Off." }];
    for (const id of ["r1", "r2"]) {
      sender.push(id, run(id));
      await clock.advance(1000);
    }
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 0, rejected: 2 });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain("SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true");
    expect(messages[0]).toContain("chat debug logging settings");
  });
});

describe("flushing", () => {
  it("sends at once and is done when all has arrived", async () => {
    const sender = makeSender();
    sender.push("r1", run("r1"));
    expect(await sender.flush(5000)).toBe(true);
    expect(server.took).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("is done at once when nothing waits", async () => {
    expect(await makeSender().flush(5000)).toBe(true);
  });

  it("cuts a wait for the next try short", async () => {
    const sender = makeSender();
    server.failure = away;
    sender.push("r1", run("r1"));
    await clock.advance(1000);
    server.failure = undefined;
    expect(await sender.flush(5000)).toBe(true);
  });

  it("gives up when its time is over, and the items stay", async () => {
    const sender = makeSender();
    server.failure = away;
    sender.push("r1", run("r1"));
    const flushed = sender.flush(5000);
    await clock.advance(5000);
    expect(await flushed).toBe(false);
    expect(sender.stats.queued).toBe(1);
  });

  it("keeps the process alive for as long as somebody waits for it, and no other timer does", async () => {
    const sender = makeSender();
    server.failure = away;
    sender.push("r1", run("r1"));
    expect(clock.keepsAlive).toBe(false);
    const flushed = sender.flush(5000);
    await settle();
    expect(clock.keepsAlive).toBe(true);
    await clock.advance(5000);
    expect(await flushed).toBe(false);
    expect(clock.timers).toBe(1);
    expect(clock.keepsAlive).toBe(false);
  });

  it.each([401, 413])("does not call it done when the server refused a batch with %i", async (status) => {
    const sender = makeSender();
    server.failure = new ShelflifeError({ code: "forbidden", status, message: "No." });
    sender.push("r1", run("r1"));
    expect(await sender.flush(5000)).toBe(false);
    server.failure = undefined;
    sender.push("r2", run("r2"));
    expect(await sender.flush(5000)).toBe(true);
  });

  it("calls it done when all has arrived, whatever the server thinks of single items", async () => {
    const sender = makeSender();
    server.rejected = [{ kind: "run", id: "r1", code: "debug_logging_off", message: "Off." }];
    sender.push("r1", run("r1"));
    expect(await sender.flush(5000)).toBe(true);
    expect(sender.stats.rejected).toBe(1);
  });

  it("does not call it done when items were dropped", async () => {
    const sender = makeSender({ maxAttempts: 1 });
    server.failure = away;
    sender.push("r1", run("r1"));
    expect(await sender.flush(5000)).toBe(false);
  });
});

describe("closing", () => {
  it("ends what is on its way, drops and counts what waits, and sends nothing afterwards", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.hold = true;
    for (const id of ["r1", "r2"]) sender.push(id, run(id));
    sender.close();
    sender.push("r3", run("r3"));
    await clock.advance(600_000);
    expect(server.tried).toHaveLength(1);
    expect(server.concurrent).toBe(0);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 3, rejected: 0 });
    expect(clock.timers).toBe(0);
  });

  it("tries everything once more at the end of the process, without waiting", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.failure = away;
    for (const id of ["r1", "r2"]) sender.push(id, run(id));
    await settle();
    sender.sendLastChance();
    await settle();
    await settle();
    expect(sender.stats).toMatchObject({ queued: 0, dropped: 2 });
    expect(clock.timers).toBe(0);
    // Should the process go on after all, so does the recorder, tries and all.
    sender.push("r3", run("r3"));
    await clock.advance(1000);
    server.failure = undefined;
    await clock.advance(2000);
    expect(sender.stats.sent).toBe(1);
  });

  it("keeps a process that would end waiting for five seconds and no longer where no answer comes", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.hold = true;
    for (const id of ["r1", "r2"]) sender.push(id, run(id));
    sender.sendLastChance();
    await clock.advance(4999);
    expect(sender.stats.queued).toBe(2);
    await clock.advance(1);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 2, rejected: 0 });
    expect(server.concurrent).toBe(0);
    expect(clock.timers).toBe(0);
    // Should the process go on after all, so does the recorder.
    server.release();
    sender.push("r3", run("r3"));
    await clock.advance(1000);
    expect(sender.stats.sent).toBe(1);
  });

  it("does not keep a process that would end waiting for a server that was silent before", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.failure = new ShelflifeError({ code: "timeout", message: "The server did not answer in time." });
    sender.push("r1", run("r1"));
    await settle();
    sender.sendLastChance();
    expect(server.tried).toHaveLength(1);
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 1, rejected: 0 });
    expect(clock.timers).toBe(0);
  });

  it("does not try one batch after the other at the end of the process where the server is away", async () => {
    const sender = makeSender({ batchBytes: 10 });
    server.failure = away;
    for (let number = 0; number < 50; number += 1) sender.push(`r${number}`, run(`r${number}`));
    sender.sendLastChance();
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect(sender.stats).toEqual({ queued: 0, sent: 0, dropped: 50, rejected: 0 });
    expect(server.tried).toHaveLength(FAILURES_UNTIL_OPEN);
    expect(warned).toEqual(["dropped"]);
  });
});
