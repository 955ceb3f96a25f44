import { beforeEach, describe, expect, it } from "vitest";

import { createChatFilesPolicy } from "../../../src/retention/policies/chat-files.ts";
import type { Store } from "../../../src/store/store.ts";
import { waitForLockWaits, waitForSessions } from "../../lock-waits.ts";
import { createOtherPool, createPurgeFixture, daysBefore, sample, type PurgeFixture } from "../purge-fixture.ts";
import {
  countOf,
  inBatchesOf,
  insertChat,
  insertFile,
  linkFile,
  remaining,
  setWindow,
  tick,
} from "./life-cycle-fixture.ts";

let fixture: PurgeFixture;

beforeEach(async () => {
  fixture = await createPurgeFixture();
});

const OLD = daysBefore(31);

const filesLeft = (): Promise<Set<string>> => remaining(fixture, "chat_files");

describe("the cutoff", () => {
  it("deletes an unlinked file of one millisecond before it, and of one microsecond, and keeps one exactly at it", async () => {
    await insertFile(fixture, daysBefore(30, -1));
    await insertFile(fixture, "2026-01-29 23:59:59.999999+00");
    const at = await insertFile(fixture, "2026-01-30 00:00:00.000000+00");
    const { of, purger } = await tick(fixture);
    expect(of("chat-files")).toMatchObject({ recordType: "chat_files", expired: 2, deleted: 2, left: 0 });
    expect(await filesLeft()).toEqual(new Set([at]));
    expect(await sample(purger.registry, "shelflife_purge_records_purged_total", { record_type: "chat_files" })).toBe(
      2,
    );
  });

  it("follows the window of chats: 0 keeps everything, and 3650 is the longest", async () => {
    await setWindow(fixture, "retention-days", 0);
    const ancient = await insertFile(fixture, daysBefore(3650, -1));
    const at = await insertFile(fixture, daysBefore(3650));
    expect((await tick(fixture)).of("chat-files")).toMatchObject({ cutoff: null, deleted: 0 });
    expect(await filesLeft()).toEqual(new Set([ancient, at]));
    await setWindow(fixture, "retention-days", 3650);
    await tick(fixture);
    expect(await filesLeft()).toEqual(new Set([at]));
  });
});

describe("a file that a chat links", () => {
  it("stays for as long as the chat does, and goes with the chat's purge in the same tick", async () => {
    const file = await insertFile(fixture, OLD);
    const chat = await insertChat(fixture, { archivedAt: daysBefore(30) });
    await linkFile(fixture, chat, file);
    for (let time = 0; time < 2; time += 1) {
      expect((await tick(fixture)).of("chat-files")).toMatchObject({ expired: 0, deleted: 0, left: 0 });
    }
    await fixture.clock.advance(1);
    const { of } = await tick(fixture);
    expect(of("archived-chats")).toMatchObject({ deleted: 1 });
    expect(of("chat-files")).toMatchObject({ expired: 1, deleted: 1 });
    expect(await filesLeft()).toEqual(new Set());
  });

  it("stays while one of two chats links it, also where an operator unlinked the other by SQL", async () => {
    const file = await insertFile(fixture, OLD);
    const [one, other] = [await insertChat(fixture), await insertChat(fixture)];
    await linkFile(fixture, one, file);
    await linkFile(fixture, other, file);
    await tick(fixture);
    await fixture.pool.query("DELETE FROM chat_file_links WHERE chat_id = $1", [one]);
    await tick(fixture);
    expect(await filesLeft()).toEqual(new Set([file]));
    await fixture.pool.query("DELETE FROM chats WHERE id = $1", [other]);
    await tick(fixture);
    expect(await filesLeft()).toEqual(new Set());
  });

  it("is looked at once and not in every tick, until a link of it goes", async () => {
    const [chat, other] = [await insertChat(fixture), await insertChat(fixture)];
    const files = [await insertFile(fixture, OLD), await insertFile(fixture, OLD)];
    for (const file of files) await linkFile(fixture, chat, file);
    await linkFile(fixture, other, files[0] ?? "");
    await tick(fixture);
    expect(await countOf(fixture, "chat_files", "found_linked")).toBe(2);
    await fixture.pool.query("DELETE FROM chats WHERE id = $1", [other]);
    expect(await countOf(fixture, "chat_files", "found_linked")).toBe(1);
    await tick(fixture);
    expect(await countOf(fixture, "chat_files", "found_linked")).toBe(2);
    expect((await filesLeft()).size).toBe(2);
  });

  it("is found again where the link goes while the purge takes note of it", async () => {
    const chat = await insertChat(fixture);
    const file = await insertFile(fixture, OLD);
    await linkFile(fixture, chat, file);
    const other = createOtherPool(fixture.url);
    const writer = await other.connect();
    try {
      await writer.query("BEGIN");
      // The link is still seen by everybody else, and the file's row is held.
      await writer.query("DELETE FROM chat_file_links");
      await writer.query("SELECT FROM chat_files FOR NO KEY UPDATE");
      expect((await tick(fixture)).report.outcome).toBe("success");
      await writer.query("COMMIT");
    } finally {
      writer.release();
      await other.end();
    }
    expect((await tick(fixture)).of("chat-files")).toMatchObject({ deleted: 1 });
  });
});

describe("between select and delete", () => {
  it("a file that is being linked stays, whether or not that is committed in time", async () => {
    const chat = await insertChat(fixture);
    const [linked, free] = [await insertFile(fixture, OLD), await insertFile(fixture, daysBefore(40))];
    const other = createOtherPool(fixture.url);
    const writer = await other.connect();
    try {
      await writer.query("BEGIN");
      await writer.query("INSERT INTO chat_file_links (chat_id, file_id) VALUES ($1, $2)", [chat, linked]);
      expect((await tick(fixture)).of("chat-files")).toMatchObject({ expired: 2, deleted: 1, left: 1 });
      await writer.query("COMMIT");
    } finally {
      writer.release();
      await other.end();
    }
    expect(free).toBeDefined();
    await tick(fixture);
    expect(await filesLeft()).toEqual(new Set([linked]));
    expect(await countOf(fixture, "chat_file_links")).toBe(1);
  });

  it("a file that was linked and committed stays, with its link", async () => {
    const chat = await insertChat(fixture);
    const files = [await insertFile(fixture, OLD), await insertFile(fixture, OLD)];
    const linking: Store = {
      ...fixture.store,
      async purgeFileBatch(request) {
        await linkFile(fixture, chat, files[0] ?? "");
        return fixture.store.purgeFileBatch(request);
      },
    };
    expect((await tick(fixture, { store: linking })).of("chat-files")).toMatchObject({
      expired: 2,
      deleted: 1,
      left: 0,
    });
    expect(await filesLeft()).toEqual(new Set([files[0]]));
    expect(await countOf(fixture, "chat_file_links")).toBe(1);
  });

  it("a link that comes after the file was locked is refused, and never made to nothing", async () => {
    const chat = await insertChat(fixture);
    const file = await insertFile(fixture, OLD);
    const other = createOtherPool(fixture.url);
    const holder = await other.connect();
    // The deletion asks again and again whether it may end. To wait for the lock would take longer than it may wait.
    await fixture.pool.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        WHILE NOT pg_try_advisory_xact_lock(4712) LOOP PERFORM pg_sleep(0.02); END LOOP;
        RETURN OLD;
      END $$;
      CREATE TRIGGER linger BEFORE DELETE ON chat_files FOR EACH ROW EXECUTE FUNCTION linger()`);
    try {
      await holder.query("SELECT pg_advisory_lock(4712)");
      const deleting = tick(fixture);
      await waitForSessions(fixture.pool, "wait_event = 'PgSleep'");
      const linking = linkFile(fixture, chat, file).then(
        () => undefined,
        (error: unknown) => error,
      );
      await waitForLockWaits(fixture.pool, 1);
      await holder.query("SELECT pg_advisory_unlock(4712)");
      expect(await linking).toMatchObject({ code: "23503" });
      expect((await deleting).of("chat-files")).toMatchObject({ deleted: 1 });
    } finally {
      holder.release(true);
      await other.end();
    }
  });
});

it("drains batch after batch and stops within one when the window becomes 0", async () => {
  await fixture.pool.query(
    `INSERT INTO chat_files (owner_id, organization_id, mimetype, data, created_at)
     SELECT owner_id, organization_id, 'text/plain', 'a', $2 FROM chats, generate_series(1, 50) WHERE id = $1`,
    [fixture.chatId, OLD],
  );
  let batches = 0;
  const stopping: Store = {
    ...fixture.store,
    async purgeFileBatch(request) {
      batches += 1;
      if (batches === 2) await setWindow(fixture, "retention-days", 0);
      return fixture.store.purgeFileBatch(request);
    },
  };
  expect((await tick(fixture, { store: stopping, ...inBatchesOf(10) })).of("chat-files")).toMatchObject({
    expired: 50,
    deleted: 20,
    left: 30,
  });
});

it("names a file that cannot be deleted, and deletes the others", async () => {
  const files: string[] = [];
  for (let file = 0; file < 10; file += 1) files.push(await insertFile(fixture, daysBefore(31, file)));
  await fixture.pool.query("CREATE TABLE evidence (file_id uuid REFERENCES chat_files (id))");
  await fixture.pool.query("INSERT INTO evidence VALUES ($1)", [files[3]]);
  const { of, purger } = await tick(fixture);
  expect(of("chat-files")).toMatchObject({ deleted: 9, left: 1, error: { code: "records_not_deletable" } });
  expect(await filesLeft()).toEqual(new Set([files[3]]));
  expect(purger.records.flatMap((record) => record["record_id"] ?? [])).toEqual([files[3]]);
});

it("a preview counts unlinked files alone, with the bytes of their content, and a lag the oldest of them", async () => {
  const policy = createChatFilesPolicy();
  const linked = await insertFile(fixture, daysBefore(60));
  await linkFile(fixture, await insertChat(fixture), linked);
  const [first, second] = [await insertFile(fixture, daysBefore(32)), await insertFile(fixture, OLD)];
  const at = { cutoff: daysBefore(30), tickStart: daysBefore(0), signal: new AbortController().signal };
  const preview = await policy.preview(fixture.store, at);
  expect(preview).toMatchObject({ count: 2, atLeast: false, oldest: daysBefore(32), newest: OLD });
  expect(preview.sample.map(({ id }) => id)).toEqual([first, second]);
  expect(preview.bytes).toBeGreaterThan(0);
  expect(preview.bytes).toBeLessThan(100);
  expect(await policy.countExpired(fixture.store, at)).toBe(2);
  expect(await policy.lag?.(fixture.store, daysBefore(30))).toMatchObject({ oldestOverdueMs: 2 * 86_400_000 });
});
