import fc from "fast-check";
import { expect, it } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { createDebugPayloadsPolicy } from "../../src/retention/policies/debug-payloads.ts";
import { createDebugRunsPolicy } from "../../src/retention/policies/debug-runs.ts";
import { runPurgeTick } from "../../src/retention/purge-tick.ts";
import type { Store } from "../../src/store/store.ts";
import { partitionsOf, readBody, recordRun, recordStep, type RecordedRun } from "./payload-fixture.ts";
import { createPurgeFixture, NOW, type PurgeFixture } from "./purge-fixture.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW_DAYS = 3;

/** From one tick to the next in these histories, at the most. */
const TICK_GAP = 12 * HOUR;

/** A partition's length, the hour for which an ended one is left alone, and a tick. */
const OUTLIVES_AT_MOST = DAY + HOUR + TICK_GAP;

/** One thing that happens; numbers are shares of what there is at that moment. */
type Event =
  | { readonly kind: "record"; readonly startedHoursAgo: number }
  | { readonly kind: "touch"; readonly run: number }
  | { readonly kind: "window"; readonly days: number }
  | { readonly kind: "tick"; readonly hours: number; readonly diesAtCall: number | null };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("record" as const), startedHoursAgo: fc.integer({ min: 0, max: 96 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("touch" as const), run: fc.nat({ max: 999 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("window" as const), days: fc.constantFrom(0, 1, WINDOW_DAYS, 5) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("tick" as const),
      hours: fc.integer({ min: 1, max: TICK_GAP / HOUR }),
      diesAtCall: fc.option(fc.nat({ max: 25 }), { freq: 4 }),
    }),
  },
);

it(
  "never loses a payload of a live run, and never lets one outlive its run for longer than it may",
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 30 }), async (events) => {
        const history = await startHistory();
        for (const next of events) await history.happen(next);
        // Two quiet days of ticks at the end: what may still lie around must go by itself.
        for (let tick = 0; tick < 4; tick += 1) await history.happen({ kind: "tick", hours: 12, diesAtCall: null });
      }),
      { numRuns: 12 },
    );
  },
);

async function startHistory(): Promise<{ happen(event: Event): Promise<void> }> {
  const fixture = await createPurgeFixture();
  await fixture.setWindow(String(WINDOW_DAYS));
  const runs: { run: RecordedRun; startedAt: Date }[] = [];
  const goneSince = new Map<string, Date>();
  const now = (): Date => fixture.clock.now();
  let sinceWholeTick = 0;

  return {
    async happen(next) {
      if (next.kind === "record") {
        const startedAt = new Date(now().getTime() - next.startedHoursAgo * HOUR);
        runs.push({ run: await recordRun(fixture, { startedAt }), startedAt });
      } else if (next.kind === "touch") {
        const chosen = runs[next.run % Math.max(1, runs.length)];
        // A run that has been purged is not touched: its step would be refused.
        if (chosen !== undefined && !goneSince.has(chosen.run.id)) {
          await recordStep(fixture, chosen.run, { startedAt: chosen.startedAt, updatedAt: now() });
        }
      } else if (next.kind === "window") {
        await fixture.setWindow(String(next.days));
      } else {
        fixture.clock.set(new Date(now().getTime() + next.hours * HOUR));
        await tick(fixture, next.diesAtCall);
        sinceWholeTick = next.diesAtCall === null ? 0 : sinceWholeTick + next.hours * HOUR;
      }
      await check(fixture, { runs, goneSince, allowedMs: OUTLIVES_AT_MOST + sinceWholeTick });
    },
  };
}

/** Runs a tick; with a number, the process dies at that call of the store: nothing after it happens. */
async function tick(fixture: PurgeFixture, diesAtCall: number | null): Promise<void> {
  let calls = 0;
  const store = authorizedStore(fixture.store, { kind: "purger" });
  const mortal = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      (...input: never[]) => {
        calls += 1;
        if (diesAtCall !== null && calls > diesAtCall) return Promise.reject(new Error("the process has died"));
        return (method as (...input: never[]) => unknown)(...input);
      },
    ]),
  ) as unknown as Store;
  // A process that starts anew remembers nothing of what the last one looked at.
  const policies = [createDebugRunsPolicy(), createDebugPayloadsPolicy()];
  const purger = fixture.createPurger({ store: mortal, policies });
  const report = await runPurgeTick(purger.dependencies, new AbortController().signal);
  if (diesAtCall === null) expect(report).toMatchObject({ outcome: "success" });
}

async function check(
  fixture: PurgeFixture,
  known: { runs: readonly { run: RecordedRun }[]; goneSince: Map<string, Date>; allowedMs: number },
): Promise<void> {
  const now = fixture.clock.now();
  for (const { run } of known.runs) {
    const body = await readBody(fixture, run);
    if (body === undefined) {
      if (!known.goneSince.has(run.id)) known.goneSince.set(run.id, now);
    } else {
      expect(known.goneSince.has(run.id), "a run that was purged came back").toBe(false);
      if (body !== run.body) {
        // Between a detach and a process's death the rows lie in a table of their own, and come back with the next tick.
        const detached = (await partitionsOf(fixture)).filter(({ state }) => state === "detached");
        expect(detached.length, `the payload of ${run.id} is lost`).toBeGreaterThan(0);
      }
    }
  }
  for (const runId of await runsWithBytesOnDisk(fixture)) {
    const since = known.goneSince.get(runId);
    if (since !== undefined)
      expect(now.getTime() - since.getTime(), `bytes of ${runId}`).toBeLessThanOrEqual(known.allowedMs);
  }
  expect(NOW.getTime()).toBeLessThanOrEqual(now.getTime());
}

/** Whose payload rows are on the disk: in partitions, in the kept one and in what has been detached. */
async function runsWithBytesOnDisk(fixture: PurgeFixture): Promise<Set<string>> {
  const detached = (await partitionsOf(fixture)).filter(({ state }) => state === "detached");
  const tables = ["chat_debug_payloads", ...detached.map(({ name }) => name)];
  const all = await Promise.all(
    tables.map((table) => fixture.pool.query<{ run_id: string }>(`SELECT run_id FROM ${table}`)),
  );
  return new Set(all.flatMap(({ rows }) => rows.map((row) => row.run_id)));
}
