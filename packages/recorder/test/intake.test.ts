import { expect, it } from "vitest";

import { Intake } from "../src/intake.ts";
import { Warnings } from "../src/warnings.ts";
import { FakeClock } from "./fake-clock.ts";

it("does work after the application's own, in order, and what fails does not stop the rest", () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const intake = new Intake(clock, () => void done.push("lost"));
  intake.accept(() => void done.push("first"));
  intake.accept(() => expect.fail("unreadable"));
  intake.accept(() => void done.push("third"));
  expect(done).toEqual([]);
  clock.runDeferred();
  expect(done).toEqual(["first", "lost", "third"]);
});

it("takes work that comes while work is done, for the next time", () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const intake = new Intake(clock, () => undefined);
  intake.accept(() => intake.accept(() => void done.push("second")));
  clock.runDeferred();
  expect(done).toEqual([]);
  clock.runDeferred();
  expect(done).toEqual(["second"]);
});

it("holds the event loop for a millisecond at once, and does what is left in the turns that follow", () => {
  const clock = new FakeClock();
  const done: number[] = [];
  const intake = new Intake(clock, () => undefined);
  for (let number = 1; number <= 5; number += 1) {
    intake.accept(() => {
      clock.sleep(0.4);
      done.push(number);
    });
  }
  clock.runDeferred();
  expect(done).toEqual([1, 2, 3]);
  intake.accept(() => void done.push(6));
  clock.runDeferred();
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
});

it("does a hundredth of what waits in each turn, however long each piece takes", () => {
  const clock = new FakeClock();
  let done = 0;
  const intake = new Intake(clock, () => undefined);
  for (let number = 0; number < 1_000; number += 1) {
    intake.accept(() => {
      clock.sleep(5);
      done += 1;
    });
  }
  clock.runDeferred();
  expect(done).toBe(10);
  clock.runDeferred();
  expect(done).toBe(20);
});

it("goes on by itself after it was drained", () => {
  const clock = new FakeClock();
  const done: string[] = [];
  const intake = new Intake(clock, () => undefined);
  intake.accept(() => void done.push("first"));
  intake.drain();
  clock.runDeferred();
  intake.accept(() => void done.push("second"));
  clock.runDeferred();
  expect(done).toEqual(["first", "second"]);
});

it("leaves nothing undone when it is drained, not even what the work itself put off", () => {
  const done: string[] = [];
  const intake = new Intake(new FakeClock(), () => undefined);
  intake.accept(() => intake.accept(() => void done.push("second")));
  intake.drain();
  expect(done).toEqual(["second"]);
});

it("loses what is more than it holds, and says so", () => {
  let lost = 0;
  const intake = new Intake(new FakeClock(), () => void (lost += 1));
  for (let number = 0; number < 10_003; number += 1) intake.accept(() => undefined);
  expect(lost).toBe(3);
});

it("warns once of each thing, whatever the application's handler does", () => {
  const said: string[] = [];
  const warnings = new Warnings((message) => {
    said.push(message);
    throw new Error("broken handler");
  });
  for (const about of ["a", "a", "b"]) warnings.once("rejected", `Refused: ${about}.`, about);
  expect(said).toEqual(["[shelflife] Refused: a.", "[shelflife] Refused: b."]);
});
