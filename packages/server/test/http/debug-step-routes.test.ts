import { randomUUID } from "node:crypto";

import pg from "pg";
import { beforeAll, describe, expect, it, vi } from "vitest";

import { completeRun, runItem } from "../debug-batches.ts";
import { message, SentPayloads } from "../recording/stored-payloads.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

/** How many bytes of each column the database sends while some work is done. */
async function columnsRead(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  const original = pg.Client.prototype.query;
  const spy = vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (this: pg.Client, ...input: never[]) {
    const answer = Reflect.apply(original, this, input) as unknown;
    return Promise.resolve(answer).then((result) => {
      for (const row of (result as pg.QueryResult<Record<string, unknown>>).rows ?? []) {
        for (const [column, value] of Object.entries(row)) {
          if (Buffer.isBuffer(value)) bytes.set(column, (bytes.get(column) ?? 0) + value.length);
        }
      }
      return result;
    });
  } as typeof original);
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return bytes;
}

describe("a run without its payloads", () => {
  it("is the run with its steps as they are, and how many bytes each of them stores", async () => {
    const { run, step, batch } = completeRun();
    await app.client(user.key).recordDebugBatch(batch);
    const client = app.client(user.key);
    const whole = await client.getDebugRun(run.chat_id, run.id);
    const skeleton = await client.getDebugRunSkeleton(run.chat_id, run.id);
    const { normalized_request, normalized_response, attempts, ...small } = whole.steps[0] ?? {};
    expect([normalized_request, normalized_response, attempts]).not.toContain(undefined);
    const { rows } = await app.pool.query<{ payload_bytes: number }>(
      "SELECT payload_bytes FROM chat_debug_steps WHERE id = $1",
      [step.id],
    );
    expect(rows[0]?.payload_bytes).toBeGreaterThan(0);
    expect(skeleton).toEqual({ ...whole, steps: [{ ...small, payload_bytes: rows[0]?.payload_bytes }] });
  });

  it("is answered with its payloads where they are asked for, and refused where neither is said", async () => {
    const { run, batch } = completeRun();
    await app.client(user.key).recordDebugBatch(batch);
    const path = `${CHATS}/${run.chat_id}/debug/runs/${run.id}`;
    const whole = await (await app.request("GET", path, { key: user.key })).json();
    expect(await (await app.request("GET", `${path}?payloads=true`, { key: user.key })).json()).toEqual(whole);
    const refused = await app.request("GET", `${path}?payloads=no`, { key: user.key });
    expect(refused.status).toBe(400);
    expect(await readErrorBody(refused)).toMatchObject({
      code: "validation_failed",
      validations: [{ field: "payloads" }],
    });
  });
});

describe("one step", () => {
  it("is what the run says of it", async () => {
    const { run, step, batch } = completeRun();
    await app.client(user.key).recordDebugBatch(batch);
    const client = app.client(user.key);
    const whole = await client.getDebugRun(run.chat_id, run.id);
    expect(await client.getDebugStep(run.chat_id, run.id, step.id)).toEqual(whole.steps[0]);
  });

  it("of two hundred is read without the payloads of the others, and the skeleton without any", async () => {
    const sent = new SentPayloads(app, user);
    const history = Array.from({ length: 200 }, (_, index) => message(`words${index}`, 200));
    await sent.sendTogether(
      history.map((_, index) => ({
        number: index + 1,
        normalized_request: { messages: history.slice(0, index + 1) },
        normalized_response: { content: [{ type: "text", text: `Answer ${index}` }] },
        attempts: [{ number: 1, response_body: { id: randomUUID() } }],
      })),
    );
    const { rows } = await app.pool.query<Record<string, number>>(
      `SELECT octet_length(request) AS request, octet_length(response) AS response, octet_length(attempts) AS attempts
       FROM chat_debug_payloads WHERE step_id = $1`,
      [sent.step(200).id],
    );
    const { chat_id, id } = sent.run;
    const client = app.client(user.key);
    const ofStep = await columnsRead(() => client.getDebugStep(chat_id, id, sent.step(200).id));
    for (const part of ["request", "response", "attempts"]) expect(ofStep.get(part)).toBe(rows[0]?.[part]);
    expect(ofStep.get("chunks")).toBeGreaterThan(10_000);
    expect([...(await columnsRead(() => client.getDebugRunSkeleton(chat_id, id))).keys()]).toEqual([]);
    expect([...(await columnsRead(() => client.listDebugRuns(chat_id))).keys()]).toEqual([]);
    expect(await client.getDebugStep(chat_id, id, sent.step(200).id)).toMatchObject({
      normalized_request: { messages: history },
    });
  });

  it("is not there for another person, in another run, in another chat, or once it is gone", async () => {
    const { run, step, batch } = completeRun();
    const sibling = runItem({ chat_id: run.chat_id });
    const elsewhere = runItem();
    const client = app.client(user.key);
    await client.recordDebugBatch({ ...batch, runs: [...(batch.runs ?? []), sibling, elsewhere] });
    const stranger = await app.createUser();
    const owner = await app.createUser({ role: "owner" });
    const notFound = { code: "not_found" };
    await expect(app.client(stranger.key).getDebugStep(run.chat_id, run.id, step.id)).rejects.toMatchObject(notFound);
    await expect(app.client(owner.key).getDebugStep(run.chat_id, run.id, step.id)).rejects.toMatchObject(notFound);
    await expect(app.client(owner.key).getDebugRunSkeleton(run.chat_id, run.id)).rejects.toMatchObject(notFound);
    await expect(client.getDebugStep(run.chat_id, sibling.id, step.id)).rejects.toMatchObject(notFound);
    await expect(client.getDebugStep(elsewhere.chat_id, run.id, step.id)).rejects.toMatchObject(notFound);
    await expect(client.getDebugStep(run.chat_id, run.id, randomUUID())).rejects.toMatchObject(notFound);
    await app.pool.query("UPDATE chats SET purging_at = now() WHERE id = $1", [run.chat_id]);
    await expect(client.getDebugStep(run.chat_id, run.id, step.id)).rejects.toMatchObject(notFound);
    await expect(client.getDebugRunSkeleton(run.chat_id, run.id)).rejects.toMatchObject(notFound);
  });

  it.each([
    ["chat", "Invalid chat ID.", `nonsense/debug/runs/${randomUUID()}/steps/${randomUUID()}`],
    ["run", "Invalid debug run ID.", `${randomUUID()}/debug/runs/nonsense/steps/${randomUUID()}`],
    ["step", "Invalid debug step ID.", `${randomUUID()}/debug/runs/${randomUUID()}/steps/nonsense`],
  ])("is refused where the %s id is none", async (_, message, path) => {
    const response = await app.request("GET", `${CHATS}/${path}`, { key: user.key });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "invalid_id", message });
  });
});
