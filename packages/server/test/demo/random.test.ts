import { expect, it } from "vitest";

import { Deck } from "../../src/demo/deck.ts";
import { Random } from "../../src/demo/random.ts";

it("gives the same numbers for the same seed, on every machine", () => {
  const random = new Random("shelflife");
  expect(Array.from({ length: 5 }, () => random.integer(0, 999_999))).toMatchInlineSnapshot(`
    [
      322640,
      369360,
      272406,
      32938,
      826293,
    ]
  `);
});

it("forks a source that does not depend on how much of it was used", () => {
  const used = new Random("seed");
  used.bytes(100);
  expect(used.fork("turn 1").fraction()).toBe(new Random("seed").fork("turn 1").fraction());
  expect(used.fork("turn 1").fraction()).not.toBe(used.fork("turn 2").fraction());
});

it("reaches both ends of a range, and nothing beyond", () => {
  const random = new Random("range");
  const drawn = new Set(Array.from({ length: 500 }, () => random.integer(-1, 3)));
  expect([...drawn].toSorted((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3]);
});

it("picks each value about as often as its weight", () => {
  const random = new Random("weights");
  const drawn = Array.from({ length: 10_000 }, () =>
    random.weighted([
      [90, "often"],
      [10, "seldom"],
      [0, "never"],
    ]),
  );
  const seldom = drawn.filter((value) => value === "seldom").length;
  expect(seldom).toBeGreaterThan(850);
  expect(seldom).toBeLessThan(1_150);
  expect(drawn).not.toContain("never");
});

it("deals every card before one comes again, and no hand holds one twice", () => {
  const random = new Random("cards");
  const deck = new Deck([1, 2, 3, 4, 5]);
  const round = Array.from({ length: 5 }, () => deck.deal(random));
  expect(round.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  for (let hand = 0; hand < 50; hand += 1) expect(new Set(deck.dealSome(random, 3)).size).toBe(3);
  expect(deck.dealSome(random, 9)).toHaveLength(5);
});
