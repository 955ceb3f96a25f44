import { randomUUID } from "node:crypto";

import { DEBUG_RUNS_LISTED, type DebugRunSummary } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { chatItem, completeRun, runItem, stepItem, type SentRun } from "../debug-batches.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let owner: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  owner = await app.createUser();
});

function listPath(chatId: string): string {
  return `${CHATS}/${chatId}/debug/runs`;
}

function runPath(run: Pick<SentRun, "id" | "chat_id">): string {
  return `${listPath(run.chat_id)}/${run.id}`;
}

async function record(...batches: Parameters<ReturnType<TestApp["client"]>["recordDebugBatch"]>[0][]): Promise<void> {
  for (const batch of batches) {
    expect(await app.client(owner.key).recordDebugBatch(batch)).toMatchObject({ rejected: [] });
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const response = await app.request("GET", path, { key: owner.key });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe("the runs of a chat", () => {
  test("are a bare array, empty where there are none", async () => {
    const chat = chatItem();
    await record({ chats: [chat] });
    expect(await readJson(listPath(chat.id))).toEqual([]);
  });

  test("come newest first by their start, then by id, both descending", async () => {
    const chat_id = randomUUID();
    const starts = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
    const runs = starts.map((started_at) => runItem({ chat_id, started_at }));
    await record({ runs });
    const expected = runs
      .toSorted((a, b) => `${b.started_at} ${b.id}`.localeCompare(`${a.started_at} ${a.id}`))
      .map((run) => run.id);
    const listed = await app.client(owner.key).listDebugRuns(chat_id);
    expect(listed.map((run) => run.id)).toEqual(expected);
  });

  test(`are the newest ${DEBUG_RUNS_LISTED} and not one more`, async () => {
    const chat_id = randomUUID();
    const runs = Array.from({ length: DEBUG_RUNS_LISTED + 1 }, (_, index) =>
      runItem({ chat_id, started_at: new Date(app.clock.now().getTime() - index).toISOString() }),
    );
    await record({ runs });
    const listed = await app.client(owner.key).listDebugRuns(chat_id);
    expect(listed.map((run) => run.id)).toEqual(runs.slice(0, DEBUG_RUNS_LISTED).map((run) => run.id));
  });

  test("are those of this chat alone, its children's not among them", async () => {
    const root = chatItem();
    const child = chatItem({ parent_chat_id: root.id });
    const ofRoot = runItem({ chat_id: root.id });
    await record({ chats: [root, child], runs: [ofRoot, runItem({ chat_id: child.id })] });
    expect((await app.client(owner.key).listDebugRuns(root.id)).map((run) => run.id)).toEqual([ofRoot.id]);
  });

  test("show the fields of a summary, and leave out what is null", async () => {
    const { run, batch } = completeRun({ started_at: "2026-02-01T01:02:03.004+01:00" });
    const bare = runItem({ chat_id: run.chat_id, started_at: "2026-01-01T00:00:00Z" });
    await record(batch, { runs: [bare] });
    const now = app.clock.now().toISOString();
    expect(await readJson(listPath(run.chat_id))).toEqual([
      {
        id: run.id,
        chat_id: run.chat_id,
        kind: "chat_turn",
        status: "completed",
        provider: "openai",
        model: "gpt-5",
        summary: {
          first_message: "How long is this kept?",
          step_count: 1,
          total_input_tokens: 7,
          total_output_tokens: 3,
          has_error: false,
        },
        started_at: "2026-02-01T00:02:03.004Z",
        updated_at: now,
        finished_at: now,
      },
      {
        id: bare.id,
        chat_id: run.chat_id,
        kind: "chat_turn",
        status: "in_progress",
        summary: {},
        started_at: "2026-01-01T00:00:00.000Z",
        updated_at: now,
      },
    ] satisfies DebugRunSummary[]);
  });
});

describe("a run", () => {
  test("comes with its steps in the order of their numbers, and every field as it was recorded", async () => {
    const root = chatItem();
    const child = chatItem({ parent_chat_id: root.id });
    const ids = {
      model_config_id: randomUUID(),
      trigger_message_id: 0,
      history_tip_message_id: Number.MAX_SAFE_INTEGER,
    };
    const { run, step } = completeRun({ chat_id: child.id, ...ids });
    const second = stepItem(run, { step_number: 2 });
    const full = {
      ...step,
      history_tip_message_id: 1,
      assistant_message_id: 2,
      error: { message: "late" },
      metadata: { attempt: 1 },
    };
    await record({ chats: [root, child], runs: [run], steps: [second, full] });
    const now = app.clock.now().toISOString();
    const times = { started_at: now, updated_at: now };
    expect(await readJson(runPath(run))).toEqual({
      ...run,
      ...ids,
      root_chat_id: root.id,
      parent_chat_id: root.id,
      summary: {
        first_message: "How long is this kept?",
        step_count: 2,
        total_input_tokens: 7,
        total_output_tokens: 3,
        has_error: true,
      },
      ...times,
      finished_at: now,
      steps: [
        { ...full, ...times, finished_at: now },
        {
          ...second,
          operation: "generate",
          status: "in_progress",
          normalized_request: {},
          attempts: [],
          metadata: {},
          ...times,
        },
      ],
    });
  });

  test("that is not there, or is another chat's, is 404", async () => {
    const [run, other] = [runItem(), runItem()];
    await record({ runs: [run, other] });
    for (const path of [runPath({ ...run, id: randomUUID() }), runPath({ ...run, chat_id: other.chat_id })]) {
      const response = await app.request("GET", path, { key: owner.key });
      expect({ status: response.status, ...(await readErrorBody(response)) }).toMatchObject({
        status: 404,
        code: "not_found",
      });
    }
  });

  test("is found by ids in capitals", async () => {
    const run = runItem();
    await record({ runs: [run] });
    const shouted = { id: run.id.toUpperCase(), chat_id: run.chat_id.toUpperCase() };
    expect(await readJson(runPath(shouted))).toMatchObject({ id: run.id });
  });

  test.each(["1", "run", "%00", "%ff", "00000000-0000-0000-0000-00000000000g", `${randomUUID()}x`])(
    "with the malformed id %j is 400 with the sentence of the contract",
    async (id) => {
      const run = runItem();
      await record({ runs: [run] });
      const response = await app.request("GET", runPath({ ...run, id }), { key: owner.key });
      expect(response.status).toBe(400);
      expect(await readErrorBody(response)).toEqual({ message: "Invalid debug run ID.", code: "invalid_id" });
    },
  );
});

test.each(["1", "config", "%00", "%ff", `${randomUUID()}-`])("a chat with the malformed id %j is 400", async (id) => {
  for (const path of [listPath(id), runPath({ id: randomUUID(), chat_id: id })]) {
    const response = await app.request("GET", path, { key: owner.key });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "invalid_id" });
  }
});

describe("another person's debug data", () => {
  test.each(["member", "auditor", "owner"] as const)("is 404 for the role %s, as if it did not exist", async (role) => {
    const stranger = await app.createUser({ role });
    const { run, batch } = completeRun();
    await record(batch);
    const ask = async (path: string): Promise<unknown> => {
      const response = await app.request("GET", path, { key: stranger.key });
      return { status: response.status, body: await response.json() };
    };
    const nothing = await ask(listPath(randomUUID()));
    expect(nothing).toMatchObject({ status: 404 });
    expect(await ask(listPath(run.chat_id))).toEqual(nothing);
    expect(await ask(runPath(run))).toEqual(await ask(runPath({ id: randomUUID(), chat_id: randomUUID() })));
  });

  test("and one's own are 403 for a key that may only record", async () => {
    const { run, batch } = completeRun();
    await record(batch);
    const key = await app.createKey(owner.id, "ingest");
    for (const path of [listPath(run.chat_id), runPath(run), listPath("malformed")]) {
      const response = await app.request("GET", path, { key });
      expect({ status: response.status, ...(await readErrorBody(response)) }).toMatchObject({
        status: 403,
        code: "insufficient_scope",
      });
    }
  });
});

describe("damaged storage", () => {
  const plain = (text: string): Buffer => Buffer.concat([Buffer.of(0), Buffer.from(text)]);
  const damages: [string, Buffer, string][] = [
    ["a byte that no codec has", Buffer.from([250, 1, 2]), "+gEC"],
    ["no byte at all", Buffer.alloc(0), ""],
    ["compressed data that is torn", Buffer.from([1, 0x28, 0xb5, 0x2f, 0xfd, 0x04]), "ASi1L/0E"],
    ["text that is no JSON", plain("{oops"), "{oops"],
    ["JSON of another shape", plain('"text"'), '"text"'],
    ["JSON null", plain("null"), "null"],
  ];

  test.each(damages)(
    "in a payload (%s) is answered wrapped, and the rest of the run with it",
    async (_name, stored, raw) => {
      const { run, step, batch } = completeRun();
      await record(batch);
      await app.pool.query(
        "UPDATE chat_debug_payloads SET request = $2, response = $2, attempts = $2 WHERE step_id = $1",
        [step.id, stored],
      );
      const wrapped = { error: "malformed debug payload", parse_error: expect.stringMatching(/./) as string, raw };
      const { steps } = await app.client(owner.key).getDebugRun(run.chat_id, run.id);
      expect(steps).toMatchObject([
        {
          id: step.id,
          usage: step.usage,
          normalized_request: wrapped,
          normalized_response: wrapped,
          attempts: wrapped,
        },
      ]);
    },
  );

  test("that is long is answered with its beginning", async () => {
    const { run, step, batch } = completeRun();
    await record(batch);
    const long = plain(`{"a":"${"x".repeat(100_000)}`);
    await app.pool.query("UPDATE chat_debug_payloads SET request = $2 WHERE step_id = $1", [step.id, long]);
    const { steps } = await app.client(owner.key).getDebugRun(run.chat_id, run.id);
    expect(String(steps[0]?.normalized_request["raw"]).length).toBeLessThan(10_000);
  });

  test.each([
    ["an array", "[1]"],
    ["text", '"text"'],
    ["a number", "7"],
  ])("in a column (%s) is answered wrapped, and null as if nothing was stored", async (_name, json) => {
    const { run, step, batch } = completeRun();
    await record(batch);
    const damage = async (value: string): Promise<void> => {
      await app.pool.query("UPDATE chat_debug_steps SET usage = $2, error = $2, metadata = $2 WHERE id = $1", [
        step.id,
        value,
      ]);
      await app.pool.query("UPDATE chat_debug_runs SET summary = $2 WHERE id = $1", [run.id, value]);
    };
    await damage(json);
    const wrapped = { error: "malformed debug payload", parse_error: expect.stringMatching(/./) as string, raw: json };
    expect(await readJson(runPath(run))).toMatchObject({
      summary: wrapped,
      steps: [{ usage: wrapped, error: wrapped, metadata: wrapped }],
    });
    expect(await app.client(owner.key).listDebugRuns(run.chat_id)).toMatchObject([{ summary: wrapped }]);

    await damage("null");
    const read = await app.client(owner.key).getDebugRun(run.chat_id, run.id);
    expect([read.summary, read.steps[0]?.metadata]).toEqual([{}, {}]);
    expect(read.steps[0]).not.toHaveProperty("usage");
    expect(read.steps[0]).not.toHaveProperty("error");
  });
});
