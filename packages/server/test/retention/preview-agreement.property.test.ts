import { RETENTION_SETTING_NAMES, RETENTION_SETTINGS, type RetentionSettingName } from "@shelflife/api-contract";
import fc from "fast-check";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";

import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { previewWindow } from "../../src/retention/preview-window.ts";
import { recordRun } from "./payload-fixture.ts";
import { insertChat, insertFile, insertMessages, linkFile, setWindow, tick } from "./policies/life-cycle-fixture.ts";
import { createPurgeFixture, daysBefore, insertRuns, MS_PER_DAY, NOW, type PurgeFixture } from "./purge-fixture.ts";

const { signal } = new AbortController();

let fixture: PurgeFixture;

beforeAll(async () => {
  fixture = await createPurgeFixture();
});

/** Moments around the cutoff of a window, as SQL text with microseconds: the very cutoff, a hair's breadth from it, or days. */
function momentsAround(days: number): fc.Arbitrary<string> {
  const hair = fc.constantFrom(-1_000_000, -1000, -1, 0, 1, 1000, 1_000_000);
  const far = fc.integer({ min: -40, max: Math.min(days, 40) }).map((away) => away * MS_PER_DAY * 1000);
  return fc.oneof({ weight: 2, arbitrary: hair }, far).map((microseconds) => {
    const ms = Math.floor(microseconds / 1000);
    const moment = new Date(Math.min(daysBefore(days).getTime() + ms, NOW.getTime()));
    return moment.toISOString().replace("Z", `${String(microseconds - ms * 1000).padStart(3, "0")}Z`);
  });
}

/** What is stored before the question, for each setting: rows whose clocks are the moments. */
const SEEDS: Record<RetentionSettingName, (moments: readonly string[]) => Promise<void>> = {
  async "debug-retention-days"(moments) {
    await insertRuns(fixture, moments);
    for (const moment of moments.slice(0, 4)) await recordRun(fixture, { startedAt: new Date(moment) });
  },

  /** Families, files without a link, and files that chats of different ages link. */
  async "retention-days"(moments) {
    const chats: string[] = [];
    for (const [index, moment] of moments.entries()) {
      const root = await insertChat(fixture, { archivedAt: moment });
      if (index % 2 === 0) chats.push(await insertChat(fixture, { rootId: root, archivedAt: moment }));
      else chats.push(root);
    }
    chats.push(fixture.chatId);
    for (const [index, moment] of moments.entries()) {
      const file = await insertFile(fixture, moment);
      for (const chat of chats.slice(index, index + (index % 3))) await linkFile(fixture, chat, file);
    }
    // Some have been found linked by an earlier tick, as a tick finds them.
    await fixture.pool.query(
      "UPDATE chat_files SET found_linked = true WHERE id IN (SELECT file_id FROM chat_file_links)",
    );
  },

  async "auto-archive-days"(moments) {
    for (const [index, moment] of moments.entries()) {
      const root = await insertChat(fixture, {
        createdAt: moment,
        lastActivityAt: moment,
        pinOrder: index % 5 === 4 ? 1 : 0,
        status: index % 7 === 6 ? "running" : "waiting",
      });
      const child = index % 3 === 0 ? await insertChat(fixture, { rootId: root, createdAt: moment }) : root;
      // A message that nobody has told the root of.
      if (index % 4 === 0) await insertMessages(fixture, child, { createdAt: moments[index + 1] ?? moment });
    }
  },

  async "audit-retention-days"(moments) {
    await fixture.pool.query(
      "INSERT INTO audit_logs (time, resource_type, action) SELECT moment, 'user', 'write' FROM unnest($1::timestamptz[]) AS moment",
      [moments],
    );
  },

  async "ledger-retention-days"(moments) {
    await fixture.pool.query(
      `INSERT INTO purge_ledger (tick_id, policy, record_type, outcome, started_at, finished_at)
       SELECT gen_random_uuid(), 'of another version', 'things', 'success', moment, moment
       FROM unnest($1::timestamptz[]) AS moment`,
      [moments],
    );
  },
};

async function empty(): Promise<void> {
  await fixture.pool.query("DELETE FROM chats WHERE id <> $1", [fixture.chatId]);
  await fixture.pool.query(
    "DELETE FROM chat_debug_runs; DELETE FROM chat_files; DELETE FROM audit_logs; DELETE FROM purge_ledger; DELETE FROM site_configs; DELETE FROM retention_windows; DELETE FROM digest_outbox",
  );
  for (const { name } of await fixture.store.listPayloadPartitions()) await fixture.pool.query(`DROP TABLE ${name}`);
  // The one chat that stays takes no part.
  await fixture.pool.query("UPDATE chats SET pin_order = 1");
}

/** A window, and clocks around its cutoff. */
const question = fc
  .constantFrom(1, 7, 30, 400)
  .chain((days) => fc.tuple(fc.constant(days), fc.array(momentsAround(days), { maxLength: 12 })));

describe.each(RETENTION_SETTING_NAMES)("a preview of %s", (name) => {
  it("says what a tick by that window then does, to the microsecond", async () => {
    await fc.assert(
      fc.asyncProperty(question, async ([days, moments]) => {
        await empty();
        await SEEDS[name](moments);
        const preview = await previewWindow(
          {
            store: fixture.store,
            clock: fixture.clock,
            log: pino({ level: "silent" }),
            purge: { policies: RETENTION_POLICIES, graceMs: 0 },
          },
          RETENTION_SETTINGS[name],
          { days, signal },
        );
        for (const other of RETENTION_SETTING_NAMES) await setWindow(fixture, other, other === name ? days : 0);
        const purge = await tick(fixture);
        fixture.clock.set(NOW);
        const said = preview.policies.map(({ policy, proposed }) => [policy, proposed.records.count]);
        const done = preview.policies.map(({ policy }) => [policy, purge.of(policy).deleted]);
        expect(said).toEqual(done);
        expect(preview.policies.length).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });
});
