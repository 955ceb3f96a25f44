import { isMoreAggressive, RETENTION_DAYS_MAX } from "@shelflife/api-contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { settleWindow, type WindowState } from "../../src/store/window-grace.ts";

const START = new Date("2026-03-01T00:00:00.000Z").getTime();
const HOUR = 3_600_000;

/** Something that happens some time after what happened before: a change of the window, or a tick that looks at it. */
interface Event {
  readonly afterMs: number;
  /** Undefined: nothing is set, a tick reads what there is. */
  readonly days: number | undefined;
}

const days = fc.oneof(
  fc.constantFrom(0, 1, 7, 30, RETENTION_DAYS_MAX),
  fc.integer({ min: 0, max: RETENTION_DAYS_MAX }),
);
const event: fc.Arbitrary<Event> = fc.record({
  // Whole hours meet the end of a grace period exactly, and 0 lets two things happen at one moment.
  afterMs: fc.oneof(
    fc.integer({ min: 0, max: 48 }).map((hours) => hours * HOUR),
    fc.integer({ min: 0, max: 48 * HOUR }),
  ),
  days: fc.option(days, { nil: undefined, freq: 2 }),
});
const graceMs = fc.integer({ min: 1, max: 48 }).map((hours) => hours * HOUR);
const history = fc.record({ first: days, events: fc.array(event, { maxLength: 30 }), graceMs });

interface Moment {
  readonly now: number;
  readonly set: number;
  /** The window that a purge at this moment goes by, and the one that it went by just before. */
  readonly effective: number;
  readonly before: number;
  /** Every window that was set at some moment of the grace period that ends now, and 0 before a purge saw the first. */
  readonly recent: readonly number[];
}

/** Plays a history through as the store does: changes and ticks each leave a state, and any moment can be read. */
function* play({ first, events, graceMs }: { first: number; events: readonly Event[]; graceMs: number }) {
  let now = START;
  let set = first;
  let state: WindowState | undefined;
  const sets: { readonly at: number; readonly days: number }[] = [{ at: Number.NEGATIVE_INFINITY, days: 0 }];
  for (const { afterMs, days } of [{ afterMs: 0, days: undefined }, ...events]) {
    now += afterMs;
    const before = settleWindow(state, { days: set, now: new Date(now), graceMs }).effectiveDays;
    if (days === undefined) {
      state = settleWindow(state, { days: set, now: new Date(now), graceMs });
    } else {
      set = days;
      // A change only remembers since when its window waits; what applies, a tick decides.
      state = settleWindow(state, { days, now: new Date(now), graceMs: Number.POSITIVE_INFINITY });
    }
    if (set !== sets.at(-1)?.days || sets.length === 1) sets.push({ at: now, days: set });
    const { effectiveDays: effective } = settleWindow(state, { days: set, now: new Date(now), graceMs });
    const recent = sets.filter((_, index) => (sets[index + 1]?.at ?? Number.POSITIVE_INFINITY) > now - graceMs);
    yield { now, set, effective, before, recent: recent.map((one) => one.days) } satisfies Moment;
  }
}

describe("the window that the purge goes by", () => {
  test("never deletes sooner than any window that was set during the grace period before", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { effective, recent } of play(input)) {
          for (const days of recent) expect(isMoreAggressive(effective, days)).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("is never shorter than the one that is set", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { effective, set } of play(input)) expect(isMoreAggressive(effective, set)).toBe(false);
      }),
    );
  });

  test("is the one that is set as soon as that keeps at least as long", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { effective, set, before } of play(input)) {
          if (!isMoreAggressive(set, before)) expect(effective).toBe(set);
        }
      }),
    );
  });

  test("is the one that is set once that has stood for the grace period", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { effective, set, recent } of play(input)) {
          if (recent.every((days) => days === set)) expect(effective).toBe(set);
        }
      }),
    );
  });

  test("is the one that is set where there is no grace period, whatever came before and whichever clock wrote it", () => {
    const state = fc.option(
      fc.record({ effectiveDays: days, setDays: days, shortenedAt: fc.date({ noInvalidDate: true }) }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(state, days, fc.date({ noInvalidDate: true }), (before, set, now) => {
        expect(settleWindow(before, { days: set, now, graceMs: 0 })).toMatchObject({
          effectiveDays: set,
          setDays: set,
        });
      }),
    );
  });
});

test("a window comes into force exactly at the end of its grace period, and a millisecond before it does not", () => {
  const state = { effectiveDays: 30, setDays: 7, shortenedAt: new Date(START) };
  const at = (now: number): number => settleWindow(state, { days: 7, now: new Date(now), graceMs: HOUR }).effectiveDays;
  expect(at(START + HOUR - 1)).toBe(30);
  expect(at(START + HOUR)).toBe(7);
});
