import { beforeEach, describe, expect, it } from "vitest";

import { CodedError } from "../../../src/coded-error.ts";
import { createNotifiers } from "../../../src/notify/create-notifiers.ts";
import type { Digest, Notifier } from "../../../src/notify/digest.ts";
import { webhookNotifier } from "../../../src/notify/webhook-notifier.ts";
import { createInactiveChatsPolicy } from "../../../src/retention/policies/inactive-chats.ts";
import type { Store } from "../../../src/store/store.ts";
import { FakeClock } from "../../fake-clock.ts";
import { startMailServer } from "../../notify/loopback-mail.ts";
import { startWebhook } from "../../notify/loopback-webhook.ts";
import { createPurgeFixture, daysBefore, iterations, NOW, sample, type PurgeFixture } from "../purge-fixture.ts";
import { countOf, inBatchesOf, insertChat, insertOwner, setWindow, tick } from "./life-cycle-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
  await setWindow(fixture, "auto-archive-days", 90);
  await fixture.pool.query("UPDATE chats SET created_at = $1", [NOW]);
});

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The policy alone, for tests of many ticks. */
const POLICY = [createInactiveChatsPolicy()];

/** A transport that keeps what it is given, or refuses it where a test says so. */
class Recording implements Notifier {
  readonly name: string;
  readonly digests: Digest[] = [];
  refuses: (digest: Digest) => boolean = () => false;

  constructor(name = "recording") {
    this.name = name;
  }

  deliver(digest: Digest): Promise<void> {
    if (this.refuses(digest)) return Promise.reject(new CodedError("delivery_failed", "Refused."));
    this.digests.push(digest);
    return Promise.resolve();
  }
}

const chatOf = (ownerId: string, days: number, title = "A chat"): Promise<string> =>
  insertChat(fixture, { ownerId, title, lastActivityAt: daysBefore(days) });

describe("a digest", () => {
  it("is one for each owner and tick, however many batches there were, with both windows", async () => {
    const [ana, ben] = [await insertOwner(fixture, "ana@example.com"), await insertOwner(fixture, "ben@example.com")];
    for (let chat = 0; chat < 5; chat += 1) await chatOf(ana, 100 + chat, `Ana ${chat}`);
    const bens = await chatOf(ben, 102, "Ben");
    await insertChat(fixture, { ownerId: ben, rootId: bens });
    const recording = new Recording();
    const { report, of } = await tick(fixture, { notifiers: [recording], ...inBatchesOf(2) });
    expect(report.outcome).toBe("success");
    expect(of("inactive-chats")).toMatchObject({ deleted: 7, batches: 3 });
    expect(recording.digests).toHaveLength(2);
    const ofAna = recording.digests.find(({ owner }) => owner.id === ana);
    expect(ofAna).toMatchObject({
      owner: { email: "ana@example.com" },
      archivedAt: NOW,
      further: 0,
      autoArchiveDays: 90,
      retentionDays: 30,
    });
    expect(ofAna?.items).toEqual(
      [0, 1, 2, 3, 4].map((chat) => ({ title: `Ana ${chat}`, lastActivity: daysBefore(100 + chat) })),
    );
    expect(recording.digests.find(({ owner }) => owner.id === ben)?.items).toHaveLength(1);
  });

  it("names the 25 chats with the newest activity, and says how many more there were", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    for (let chat = 0; chat < 40; chat += 1) await chatOf(ana, 100 + chat, `Chat ${chat}`);
    const recording = new Recording();
    await tick(fixture, { notifiers: [recording], ...inBatchesOf(7) });
    expect(recording.digests).toHaveLength(1);
    expect(recording.digests[0]?.items.map(({ title }) => title)).toEqual(
      Array.from({ length: 25 }, (_, chat) => `Chat ${chat}`),
    );
    expect(recording.digests[0]?.further).toBe(15);
  });

  it("says unknown of a window that cannot be read", async () => {
    await setWindow(fixture, "retention-days", "corrupt");
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const recording = new Recording();
    await tick(fixture, { notifiers: [recording] });
    expect(recording.digests).toMatchObject([{ autoArchiveDays: 90, retentionDays: "unknown" }]);
  });

  it("waits without titles, so that none outlives its chat: one that is gone is a further one", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    const gone = await chatOf(ana, 100, "Private");
    const going = await chatOf(ana, 100, "Private too");
    await chatOf(ana, 101, "Kept");
    const recording = new Recording();
    recording.refuses = () => true;
    await tick(fixture, { notifiers: [recording] });
    const { rows } = await fixture.pool.query("SELECT * FROM digest_outbox");
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/Private|Kept/);
    await fixture.pool.query("DELETE FROM chats WHERE id = $1", [gone]);
    await fixture.pool.query("UPDATE chats SET purging_at = now() WHERE id = $1", [going]);
    recording.refuses = () => false;
    await fixture.clock.advance(10 * MINUTE_MS);
    await tick(fixture, { notifiers: [recording], policies: POLICY });
    expect(recording.digests).toHaveLength(1);
    expect(recording.digests[0]?.items.map(({ title }) => title)).toEqual(["Kept"]);
    expect(recording.digests[0]?.further).toBe(2);
  });

  it("goes with its owner", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    const chat = await chatOf(ana, 100);
    const recording = new Recording();
    recording.refuses = () => true;
    await tick(fixture, { notifiers: [recording] });
    await fixture.pool.query("DELETE FROM chats WHERE id = $1", [chat]);
    await fixture.pool.query("DELETE FROM users WHERE id = $1", [ana]);
    expect(await countOf(fixture, "digest_outbox")).toBe(0);
  });
});

describe("a delivery that fails", () => {
  it("stops no other owner's, fails the iteration once, and takes back nothing", async () => {
    const ids = new Map<string, string>();
    for (const name of ["ana", "ben", "cem"]) ids.set(name, await insertOwner(fixture, `${name}@example.com`));
    for (const id of ids.values()) await chatOf(id, 100, "Private");
    const recording = new Recording();
    recording.refuses = ({ owner }) => owner.id === ids.get("ben");
    const { report, of, purger } = await tick(fixture, { notifiers: [recording] });
    expect(report.outcome).toBe("failure");
    expect(of("inactive-chats")).toMatchObject({ deleted: 3, left: 0, error: { code: "delivery_failed" } });
    expect(report.policies.filter(({ error }) => error !== undefined)).toHaveLength(1);
    expect(recording.digests.map(({ owner }) => owner.email).toSorted()).toEqual([
      "ana@example.com",
      "cem@example.com",
    ]);
    expect(await iterations(purger.registry)).toEqual({ succeeded: 0, failed: 1 });
    expect(await sample(purger.registry, "shelflife_chat_auto_archive_records_archived_total", {})).toBe(3);
    const { rows } = await fixture.pool.query(
      "SELECT outcome, deleted FROM purge_ledger WHERE policy = 'inactive-chats'",
    );
    expect(rows).toEqual([{ outcome: "failure", deleted: 3 }]);
    const errors = purger.records.filter(({ level }) => level === "error");
    expect(errors.some((record) => record["owner_id"] === ids.get("ben"))).toBe(true);
    expect(JSON.stringify(purger.records)).not.toMatch(/Private|ben@example/);
  });

  it("is tried again after a pause that doubles, by the same digest, and a tick without an attempt is no failure", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const attempts: { at: number; id: string }[] = [];
    const refusing: Notifier = {
      name: "refusing",
      deliver({ id }) {
        attempts.push({ at: fixture.clock.now().getTime() - NOW.getTime(), id });
        return Promise.reject(new CodedError("delivery_failed", "Refused."));
      },
    };
    const failures: number[] = [];
    for (let minute = 0; minute <= 80; minute += 1) {
      const { report } = await tick(fixture, { notifiers: [refusing], policies: POLICY });
      if (report.outcome === "failure") failures.push(minute);
      await fixture.clock.advance(MINUTE_MS);
    }
    expect(attempts.map(({ at }) => at / MINUTE_MS)).toEqual([0, 5, 15, 35, 75]);
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    expect(failures).toEqual([0, 5, 15, 35, 75]);
  });

  it("does not deliver again by the transport that has delivered", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const [good, bad] = [new Recording("good"), new Recording("bad")];
    bad.refuses = () => true;
    await tick(fixture, { notifiers: [good, bad] });
    await fixture.clock.advance(5 * MINUTE_MS);
    bad.refuses = () => false;
    expect((await tick(fixture, { notifiers: [good, bad] })).report.outcome).toBe("success");
    expect([good.digests.length, bad.digests.length]).toEqual([1, 1]);
    expect(bad.digests[0]?.id).toBe(good.digests[0]?.id);
  });

  it("is given up after a week, once and with an error in the log", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100, "Private");
    const recording = new Recording();
    recording.refuses = () => true;
    let attempts = 0;
    let givenUp = 0;
    for (let hour = 0; hour <= 8 * 24; hour += 1) {
      const { purger, report } = await tick(fixture, { notifiers: [recording], policies: POLICY });
      attempts += Number(report.outcome === "failure");
      givenUp += purger.records.filter(({ msg }) => msg.endsWith("is given up")).length;
      expect(JSON.stringify(purger.records)).not.toContain("Private");
      await fixture.clock.advance(60 * MINUTE_MS);
    }
    expect(givenUp).toBe(1);
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(30);
    expect(await countOf(fixture, "digest_outbox")).toBe(0);
  });

  it("goes on waiting where auto-archive is switched off meanwhile", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const recording = new Recording();
    recording.refuses = () => true;
    await tick(fixture, { notifiers: [recording] });
    recording.refuses = () => false;
    await setWindow(fixture, "auto-archive-days", 0);
    await fixture.clock.advance(5 * MINUTE_MS);
    await tick(fixture, { notifiers: [recording] });
    expect(recording.digests).toMatchObject([{ autoArchiveDays: 0 }]);
  });

  it("and a drain that fails as well are both told: the first in the ledger, the other in the log", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    await chatOf(ana, 100);
    const recording = new Recording();
    recording.refuses = () => true;
    await tick(fixture, { notifiers: [recording] });
    await fixture.clock.advance(5 * MINUTE_MS);
    await chatOf(ana, 100);
    const failing: Store = {
      ...fixture.store,
      archiveInactiveBatch: () => Promise.reject(new CodedError("08006", "The connection is gone.")),
    };
    const { of, purger } = await tick(fixture, { notifiers: [recording], store: failing });
    expect(of("inactive-chats").error).toMatchObject({ code: "08006" });
    expect(purger.records.some((record) => record["code"] === "delivery_failed")).toBe(true);
  });
});

describe("a kill loses nothing", () => {
  it("between the commit and the delivery: the next tick delivers, whoever runs it", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100, "Survives");
    const dying: Store = {
      ...fixture.store,
      listDueDigests: () => Promise.reject(new CodedError("08006", "The process has died.")),
    };
    const recording = new Recording();
    const died = await tick(fixture, { notifiers: [recording], store: dying });
    expect(died.of("inactive-chats")).toMatchObject({ deleted: 1 });
    expect(recording.digests).toEqual([]);
    const { of } = await tick(fixture, { notifiers: [recording] });
    expect(of("inactive-chats")).toMatchObject({ expired: 0, deleted: 0 });
    expect(recording.digests).toMatchObject([{ items: [{ title: "Survives" }], further: 0 }]);
  });

  it("in the middle of a drain: what was committed is told, and the rest is a digest of its own", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    for (let chat = 0; chat < 4; chat += 1) await chatOf(ana, 100 + chat);
    let batches = 0;
    const dying: Store = {
      ...fixture.store,
      archiveInactiveBatch(request) {
        batches += 1;
        if (batches === 2) return Promise.reject(new CodedError("08006", "The process has died."));
        return fixture.store.archiveInactiveBatch(request);
      },
      listDueDigests: () => Promise.reject(new CodedError("08006", "The process has died.")),
    };
    const recording = new Recording();
    await tick(fixture, { notifiers: [recording], store: dying, ...inBatchesOf(3) });
    await tick(fixture, { notifiers: [recording], ...inBatchesOf(3) });
    expect(new Set(recording.digests.map(({ items }) => items.length))).toEqual(new Set([1, 3]));
  });

  it("nor does being told to stop, which is no failed attempt", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const stopping = new AbortController();
    const hanging: Notifier = {
      name: "hanging",
      deliver(_digest, signal) {
        stopping.abort();
        return Promise.reject(signal.reason as Error);
      },
    };
    const stopped = await tick(fixture, { notifiers: [hanging], signal: stopping.signal, policies: POLICY });
    expect(stopped.of("inactive-chats").error).toMatchObject({ code: "purge_cancelled" });
    const { rows } = await fixture.pool.query("SELECT attempts, delivered_at FROM digest_outbox");
    expect(rows).toEqual([{ attempts: 0, delivered_at: null }]);
  });

  it("nor does a lost lock, without which nothing is delivered", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const recording = new Recording();
    let held = true;
    const losing: Store = {
      ...fixture.store,
      async archiveInactiveBatch(request) {
        const result = await fixture.store.archiveInactiveBatch(request);
        held = false;
        return result;
      },
    };
    const lock = { isHeld: () => Promise.resolve(held), release: () => Promise.resolve() };
    const tryLock = () => Promise.resolve(lock);
    const lost = await tick(fixture, { notifiers: [recording], store: losing, tryLock, policies: POLICY });
    expect(lost.of("inactive-chats").error).toMatchObject({ code: "purge_lock_lost" });
    expect(recording.digests).toEqual([]);
    await tick(fixture, { notifiers: [recording] });
    expect(recording.digests).toHaveLength(1);
  });
});

it("deliveries take two minutes of a tick at the most, and what is left comes in the next", async () => {
  for (let owner = 0; owner < 6; owner += 1) await chatOf(await insertOwner(fixture, `${owner}@example.com`), 100);
  const recording = new Recording();
  const slow: Notifier = {
    name: "slow",
    async deliver(digest) {
      await fixture.clock.advance(50_000);
      await recording.deliver(digest);
    },
  };
  const { report } = await tick(fixture, { notifiers: [slow], policies: POLICY });
  expect(report.outcome).toBe("success");
  expect(recording.digests).toHaveLength(3);
  await tick(fixture, { notifiers: [slow], policies: POLICY });
  expect(new Set(recording.digests.map(({ owner }) => owner.email)).size).toBe(6);
});

it("takes delivered digests away after a week, and none that still waits", async () => {
  await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
  const recording = new Recording();
  await tick(fixture, { notifiers: [recording] });
  await fixture.clock.advance(7 * DAY_MS - 60_000);
  await tick(fixture, { notifiers: [recording] });
  expect(await countOf(fixture, "digest_outbox")).toBe(1);
  await fixture.clock.advance(120_000);
  await tick(fixture, { notifiers: [recording] });
  expect(await countOf(fixture, "digest_outbox")).toBe(0);
  expect(recording.digests).toHaveLength(1);
});

describe("the real transports", () => {
  it("log, webhook and mail each get a digest, in one tick", async () => {
    const ana = await insertOwner(fixture, "ana@example.com");
    await chatOf(ana, 100, "Quarterly figures");
    const [hook, mail] = [await startWebhook(), await startMailServer()];
    const { dependencies, records } = fixture.createPurger();
    // Their time limits go by a clock that does not run ahead of the network.
    const notifiers = createNotifiers(
      {
        webhook: { url: hook.url, secret: "correct horse battery" },
        mail: { url: `smtp://127.0.0.1:${mail.port}`, from: "shelflife@example.com" },
      },
      { clock: new FakeClock(NOW), log: dependencies.log },
    );
    expect((await tick(fixture, { notifiers, policies: POLICY })).report.outcome).toBe("success");
    expect(hook.posts).toHaveLength(1);
    expect(mail.mails).toMatchObject([{ to: ["ana@example.com"] }]);
    expect(records).toMatchObject([{ owner_id: ana, archived: 1 }]);
    expect(JSON.stringify(records)).not.toContain("Quarterly");
    const { rows } = await fixture.pool.query("SELECT delivered_by FROM digest_outbox");
    expect(rows).toEqual([{ delivered_by: ["log", "webhook", "mail"] }]);
  });

  it("a webhook that answers 500 gets the same digest again, and once it answers 200 no more", async () => {
    await chatOf(await insertOwner(fixture, "ana@example.com"), 100);
    const answers = [500, 200];
    const hook = await startWebhook(() => answers.shift() ?? 200);
    const notifiers = [webhookNotifier({ url: hook.url, secret: "correct horse battery" }, new FakeClock(NOW))];
    const run = async (): Promise<string> => (await tick(fixture, { notifiers, policies: POLICY })).report.outcome;
    expect(await run()).toBe("failure");
    await fixture.clock.advance(5 * MINUTE_MS);
    expect(await run()).toBe("success");
    await fixture.clock.advance(DAY_MS);
    expect(await run()).toBe("success");
    expect(hook.posts).toHaveLength(2);
    expect(hook.posts[0]?.headers["webhook-id"]).toBe(hook.posts[1]?.headers["webhook-id"]);
    expect(hook.posts[0]?.body).toBe(hook.posts[1]?.body);
  });
});
