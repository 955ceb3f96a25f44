import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";

test("a sleeper wakes at its time, not a millisecond earlier", async () => {
  const clock = new FakeClock();
  let awake = false;
  const sleeping = clock.sleep(1_000).then(() => (awake = true));
  await clock.advance(999);
  expect(awake).toBe(false);
  await clock.advance(1);
  await sleeping;
  expect(awake).toBe(true);
});

test("sleepers wake in the order of their deadlines, and each reads its own", async () => {
  const clock = new FakeClock("2026-03-01T00:00:00.000Z");
  const woken: string[] = [];
  const sleep = async (ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push(clock.now().toISOString().slice(17, 23));
  };
  const sleeps = [sleep(3_000), sleep(1_000), sleep(2_000)];
  await clock.advance(10_000);
  await Promise.all(sleeps);
  expect(woken).toEqual(["01.000", "02.000", "03.000"]);
  expect(clock.now()).toEqual(new Date("2026-03-01T00:00:10.000Z"));
});

test("a loop that sleeps again is woken again within one advance", async () => {
  const clock = new FakeClock();
  let rounds = 0;
  const loop = async (): Promise<void> => {
    for (; rounds < 3; rounds++) await clock.sleep(1_000);
  };
  const looping = loop();
  await clock.advance(3_000);
  await looping;
  expect(rounds).toBe(3);
});

test("an aborted sleep ends at once, and no longer counts as a sleeper", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);
  expect(clock.sleepers).toBe(1);
  abort.abort();
  await sleeping;
  await clock.sleep(1_000, abort.signal);
  expect(clock.sleepers).toBe(0);
});

test("setting the wall clock wakes nobody and lets no time pass", async () => {
  const clock = new FakeClock();
  void clock.sleep(1_000);
  clock.set("2031-01-01T00:00:00.000Z");
  expect(clock.now()).toEqual(new Date("2031-01-01T00:00:00.000Z"));
  expect(clock.monotonic()).toBe(0);
  expect(clock.sleepers).toBe(1);
});

test("waiting for sleepers ends when so many sleep at the same time", async () => {
  const clock = new FakeClock();
  let two = false;
  const waiting = clock.waitForSleepers(2).then(() => (two = true));
  void clock.sleep(1_000);
  await clock.waitForSleepers();
  expect(two).toBe(false);
  void clock.sleep(1_000);
  await waiting;
});

test("with autoAdvance two sleeps end in the order of their deadlines, and the clock has moved", async () => {
  const clock = new FakeClock(undefined, { autoAdvance: true });
  const order: number[] = [];
  await Promise.all([3_000, 1_000].map((ms) => clock.sleep(ms).then(() => order.push(ms))));
  expect(order).toEqual([1_000, 3_000]);
  expect(clock.monotonic()).toBe(3_000);
});
