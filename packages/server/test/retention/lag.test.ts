import { Registry } from "prom-client";
import { beforeEach, expect, it } from "vitest";

import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { lagMetrics } from "../../src/metrics/lag-metrics.ts";
import { measureLags } from "../../src/retention/lag.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { runPurgeTick } from "../../src/retention/purge-tick.ts";
import { recordRun } from "./payload-fixture.ts";
import { createPurgeFixture, daysBefore, insertRuns, NOW, sample, type PurgeFixture } from "./purge-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

/** What a scrape of any replica would find. */
async function scrape(): Promise<(name: string, recordType?: string) => Promise<number | undefined>> {
  const registry = new Registry();
  const store = authorizedStore(fixture.store, { kind: "purger" });
  lagMetrics(registry).update(
    await measureLags(RETENTION_POLICIES, { store, clock: fixture.clock, graceMs: 0 }),
    await store.measurePayloadBytes(),
  );
  return (name, recordType = "chat_debug_runs") =>
    sample(registry, `shelflife_${name}`, name === "payload_bytes" ? {} : { record_type: recordType });
}

it("says for how long the oldest record has been overdue, and about how many are", async () => {
  await insertRuns(fixture, [
    daysBefore(30, -90_000),
    ...Array.from({ length: 500 }, () => daysBefore(30, -1000)),
    daysBefore(1),
  ]);
  await fixture.pool.query("ANALYZE chat_debug_runs");
  const metric = await scrape();
  expect(await metric("retention_oldest_overdue_seconds")).toBe(90);
  const backlog = (await metric("retention_backlog_records")) ?? 0;
  expect(backlog).toBeGreaterThan(400);
  expect(backlog).toBeLessThan(600);
});

it("says 0 where nothing is overdue, a run exactly at the cutoff included, and where the window is 0", async () => {
  await insertRuns(fixture, [daysBefore(30)]);
  expect(await (await scrape())("retention_oldest_overdue_seconds")).toBe(0);
  expect(await (await scrape())("retention_backlog_records")).toBe(0);
  await fixture.setWindow("0");
  await insertRuns(fixture, [daysBefore(300)]);
  expect(await (await scrape())("retention_oldest_overdue_seconds")).toBe(0);
});

it("says nothing of a lag that cannot be told because its window cannot be read", async () => {
  await fixture.setWindow("corrupt");
  expect(await (await scrape())("retention_oldest_overdue_seconds")).toBeUndefined();
});

it("says when each policy last did its work, which a failed tick does not move", async () => {
  expect(await (await scrape())("retention_last_success_timestamp_seconds")).toBeUndefined();
  await runPurgeTick(fixture.createPurger({ policies: RETENTION_POLICIES }).dependencies, new AbortController().signal);
  const first = NOW.getTime() / 1000;
  expect(await (await scrape())("retention_last_success_timestamp_seconds")).toBe(first);
  expect(await (await scrape())("retention_last_success_timestamp_seconds", "chat_debug_payload_partitions")).toBe(
    first,
  );

  await fixture.clock.advance(600_000);
  await fixture.setWindow("corrupt");
  await runPurgeTick(fixture.createPurger().dependencies, new AbortController().signal);
  expect(await (await scrape())("retention_last_success_timestamp_seconds")).toBe(first);
});

it("says how much disk payloads take, and less of it once a partition has been dropped", async () => {
  const empty = (await (await scrape())("payload_bytes")) ?? Number.NaN;
  await recordRun(fixture, { startedAt: daysBefore(40) });
  const full = (await (await scrape())("payload_bytes")) ?? Number.NaN;
  expect(full).toBeGreaterThan(empty);
  await runPurgeTick(fixture.createPurger({ policies: RETENTION_POLICIES }).dependencies, new AbortController().signal);
  expect(await (await scrape())("payload_bytes")).toBe(empty);
});
