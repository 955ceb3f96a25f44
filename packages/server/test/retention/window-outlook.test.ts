import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { describeOutlook, readWindowOutlooks } from "../../src/retention/window-outlook.ts";
import { insertChat, setWindow, tick } from "./policies/life-cycle-fixture.ts";
import { createPurgeFixture, daysBefore, insertRuns, MS_PER_DAY, NOW, type PurgeFixture } from "./purge-fixture.ts";

const setting = RETENTION_SETTINGS["debug-retention-days"];
const GRACE_MS = 7 * MS_PER_DAY;

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

/** The lines of a banner for one setting. */
async function linesOf(
  name: keyof typeof RETENTION_SETTINGS = setting.name,
  { graceMs = 0, enabled = true } = {},
): Promise<string[]> {
  const store = authorizedStore(fixture.store, { kind: "operator" });
  const outlooks = await readWindowOutlooks(
    { store, clock: fixture.clock, log: pino({ level: "silent" }), purge: { policies: RETENTION_POLICIES, graceMs } },
    new AbortController().signal,
  );
  expect(outlooks).toHaveLength(Object.keys(RETENTION_SETTINGS).length);
  return outlooks
    .filter((outlook) => outlook.setting.name === name)
    .flatMap((one) => describeOutlook(one, { enabled }));
}

describe("years of old data and no setting", () => {
  beforeEach(async () => {
    await insertRuns(fixture, [daysBefore(2_000), daysBefore(900), daysBefore(31), daysBefore(5)]);
    await insertChat(fixture, { archivedAt: daysBefore(900) });
  });

  it("are announced before the first purge, for each window that would take something", async () => {
    expect(await linesOf()).toEqual([
      "debug-retention-days: 30 days (default)",
      `the first purge will delete 3 chat_debug_runs older than ${daysBefore(30).toISOString()}`,
    ]);
    expect(await linesOf("retention-days")).toEqual([
      "retention-days: 30 days (default)",
      `the first purge will delete 1 chats older than ${daysBefore(30).toISOString()}`,
    ]);
    expect(await linesOf("auto-archive-days")).toEqual(["auto-archive-days: 0, nothing is archived (default)"]);
  });

  it("are announced as what would go, where the purge is switched off", async () => {
    expect((await linesOf(setting.name, { enabled: false }))[1]).toMatch(/^the first purge would delete 3 /);
  });

  it("are announced no more once a purge has gone by the window", async () => {
    await tick(fixture);
    await insertRuns(fixture, [daysBefore(900)]);
    expect(await linesOf()).toEqual(["debug-retention-days: 30 days (default)"]);
  });

  it("are announced again where the window was shortened since, by SQL while nothing ran", async () => {
    await tick(fixture);
    await insertRuns(fixture, [daysBefore(10)]);
    await setWindow(fixture, setting.name, 7);
    expect(await linesOf()).toEqual([
      "debug-retention-days: 7 days",
      `the first purge will delete 1 chat_debug_runs older than ${daysBefore(7).toISOString()}`,
    ]);
    await setWindow(fixture, setting.name, 60);
    expect(await linesOf()).toEqual(["debug-retention-days: 60 days"]);
  });

  it("are announced also where the window was set before any purge saw it", async () => {
    await fixture.store.changeRetentionWindow(setting, 1_000, { userId: null });
    expect((await linesOf())[1]).toMatch(/^the first purge will delete 1 chat_debug_runs/);
    await fixture.store.changeRetentionWindow(setting, 0, { userId: null });
    expect(await linesOf()).toEqual(["debug-retention-days: 0, kept for ever"]);
  });

  it("are announced with the moment until which a grace period holds them", async () => {
    const due = new Date(NOW.getTime() + GRACE_MS).toISOString();
    expect(await linesOf(setting.name, { graceMs: GRACE_MS })).toEqual([
      "debug-retention-days: 30 days (default)",
      `waits until ${due}; until then: 0, kept for ever`,
      `by now it would delete 3 chat_debug_runs older than ${daysBefore(30).toISOString()}`,
    ]);
    await tick(fixture, { graceMs: GRACE_MS });
    await fixture.clock.advance(MS_PER_DAY);
    expect((await linesOf(setting.name, { graceMs: GRACE_MS }))[1], "the first tick has started it").toContain(due);
  });
});

it("a window that was shortened waits, with the window that holds until then", async () => {
  await tick(fixture);
  await fixture.store.changeRetentionWindow(setting, 7, { userId: null });
  await insertRuns(fixture, [daysBefore(10)]);
  expect(await linesOf(setting.name, { graceMs: GRACE_MS })).toEqual([
    "debug-retention-days: 7 days",
    `waits until ${new Date(NOW.getTime() + GRACE_MS).toISOString()}; until then: 30 days`,
    `by now it would delete 1 chat_debug_runs older than ${daysBefore(7).toISOString()}`,
  ]);
});

it("a window that cannot be read says so, and keeps no other from being told", async () => {
  await setWindow(fixture, setting.name, "soon");
  expect(await linesOf()).toEqual([
    "debug-retention-days: cannot be read; nothing of it is purged until it is set again",
  ]);
  expect(await linesOf("retention-days")).toEqual(["retention-days: 30 days (default)"]);
});

it("more than is counted, or what could not be counted in time, is not passed off as all", () => {
  const window = {
    set: { days: 30, source: "default" as const },
    effectiveDays: 30,
    waitingSince: null,
    lastEffectiveDays: null,
  };
  const linesFor = (count: number): string[] =>
    describeOutlook(
      {
        setting,
        action: "delete",
        window,
        dueAt: null,
        taking: [
          {
            policy: "debug-runs",
            record_type: "chat_debug_runs",
            action: "delete",
            proposed: {
              days: 30,
              cutoff: NOW.toISOString(),
              records: { count, at_least: true },
              bytes: null,
              oldest: null,
              newest: null,
              sample: [],
            },
            current: null,
            difference: null,
          },
        ],
      },
      { enabled: true },
    );
  expect(linesFor(100_000)[1]).toMatch(/^the first purge will delete at least 100000 chat_debug_runs/);
  expect(linesFor(0)[1]).toMatch(/^the first purge will delete an unknown number of chat_debug_runs/);
});
