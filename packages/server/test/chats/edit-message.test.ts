import { randomUUID } from "node:crypto";

import type { ChatMessage } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { completeRun, stepItem, type SentRun, type SentStep } from "../debug-batches.ts";
import { countRows, storedRow } from "../stored-rows.ts";
import {
  chatPath,
  createChatFixture,
  createFamily,
  refusal,
  say,
  text,
  textsOf,
  type ChatFixture,
  type ChatPerson,
} from "./chat-fixture.ts";

let fixture: ChatFixture;
let person: ChatPerson;
let chat: { id: string };
/** Two questions with their answers. */
let sent: ChatMessage[];

beforeEach(async () => {
  fixture = await createChatFixture();
  ({ person } = fixture);
  chat = await person.chats.create();
  sent = await say(person, chat, ["user", "Q1"], ["assistant", "A1"], ["user", "Q2"], ["assistant", "A2"]);
});

function idOf(index: number): number {
  return sent[index]?.id ?? 0;
}

function messagePath(id: number | string): string {
  return `${chatPath(chat)}/messages/${id}`;
}

/** Records a finished run with a payload, which knew of these messages. */
async function record(fields: Partial<SentRun>): Promise<SentRun> {
  const { run, batch } = completeRun({ chat_id: chat.id, ...fields });
  expect((await fixture.client(person.key).recordDebugBatch(batch)).rejected).toEqual([]);
  return run;
}

async function storedRuns(): Promise<Set<string>> {
  const { rows } = await fixture.pool.query<{ id: string }>("SELECT id FROM chat_debug_runs");
  return new Set(rows.map(({ id }) => id));
}

describe("editing a user message", () => {
  test("answers 200 with the message under its id, written now", async () => {
    await fixture.clock.advance(60_000);
    const response = await fixture.request("PATCH", messagePath(idOf(2)), {
      key: person.key,
      json: { content: text("Q2, better") },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: idOf(2),
      chat_id: chat.id,
      role: "user",
      created_at: fixture.clock.now().toISOString(),
      content: text("Q2, better"),
    });
  });

  test("takes away what followed, which stays stored as deleted, and leaves what came before", async () => {
    await person.chats.editMessage(chat.id, idOf(0), text("Q1, better"));
    expect(textsOf((await person.chats.listMessages(chat.id)).messages)).toEqual(["Q1, better"]);
    const { rows } = await fixture.pool.query<{ deleted: boolean }>("SELECT deleted FROM chat_messages ORDER BY id");
    expect(rows.map(({ deleted }) => deleted)).toEqual([false, true, true, true]);
    const [answer] = await say(person, chat, ["assistant", "A1, better"]);
    expect(answer?.id).toBeGreaterThan(idOf(3));
  });

  test("takes away what waits for the chat", async () => {
    await fixture.client(person.key).recordDebugBatch({ chats: [{ id: chat.id, status: "running" }] });
    await say(person, chat, ["user", "Q3"]);
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better"));
    expect((await person.chats.listMessages(chat.id)).queued_messages).toEqual([]);
  });

  test("leaves other chats of the family alone, and raises its activity", async () => {
    const { root, children } = await createFamily(person);
    const child = { id: children[0]?.id ?? "" };
    const [ofRoot] = await say(person, root, ["user", "In the root"]);
    const [edited] = await say(person, child, ["user", "In the child"]);
    await say(person, root, ["assistant", "After it, in the root"]);
    const ofRootLater = await record({ chat_id: root.id, trigger_message_id: (edited?.id ?? 0) + 1 });
    await fixture.clock.advance(60_000);
    await person.chats.editMessage(child.id, edited?.id ?? 0, text("Better"));
    expect((await person.chats.listMessages(root.id)).messages).toHaveLength(2);
    expect(await storedRuns()).toEqual(new Set([ofRootLater.id]));
    expect(await storedRow(fixture.pool, "chats", root.id)).toMatchObject({ last_activity_at: fixture.clock.now() });
    expect(ofRoot).toBeDefined();
  });

  test("links the files that it now names, and keeps those that it named before", async () => {
    const upload = (name: string): Promise<string> =>
      person.chats.uploadFile({ content: new TextEncoder().encode(name), name, mediaType: "text/plain" });
    const [before, after] = [await upload("before.txt"), await upload("after.txt")];
    const [message] = [
      await person.chats.sendMessage(chat.id, { role: "user", content: [{ type: "file", file_id: before }] }),
    ];
    await person.chats.editMessage(chat.id, message.id, [{ type: "file", file_id: after }]);
    const { files } = await person.chats.get(chat.id);
    expect(new Set(files?.map(({ id }) => id))).toEqual(new Set([before, after]));
  });

  test.each([
    [
      "the model's message",
      () => idOf(1),
      { content: text("Mine") },
      { status: 400, message: "Only user messages can be edited." },
    ],
    ["a message that does not exist", () => 1_000_000, { content: text("x") }, { status: 404 }],
    ["the message 0", () => 0, { content: text("x") }, { status: 404 }],
    ["the greatest id that JSON can say", () => Number.MAX_SAFE_INTEGER, { content: text("x") }, { status: 404 }],
    ["an id beyond it", () => "9007199254740992", { content: text("x") }, { status: 400, code: "invalid_id" }],
    ["an id beyond what the database can hold", () => "9".repeat(30), { content: text("x") }, { status: 400 }],
    ["an id that is no number", () => "0x1", { content: text("x") }, { status: 400, message: "Invalid message ID." }],
    ["an id below zero", () => "-1", { content: text("x") }, { status: 400 }],
    ["an empty content", () => idOf(0), { content: [] }, { status: 400, validations: [{ field: "content" }] }],
    [
      "a role",
      () => idOf(0),
      { role: "system", content: text("x") },
      { status: 400, validations: [{ field: "role" }] },
    ],
    [
      "a file that is not there",
      () => idOf(0),
      { content: [{ type: "file", file_id: randomUUID() }] },
      { status: 400, validations: [{ field: "content.0.file_id" }] },
    ],
  ])("is refused for %s, and then nothing goes", async (_name, id, json, expected) => {
    const run = await record({ trigger_message_id: idOf(0) });
    expect(await refusal(fixture, ["PATCH", messagePath(id())], json)).toMatchObject(expected);
    expect((await person.chats.listMessages(chat.id)).messages).toEqual(sent);
    expect(await storedRuns()).toEqual(new Set([run.id]));
  });

  test("is refused for a message that an edit has taken away, and for another chat's", async () => {
    await person.chats.editMessage(chat.id, idOf(0), text("Q1, better"));
    expect(await refusal(fixture, ["PATCH", messagePath(idOf(2))], { content: text("x") })).toMatchObject({
      status: 404,
    });
    const other = await person.chats.create();
    const path = `${chatPath(other)}/messages/${idOf(0)}`;
    expect(await refusal(fixture, ["PATCH", path], { content: text("x") })).toMatchObject({ status: 404 });
  });
});

describe("the debug runs of a chat whose message is edited", () => {
  test("go where the message or a later one set them off or was known to them, and stay otherwise", async () => {
    const gone = [
      await record({ trigger_message_id: idOf(2) }),
      await record({ trigger_message_id: idOf(3) }),
      await record({ history_tip_message_id: idOf(2) }),
      await record({ trigger_message_id: idOf(0), history_tip_message_id: idOf(3) }),
      await record({ trigger_message_id: idOf(3), history_tip_message_id: idOf(0) }),
    ];
    const kept = [
      await record({ trigger_message_id: idOf(1) }),
      await record({ trigger_message_id: idOf(0), history_tip_message_id: idOf(1) }),
      await record({ history_tip_message_id: idOf(0) }),
      await record({}),
    ];
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better"));
    expect(await storedRuns()).toEqual(new Set(kept.map(({ id }) => id)));
    expect(await countRows(fixture.pool)).toMatchObject({
      runs: kept.length,
      steps: kept.length,
      payloads: kept.length,
    });
    const { rows } = await fixture.pool.query<{ id: string }>("SELECT id FROM tombstones WHERE kind = 'run'");
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(gone.map(({ id }) => id)));
  });

  test("go where a step of theirs names the message or a later one", async () => {
    const recordSteps = async (...steps: Partial<SentStep>[]): Promise<SentRun> => {
      const run = await record({ trigger_message_id: idOf(0) });
      const items = steps.map((fields, index) => stepItem(run, { step_number: index + 2, ...fields }));
      expect((await fixture.client(person.key).recordDebugBatch({ steps: items })).rejected).toEqual([]);
      return run;
    };
    await recordSteps({ assistant_message_id: idOf(1) }, { assistant_message_id: idOf(3) });
    await recordSteps({ history_tip_message_id: idOf(2) });
    const kept = [
      await recordSteps({ history_tip_message_id: idOf(0), assistant_message_id: idOf(1) }),
      await recordSteps({}),
    ];
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better"));
    expect(await storedRuns()).toEqual(new Set(kept.map(({ id }) => id)));
  });

  test("that name no message go where they began after it was written, and stay where they began before", async () => {
    const written = fixture.clock.now().getTime();
    const at = (ms: number): Partial<SentRun> => ({ started_at: new Date(written + ms).toISOString() });
    await fixture.clock.advance(60_000);
    await record(at(1));
    await record(at(30_000));
    const namesAnEarlierOne = await record({ ...at(2), trigger_message_id: idOf(1) });
    const stepNamesAnEarlierOne = await record(at(3));
    const step = stepItem(stepNamesAnEarlierOne, { step_number: 2, history_tip_message_id: idOf(1) });
    await fixture.client(person.key).recordDebugBatch({ steps: [step] });
    const kept = [namesAnEarlierOne, stepNamesAnEarlierOne, await record(at(0)), await record(at(-60_000))];
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better"));
    expect(await storedRuns()).toEqual(new Set(kept.map(({ id }) => id)));
    expect(await countRows(fixture.pool)).toMatchObject({ payloads: kept.length });

    const ofTheEditedOne = await record({});
    await fixture.clock.advance(60_000);
    await record({});
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better still"));
    expect(await storedRuns(), "an edited message counts as written then").toEqual(
      new Set([...kept, ofTheEditedOne].map(({ id }) => id)),
    );
  });

  test("are not brought back by what is recorded late", async () => {
    const { run, step, batch } = completeRun({ chat_id: chat.id, trigger_message_id: idOf(2) });
    await fixture.client(person.key).recordDebugBatch(batch);
    await person.chats.editMessage(chat.id, idOf(2), text("Q2, better"));
    const late = await fixture.client(person.key).recordDebugBatch(batch);
    expect(late.rejected.map(({ kind, id, code }) => ({ kind, id, code }))).toEqual([
      { kind: "run", id: run.id, code: "gone" },
      { kind: "step", id: step.id, code: "gone" },
    ]);
    const stepAlone = await fixture.client(person.key).recordDebugBatch({ steps: [stepItem(run)] });
    expect(stepAlone.rejected).toMatchObject([{ kind: "step", code: "gone" }]);
    expect(await countRows(fixture.pool)).toMatchObject({ runs: 0, steps: 0, payloads: 0 });
  });

  test("go with payloads of every day, and with those that had been moved to be kept", async () => {
    for (const days of [0, 3, 40]) {
      const started_at = new Date(fixture.clock.now().getTime() - days * 86_400_000).toISOString();
      await record({ trigger_message_id: idOf(2), started_at, updated_at: started_at });
    }
    const { rows: moved } = await fixture.pool.query(
      `WITH chosen AS (
         UPDATE chat_debug_runs SET payload_at = 'infinity' WHERE started_at = (SELECT min(started_at) FROM chat_debug_runs) RETURNING id
       )
       UPDATE chat_debug_payloads SET recorded_at = 'infinity' FROM chosen WHERE run_id = chosen.id RETURNING run_id`,
    );
    expect(moved).toHaveLength(1);
    await person.chats.editMessage(chat.id, idOf(0), text("Q1, better"));
    expect(await countRows(fixture.pool)).toMatchObject({ runs: 0, steps: 0, payloads: 0 });
  });

  test("go in transactions of 500, and an interrupted edit can be made again", async () => {
    const ids = Array.from({ length: 1_001 }, () => randomUUID());
    await fixture.pool.query(
      "INSERT INTO chat_debug_runs (id, chat_id, trigger_message_id) SELECT id, $1, $2 FROM unnest($3::uuid[]) AS run (id)",
      [chat.id, idOf(2), ids],
    );
    const deletions = `
      CREATE FUNCTION refuse_more_than_500() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT count(*) FROM gone) > 500 THEN RAISE 'too many at once'; END IF;
        IF NOT EXISTS (SELECT FROM chat_debug_runs) THEN RAISE 'interrupted'; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER refuse AFTER DELETE ON chat_debug_runs REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
        EXECUTE FUNCTION refuse_more_than_500();`;
    await fixture.pool.query(deletions);
    const edit = (): Promise<Response> =>
      fixture.request("PATCH", messagePath(idOf(2)), { key: person.key, json: { content: text("Better") } });
    expect((await edit()).status).toBe(500);
    expect(await storedRuns()).toHaveProperty("size", 1);
    expect((await person.chats.listMessages(chat.id)).messages, "the edit is not half done").toEqual(sent);
    await fixture.pool.query("DROP TRIGGER refuse ON chat_debug_runs");
    expect((await edit()).status).toBe(200);
    expect(await storedRuns()).toEqual(new Set());
  });
});
