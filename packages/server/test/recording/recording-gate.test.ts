import { randomUUID } from "node:crypto";

import type { DebugBatch, DebugBatchResult } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { ALLOW_USERS_KEY, OWN_SWITCH_KEY, USER_DEFAULT_KEY } from "../../src/store/debug-logging.ts";
import { chatItem, completeRun, runItem, stepItem } from "../debug-batches.ts";
import { countRows, storedRow, storedRows } from "../stored-rows.ts";
import { CHATS, createTestApp, type TestApp, type TestUser } from "../test-app.ts";

const NOTHING = { chats: [], runs: [], steps: [], payloads: [] };

let app: TestApp;
let owner: TestUser;

beforeEach(async () => {
  app = await createTestApp({ recordingForced: false });
  owner = await app.createUser();
});

async function storeSite(key: string, value: string): Promise<void> {
  await app.pool.query(
    "INSERT INTO site_configs (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [key, value],
  );
}

async function storeOwn({ id }: TestUser, value: string): Promise<void> {
  await app.pool.query(
    `INSERT INTO user_configs (user_id, key, value) VALUES ($1, $2, $3)
     ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value`,
    [id, OWN_SWITCH_KEY, value],
  );
}

/** Lets people record, and switches these people's recording on. */
async function allow(...people: TestUser[]): Promise<void> {
  await storeSite(ALLOW_USERS_KEY, "true");
  for (const person of people) await storeOwn(person, "true");
}

function send(batch: DebugBatch, { key } = owner): Promise<DebugBatchResult> {
  return app.client(key).recordDebugBatch(batch);
}

function codes({ rejected }: DebugBatchResult): string[] {
  return rejected.map(({ kind, code }) => `${kind} ${code}`);
}

describe("recording is off", () => {
  test("for everybody, until an administrator lets people record: the refusal says where", async () => {
    await storeOwn(owner, "true");
    const { run, batch } = completeRun();
    const result = await send({ chats: [chatItem({ id: run.chat_id })], ...batch });
    expect(result.accepted).toBe(0);
    expect(codes(result)).toEqual(["chat debug_logging_off", "run debug_logging_off", "step debug_logging_off"]);
    for (const { message } of result.rejected) {
      expect(message).toContain("SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true");
      expect(message).toContain(`${CHATS}/config/debug-logging`);
    }
    expect(await storedRows(app.pool)).toEqual(NOTHING);
  });

  test("for whoever has not switched it on: the refusal says where", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    const result = await send(completeRun().batch);
    expect(codes(result)).toEqual(["run debug_logging_off", "step debug_logging_off"]);
    expect(result.rejected[0]?.message).toContain(`${CHATS}/config/user-debug-logging`);
    expect(await storedRows(app.pool)).toEqual(NOTHING);
  });

  test("for whoever has switched it off where everybody is recorded", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    await storeSite(USER_DEFAULT_KEY, "true");
    await storeOwn(owner, "false");
    expect(codes(await send(completeRun().batch))).toEqual(["run debug_logging_off", "step debug_logging_off"]);
  });

  test.each(["yes", "", "TRUE"])("where a switch holds %j, which is neither yes nor no", async (value) => {
    await allow(owner);
    await storeOwn(owner, value);
    expect((await send(completeRun().batch)).accepted).toBe(0);
    await app.pool.query("DELETE FROM user_configs");
    await storeSite(USER_DEFAULT_KEY, value);
    expect((await send(completeRun().batch)).accepted).toBe(0);
    await storeOwn(owner, "true");
    await storeSite(ALLOW_USERS_KEY, value);
    const result = await send(completeRun().batch);
    expect(codes(result)).toEqual(["run debug_logging_off", "step debug_logging_off"]);
    expect(app.logged).toContainEqual(expect.objectContaining({ level: "error", code: "setting_unreadable" }));
    expect(await storedRows(app.pool)).toEqual(NOTHING);
  });

  test("where the look-up fails, though the rest of the database works", async () => {
    const broken = await createTestApp({
      recordingForced: false,
      around: (store) => ({ ...store, readRecordingFacts: () => Promise.reject(new Error("no answer")) }),
    });
    const person = await broken.createUser();
    const result = await broken.client(person.key).recordDebugBatch(completeRun().batch);
    expect(codes(result)).toEqual(["run debug_logging_off", "step debug_logging_off"]);
    expect(broken.logged).toContainEqual(expect.objectContaining({ level: "error" }));
    expect(await storedRows(broken.pool)).toEqual(NOTHING);
  });
});

describe("recording is on", () => {
  test("for whoever has switched it on where an administrator lets people record", async () => {
    await allow(owner);
    const { run, batch } = completeRun();
    expect(await send({ chats: [chatItem({ id: run.chat_id })], ...batch })).toEqual({ accepted: 3, rejected: [] });
    expect(await countRows(app.pool)).toEqual({ chats: 1, runs: 1, steps: 1, payloads: 1 });
  });

  test("for everybody who has not chosen, where set-up said so", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    await storeSite(USER_DEFAULT_KEY, "true");
    expect((await send(completeRun().batch)).accepted).toBe(2);
  });

  test("for every chat where the deployment forces it, and no switch is looked at", async () => {
    let looks = 0;
    const counting = (recordingForced: boolean): Promise<TestApp> =>
      createTestApp({
        recordingForced,
        around: (store) => ({
          ...store,
          readRecordingFacts: (...input) => {
            looks += 1;
            return store.readRecordingFacts(...input);
          },
        }),
      });
    const forced = await counting(true);
    const { key } = await forced.createUser();
    expect((await forced.client(key).recordDebugBatch(completeRun().batch)).accepted).toBe(2);
    expect(looks).toBe(0);

    const judged = await counting(false);
    const person = await judged.createUser();
    const runs = Array.from({ length: 50 }, () => runItem());
    expect((await judged.client(person.key).recordDebugBatch({ runs })).rejected).toHaveLength(50);
    expect(looks, "one query for a batch, however many items it has").toBe(1);
  });
});

describe("a run that is stored was let in when it started", () => {
  async function startRun(): Promise<ReturnType<typeof runItem>> {
    await allow(owner);
    const run = runItem({ status: "in_progress" });
    const chat = chatItem({ id: run.chat_id, title: "Before" });
    await send({ chats: [chat], runs: [run], steps: [stepItem(run, { status: "in_progress" })] });
    await storeOwn(owner, "false");
    return run;
  }

  test("so it goes on to its end when its owner switches recording off", async () => {
    const run = await startRun();
    await app.clock.advance(1000);
    const late = stepItem(run, { status: "completed", normalized_response: { content: [], finish_reason: "stop" } });
    expect(await send({ steps: [late] })).toEqual({ accepted: 1, rejected: [] });
    expect(await send({ runs: [{ ...run, status: "completed" }], steps: [late] })).toEqual({
      accepted: 2,
      rejected: [],
    });
    expect(await storedRow(app.pool, "chat_debug_runs", run.id)).toMatchObject({ status: "completed" });
    expect(await send({ steps: [late] }), "and what is late of it still arrives").toEqual({
      accepted: 1,
      rejected: [],
    });
    expect(await countRows(app.pool)).toMatchObject({ runs: 1, steps: 2 });
  });

  test("with its chat, whose title and status belong to it", async () => {
    const run = await startRun();
    const chat = chatItem({ id: run.chat_id, title: "After", status: "waiting" });
    expect(await send({ chats: [chat], runs: [run] })).toEqual({ accepted: 2, rejected: [] });
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ title: "After", status: "waiting" });
  });

  test("and takes no other run of its chat along", async () => {
    const run = await startRun();
    const next = runItem({ chat_id: run.chat_id });
    const step = stepItem(next);
    const result = await send({ runs: [run, next], steps: [step, stepItem(run)] });
    expect(result.accepted).toBe(2);
    expect(result.rejected.map(({ id, code }) => [id, code])).toEqual([
      [next.id, "debug_logging_off"],
      [step.id, "debug_logging_off"],
    ]);
    expect(await storedRow(app.pool, "chat_debug_runs", next.id)).toBeUndefined();
    expect(await storedRow(app.pool, "chat_debug_steps", step.id)).toBeUndefined();
  });

  test("while a chat item by itself is refused, and changes nothing", async () => {
    const run = await startRun();
    expect(codes(await send({ chats: [chatItem({ id: run.chat_id, title: "After" })] }))).toEqual([
      "chat debug_logging_off",
    ]);
    expect(await storedRow(app.pool, "chats", run.chat_id)).toMatchObject({ title: "Before" });
  });

  test("which its id in another chat was not: no chat is created by it", async () => {
    const run = await startRun();
    const elsewhere = { ...run, chat_id: randomUUID() };
    expect(codes(await send({ runs: [elsewhere], steps: [stepItem(elsewhere)] }))).toEqual([
      "run debug_logging_off",
      "step debug_logging_off",
    ]);
    expect(await storedRow(app.pool, "chats", elsewhere.chat_id)).toBeUndefined();
  });
});

test("a step whose run was refused in an earlier batch is refused for the same reason", async () => {
  const run = runItem();
  await send({ runs: [run] });
  expect(codes(await send({ steps: [stepItem(run)] }))).toEqual(["step debug_logging_off"]);
  await allow(owner);
  expect(codes(await send({ steps: [stepItem(run)] }))).toEqual(["step run_not_found"]);
});

test("an item that is sent twice is refused twice, under the ids as they were sent", async () => {
  const run = runItem();
  const again = { ...run, id: run.id.toUpperCase() };
  const { rejected } = await send({ runs: [run, again], steps: [] });
  expect(rejected.map(({ id }) => id)).toEqual([run.id, again.id]);
});

test("an item that is wrong by itself is told what is wrong where anything of its batch is recorded", async () => {
  await allow(owner);
  const { batch } = completeRun();
  const wrong = { id: randomUUID(), chat_id: "nowhere" };
  expect(codes(await send({ ...batch, runs: [...(batch.runs ?? []), wrong] }))).toEqual(["run invalid"]);
});

describe("a service that records for many people", () => {
  let service: TestUser;
  let other: TestUser;

  beforeEach(async () => {
    service = await app.createUser({ scope: "ingest" });
    other = await app.createUser();
    await allow(owner);
  });

  /** A family of one person with a run in the child. */
  function family(person: TestUser): { batch: Required<DebugBatch>; ids: string[] } {
    const root = chatItem({ owner: person.email });
    const child = chatItem({ parent_chat_id: root.id });
    const { run, step } = completeRun({ chat_id: child.id });
    return { batch: { chats: [child, root], runs: [run], steps: [step] }, ids: [child.id, root.id, run.id, step.id] };
  }

  test("has each owner judged by that owner's switch, in one batch", async () => {
    const recorded = family(owner);
    const refused = family(other);
    const own = completeRun();
    const result = await send(
      {
        chats: [...refused.batch.chats, ...recorded.batch.chats],
        runs: [...recorded.batch.runs, ...refused.batch.runs, own.run],
        steps: [...recorded.batch.steps, ...refused.batch.steps, own.step],
      },
      service,
    );
    expect(result.accepted).toBe(4);
    expect(result.rejected.map(({ id }) => id).toSorted()).toEqual(
      [...refused.ids, own.run.id, own.step.id].toSorted(),
    );
    expect(new Set(result.rejected.map(({ code }) => code))).toEqual(new Set(["debug_logging_off"]));
    const stored = await storedRows(app.pool);
    expect(stored["chats"]?.map((chat) => chat["owner_id"])).toEqual([owner.id, owner.id]);
    expect(stored["runs"]).toHaveLength(1);
  });

  test("names a person by id as well, and goes on in the chats that it made", async () => {
    const chat = chatItem({ owner: owner.id.toUpperCase() });
    expect((await send({ chats: [chat], runs: [runItem({ chat_id: chat.id })] }, service)).accepted).toBe(2);
    expect((await send(completeRun({ chat_id: chat.id }).batch, service)).accepted).toBe(2);
    await storeOwn(owner, "false");
    expect((await send(completeRun({ chat_id: chat.id }).batch, service)).accepted).toBe(0);
  });

  test("is refused for a person who is not recorded, however it writes their name", async () => {
    for (const name of [other.email, other.email.toUpperCase(), other.id, other.id.toUpperCase()]) {
      const chat = chatItem({ owner: name });
      const result = await send({ chats: [chat], runs: [runItem({ chat_id: chat.id })] }, service);
      expect(codes(result)).toEqual(["chat debug_logging_off", "run debug_logging_off"]);
    }
    expect(await storedRows(app.pool)).toEqual(NOTHING);
  });

  test("learns what is wrong with an item whose owner nobody can tell, though it is not recorded itself", async () => {
    expect(codes(await send({ runs: [{ id: "x", chat_id: "y" }] }, service))).toEqual(["run invalid"]);
  });

  test("still learns that a person does not exist, and that an item is wrong by itself", async () => {
    await storeSite(ALLOW_USERS_KEY, "false");
    const unknown = chatItem({ owner: "nobody@example.com" });
    const result = await send({ chats: [unknown, { id: "x" }], runs: [runItem({ chat_id: unknown.id })] }, service);
    expect(codes(result).toSorted()).toEqual(["chat invalid", "chat invalid", "run invalid"]);
  });
});

test("nobody learns by a refusal whether another person is recorded", async () => {
  await allow(owner);
  const { run, batch } = completeRun();
  await send(batch);
  const stranger = await app.createUser();
  await storeOwn(stranger, "true");
  const intruding = { chats: [chatItem({ id: run.chat_id })], runs: [runItem({ chat_id: run.chat_id })] };
  expect(codes(await send(intruding, stranger))).toEqual(["chat not_owner", "run not_owner"]);
  await storeOwn(owner, "false");
  expect(codes(await send(intruding, stranger))).toEqual(["chat not_owner", "run not_owner"]);
  expect(codes(await send({ chats: [chatItem({ owner: owner.email })] }, stranger))).toEqual(["chat not_owner"]);
});
