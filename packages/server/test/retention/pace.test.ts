import { describe, expect, it } from "vitest";

import { ForegroundLoad } from "../../src/http/foreground-load.ts";
import { BatchPacer } from "../../src/retention/pace.ts";
import { FakeClock } from "../fake-clock.ts";
import { PACE } from "./purge-fixture.ts";

const quiet = new AbortController().signal;

describe("the size of a batch", () => {
  it("shrinks to what its target time allows, and grows back by doubling at the most", async () => {
    const clock = new FakeClock();
    const pacer = new BatchPacer({ ...PACE, batchSize: 800, batchTargetMs: 100 }, clock);
    const take = async (ms: number): Promise<number> => {
      await pacer.time(() => clock.advance(ms));
      pacer.grow();
      return pacer.limit;
    };
    expect(await take(400), "800 took four times too long").toBe(200);
    expect(await take(100), "200 take exactly as long as they should").toBe(200);
    expect(await take(10)).toBe(400);
    expect(await take(10)).toBe(800);
    expect(await take(1), "never above the maximum").toBe(800);
    expect(await take(1_000_000), "never below one").toBe(1);
  });

  it("halves after a failure, down to one", () => {
    const pacer = new BatchPacer({ ...PACE, batchSize: 5 }, new FakeClock());
    const sizes = [1, 2, 3].map(() => (pacer.halve(), pacer.limit));
    expect(sizes).toEqual([2, 1, 1]);
  });
});

describe("the pause after a batch", () => {
  async function pauseOf(dutyPercent: number, isForegroundSlow: () => boolean): Promise<number> {
    const clock = new FakeClock(undefined, { autoAdvance: true });
    const pacer = new BatchPacer({ ...PACE, dutyPercent, isForegroundSlow }, clock);
    await pacer.time(() => clock.advance(100));
    const before = clock.monotonic();
    await pacer.pause(quiet);
    return clock.monotonic() - before;
  }

  it("follows the duty cycle", async () => {
    expect(await pauseOf(25, () => false)).toBe(300);
    expect(await pauseOf(50, () => false)).toBe(100);
    expect(await pauseOf(100, () => false)).toBe(0);
  });

  it("is four times as long while the foreground is slow", async () => {
    expect(await pauseOf(25, () => true)).toBe(1200);
  });
});

describe("the foreground", () => {
  it("is slow while its requests take longer than the limit on average, and no longer once they do not", () => {
    const load = new ForegroundLoad(new FakeClock(), 250);
    expect(load.isSlow()).toBe(false);
    load.observe(251);
    expect(load.isSlow()).toBe(true);
    for (let request = 0; request < 5; request += 1) load.observe(10);
    expect(load.isSlow()).toBe(false);
    load.observe(2_000);
    expect(load.isSlow(), "one slow request among fast ones weighs a tenth").toBe(true);
  });

  it("is forgotten after ten seconds without a request", async () => {
    const clock = new FakeClock();
    const load = new ForegroundLoad(clock, 250);
    load.observe(5_000);
    await clock.advance(10_001);
    expect(load.isSlow()).toBe(false);
    load.observe(10);
    expect(load.isSlow(), "and weighs nothing in the next average").toBe(false);
  });
});
