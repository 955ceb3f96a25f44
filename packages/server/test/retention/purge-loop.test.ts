import { pino } from "pino";
import { describe, expect, it } from "vitest";

import { PURGE_INTERVAL_MS, startPurgeLoop, type PurgeLoop } from "../../src/retention/purge-loop.ts";
import type { TickReport } from "../../src/retention/purge-tick.ts";
import { FakeClock } from "../fake-clock.ts";

const DONE: TickReport = { outcome: "success", policies: [] };
const log = pino({ level: "silent" });

/** A loop whose ticks end when the test says so. */
function createLoop(): {
  loop: PurgeLoop;
  clock: FakeClock;
  ticks: { end: (report: TickReport) => void; signal: AbortSignal }[];
} {
  const clock = new FakeClock();
  const ticks: { end: (report: TickReport) => void; signal: AbortSignal }[] = [];
  const runTick = (signal: AbortSignal): Promise<TickReport> => {
    const { promise, resolve } = Promise.withResolvers<TickReport>();
    ticks.push({ end: resolve, signal });
    return promise;
  };
  return { loop: startPurgeLoop({ runTick, clock, log }), clock, ticks };
}

describe("the purge loop", () => {
  it("ticks at once, and the next time ten minutes after the tick has ended", async () => {
    const { loop, clock, ticks } = createLoop();
    expect(ticks).toHaveLength(1);
    expect(loop.nextTickAt()).toBeNull();
    await clock.advance(2 * PURGE_INTERVAL_MS);
    expect(ticks, "ticks never overlap").toHaveLength(1);

    ticks[0]?.end(DONE);
    await clock.waitForSleepers(1);
    expect(loop.nextTickAt()).toEqual(new Date(clock.now().getTime() + PURGE_INTERVAL_MS));
    await clock.advance(PURGE_INTERVAL_MS - 1);
    expect(ticks).toHaveLength(1);
    await clock.advance(1);
    expect(ticks).toHaveLength(2);
    ticks[1]?.end(DONE);
    await loop.stop();
  });

  it("goes on after a failed tick and after one that was skipped", async () => {
    const { loop, clock, ticks } = createLoop();
    for (const outcome of ["failure", "skipped"] as const) {
      ticks.at(-1)?.end({ outcome, policies: [] });
      await clock.waitForSleepers(1);
      await clock.advance(PURGE_INTERVAL_MS);
    }
    expect(ticks).toHaveLength(3);
    ticks.at(-1)?.end(DONE);
    await loop.stop();
  });

  it("follows a tick that its time budget ended with the next one at once", async () => {
    const { loop, clock, ticks } = createLoop();
    const policy = {
      policy: "debug-runs",
      recordType: "chat_debug_runs",
      windowDays: 30,
      cutoff: new Date(),
      expired: 9,
      deleted: 4,
      left: 5,
      batches: 1,
      durationMs: 1,
      budgetEnded: true,
    };
    ticks[0]?.end({ outcome: "success", policies: [policy] });
    await clock.advance(0);
    expect(ticks).toHaveLength(2);
    ticks[1]?.end(DONE);
    await loop.stop();
  });

  it("waits for the running tick when it is stopped, and starts no further one", async () => {
    const { loop, clock, ticks } = createLoop();
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    expect(ticks[0]?.signal.aborted).toBe(true);
    await clock.advance(PURGE_INTERVAL_MS);
    expect(stopped).toBe(false);
    ticks[0]?.end(DONE);
    await stopping;
    expect(ticks).toHaveLength(1);
  });

  it("stops at once between two ticks", async () => {
    const { loop, clock, ticks } = createLoop();
    ticks[0]?.end(DONE);
    await clock.waitForSleepers(1);
    await loop.stop();
    expect(ticks).toHaveLength(1);
  });

  it("ticks at once when it is told to, and then again ten minutes after that tick has ended", async () => {
    const { loop, clock, ticks } = createLoop();
    expect(loop.runNow(), "one is running").toBe(false);
    ticks[0]?.end(DONE);
    await clock.waitForSleepers(1);
    expect(loop.runNow()).toBe(true);
    expect(loop.nextTickAt()).toBeNull();
    expect(loop.runNow(), "it has been told already").toBe(false);
    await clock.advance(0);
    expect(ticks).toHaveLength(2);

    ticks[1]?.end(DONE);
    await clock.waitForSleepers(1);
    expect(loop.nextTickAt()).toEqual(new Date(clock.now().getTime() + PURGE_INTERVAL_MS));
    await clock.advance(PURGE_INTERVAL_MS - 1);
    expect(ticks).toHaveLength(2);
    await clock.advance(1);
    expect(ticks).toHaveLength(3);
    ticks[2]?.end(DONE);
    await loop.stop();
    expect(loop.runNow(), "it has been stopped").toBe(false);
  });
});
