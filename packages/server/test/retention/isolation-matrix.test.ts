import { describe, expect, it, onTestFinished } from "vitest";

import { webhookNotifier } from "../../src/notify/webhook-notifier.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import type { RetentionPolicy } from "../../src/retention/policy.ts";
import type { PurgeTickDependencies } from "../../src/retention/purge-tick.ts";
import { FakeClock } from "../fake-clock.ts";
import { startWebhook } from "../notify/loopback-webhook.ts";
import { POLICY_CASES, type SeededRecord } from "./policy-cases.ts";
import { setWindow, tick } from "./policies/life-cycle-fixture.ts";
import {
  createOtherPool,
  createPurgeFixture,
  iterations,
  NOW,
  PACE,
  sample,
  type PurgeFixture,
} from "./purge-fixture.ts";

/** What the waiting trigger waits for, which a test holds. */
const HELD_LOCK = 4_711;

interface Fault {
  /** Which policies it makes fail, besides the one that it is aimed at. */
  readonly reaches: (policy: RetentionPolicy) => readonly string[];
  /** Whether the work of that policy is left undone. */
  readonly undone: boolean;
  /** Whether it can befall this policy. */
  readonly befalls: (policy: RetentionPolicy) => boolean;
  readonly inflict: (
    fixture: PurgeFixture,
    policy: RetentionPolicy,
    record: SeededRecord,
  ) => Promise<Partial<PurgeTickDependencies>>;
}

const itself = ({ name }: RetentionPolicy): string[] => [name];
const everyPolicy = (): boolean => true;

/** Every way in which a policy can fail, each done for real: to the stored setting, in the database, on the wire. */
const FAULTS: Record<string, Fault> = {
  "its setting is corrupt": {
    // What is governed by the same setting cannot be read either.
    reaches: ({ setting }) => RETENTION_POLICIES.filter((other) => other.setting === setting).map(({ name }) => name),
    undone: true,
    befalls: everyPolicy,
    async inflict(fixture, { setting }) {
      await setWindow(fixture, setting.name, "thirty");
      return {};
    },
  },
  "its statement fails": {
    reaches: itself,
    undone: true,
    befalls: everyPolicy,
    async inflict({ pool }, _policy, { intercept }) {
      await pool.query(intercept("RAISE EXCEPTION 'refused'"));
      return {};
    },
  },
  "its statement times out": {
    reaches: itself,
    undone: true,
    befalls: everyPolicy,
    async inflict({ pool, url }, _policy, { intercept }) {
      await pool.query(intercept(`PERFORM pg_advisory_xact_lock(${HELD_LOCK})`));
      const other = createOtherPool(url);
      const holder = await other.connect();
      await holder.query(`SELECT pg_advisory_lock(${HELD_LOCK})`);
      onTestFinished(async () => {
        holder.release(true);
        await other.end();
      });
      // Without halving: every try waits for as long as a statement of the purge may wait for a lock.
      return { pace: { ...PACE, batchSize: 1 } };
    },
  },
  "its delivery fails after the commit": {
    reaches: itself,
    undone: false,
    befalls: ({ name }) => POLICY_CASES[name]?.delivers === true,
    async inflict() {
      const { url } = await startWebhook(() => 500);
      return { notifiers: [webhookNotifier({ url, secret: "secret" }, new FakeClock(NOW))] };
    },
  },
};

const PAIRS = RETENTION_POLICIES.flatMap((policy) =>
  Object.entries(FAULTS)
    .filter(([, fault]) => fault.befalls(policy))
    .map(([name, fault]) => ({ policy, name, fault })),
);

it("every policy has a record to work on here", () => {
  expect(Object.keys(POLICY_CASES).toSorted()).toEqual(RETENTION_POLICIES.map(({ name }) => name).toSorted());
});

it("every record goes where nothing fails, so that what stays elsewhere stays for its reason", async () => {
  const fixture = await createPurgeFixture();
  const records = await seed(fixture);
  const { report } = await tick(fixture);
  expect(report.outcome).toBe("success");
  for (const [name, { isDone }] of records) expect([name, await isDone()]).toEqual([name, true]);
});

describe.each(PAIRS)("where $policy.name fails because $name", ({ policy, fault }) => {
  it("every other policy does its work in that tick, and the iteration fails once and names it", async () => {
    const fixture = await createPurgeFixture();
    const records = await seed(fixture);
    const changes = await fault.inflict(fixture, policy, records.get(policy.name)!);
    const { report, purger } = await tick(fixture, changes);
    const failing = new Set(fault.reaches(policy));

    expect(report.outcome).toBe("failure");
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    expect(new Set(report.policies.filter(({ error }) => error !== undefined).map((each) => each.policy))).toEqual(
      failing,
    );
    for (const [name, { isDone }] of records) {
      expect([name, await isDone()]).toEqual([name, !(failing.has(name) && fault.undone)]);
    }
    for (const { name, recordType, action } of RETENTION_POLICIES.filter(({ name }) => !failing.has(name))) {
      const counted =
        action === "delete"
          ? await sample(purger.registry, "shelflife_purge_records_purged_total", { record_type: recordType })
          : await sample(purger.registry, "shelflife_chat_auto_archive_records_archived_total", {});
      expect([name, counted]).toEqual([name, 1]);
    }
    const { rows } = await fixture.pool.query<{ policy: string; outcome: string; named: boolean }>(
      "SELECT policy, outcome, error IS NOT NULL AS named FROM purge_ledger WHERE started_at >= $1",
      [NOW],
    );
    expect(rows.toSorted((a, b) => a.policy.localeCompare(b.policy))).toEqual(
      RETENTION_POLICIES.map(({ name }) => ({
        policy: name,
        outcome: failing.has(name) ? "failure" : "success",
        named: failing.has(name),
      })).toSorted((a, b) => a.policy.localeCompare(b.policy)),
    );
  });
});

/** Puts one expired record in place for every policy. */
async function seed(fixture: PurgeFixture): Promise<Map<string, SeededRecord>> {
  await setWindow(fixture, "auto-archive-days", 90);
  await fixture.pool.query("UPDATE chats SET created_at = $1, last_activity_at = $1", [NOW]);
  const records = new Map<string, SeededRecord>();
  for (const [name, { seed: put }] of Object.entries(POLICY_CASES)) records.set(name, await put(fixture));
  return records;
}
