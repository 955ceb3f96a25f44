import type { DebugRun, DebugStep } from "@shelflife/api-contract";
import { beforeEach, describe, expect, it } from "vitest";

import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";
import { message, SentPayloads } from "./stored-payloads.ts";

let app: TestApp;
let user: TestUser;
let sent: SentPayloads;

const FIRST = message("first", 600);
const SECOND = message("second", 600);
const RESPONSE = { content: [{ type: "text", text: "A short answer." }], finish_reason: "stop" };
const ATTEMPTS = [{ number: 1, status: "completed", response_status: 200 }];
const WRAPPED = {
  error: "malformed debug payload",
  parse_error: expect.any(String) as string,
  raw: expect.any(String) as string,
};

beforeEach(async () => {
  app = await createTestApp();
  user = await app.createUser();
  sent = new SentPayloads(app, user);
  const rest = { normalized_response: RESPONSE, attempts: ATTEMPTS };
  // The second step brings a message of its own and refers to one of the first; the third has no lists.
  await sent.sendTogether([{ number: 1, normalized_request: { messages: [FIRST] }, ...rest }]);
  await sent.sendTogether([{ number: 2, normalized_request: { messages: [FIRST, SECOND] }, ...rest }]);
  await sent.sendTogether([{ number: 3, normalized_request: { prompt: "hi" }, ...rest }]);
});

async function damage(step: number, assignment: string): Promise<void> {
  const { rowCount } = await app.pool.query(`UPDATE chat_debug_payloads SET ${assignment} WHERE step_id = $1`, [
    sent.step(step).id,
  ]);
  expect(rowCount).toBe(1);
}

/** The run's steps as the run answers them, having checked that each by itself is answered alike. */
async function readSteps(): Promise<DebugStep[]> {
  const client = app.client(user.key);
  const { chat_id, id } = sent.run;
  const { steps }: DebugRun = await client.getDebugRun(chat_id, id);
  for (const step of steps) expect(await client.getDebugStep(chat_id, id, step.id)).toEqual(step);
  return steps;
}

const flip = (column: string, at: string): string =>
  `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 255)`;
const last = (column: string): string => flip(column, `octet_length(${column}) - 1`);

describe.each([
  ["is empty", (column: string) => `${column} = ''`],
  ["has lost its end", (column: string) => `${column} = substring(${column} FROM 1 FOR octet_length(${column}) / 2)`],
  ["has an unknown codec", (column: string) => `${column} = set_byte(${column}, 0, 15)`],
  ["is compressed noise", (column: string) => `${column} = '\\x02deadbeef'::bytea`],
  ["is no JSON", (column: string) => `${column} = '\\x00'::bytea || convert_to('{"a":', 'UTF8')`],
  ["is JSON of another shape", (column: string) => `${column} = '\\x00'::bytea || convert_to('7', 'UTF8')`],
  [
    "refers to nothing",
    (column: string) => `${column} = '\\x1000000000'::bytea || convert_to(chr(1) || '900' || chr(2), 'UTF8')`,
  ],
  [
    "refers to too much",
    (column: string) => `${column} = '\\x1000000000'::bytea || convert_to(chr(1) || '0-99999999999' || chr(2), 'UTF8')`,
  ],
  ["is a template that ends early", (column: string) => `${column} = '\\x1000'::bytea`],
])("a stored part that %s", (_, assignment) => {
  it.each(["request", "response", "attempts"])("is wrapped where it is the %s, and nothing else is", async (column) => {
    await damage(2, assignment(column));
    const [first, second, third] = await readSteps();
    expect(first).toMatchObject({
      normalized_request: { messages: [FIRST] },
      normalized_response: RESPONSE,
      attempts: ATTEMPTS,
    });
    expect(third).toMatchObject({
      normalized_request: { prompt: "hi" },
      normalized_response: RESPONSE,
      attempts: ATTEMPTS,
    });
    expect(second?.normalized_request).toEqual(column === "request" ? WRAPPED : { messages: [FIRST, SECOND] });
    expect(second?.normalized_response).toEqual(column === "response" ? WRAPPED : RESPONSE);
    expect(second?.attempts).toEqual(column === "attempts" ? WRAPPED : ATTEMPTS);
  });
});

describe.each([
  ["the chunks are gone", "chunks = NULL"],
  ["the chunks are empty", "chunks = ''"],
  ["the chunks have lost their end", "chunks = substring(chunks FROM 1 FOR 20)"],
  ["a byte of the chunks is another", last("chunks")],
  ["the length of the chunks is another", flip("chunks", "0")],
  ["the codec of the chunks is unknown", "chunks = set_byte(chunks, 2, 15)"],
  ["the index is gone", "chunk_index = NULL"],
  ["the index has lost its end", "chunk_index = substring(chunk_index FROM 1 FOR 10)"],
  ["the index never ends", "chunk_index = '\\xffffffffffffffffffff'::bytea"],
  ["the index has other numbers", "chunk_index = set_byte(chunk_index, 0, 90)"],
  ["the index has more chunks than there are", "chunk_index = set_byte(chunk_index, 1, 1)"],
  ["a digest is another", flip("chunk_index", "2")],
  ["the whole row is gone", "step_id = gen_random_uuid(), chunks = NULL"],
])("where %s", (_, assignment) => {
  it("only the requests that need them are wrapped", async () => {
    await damage(1, assignment);
    const [, second, third] = await readSteps();
    expect(second).toMatchObject({ normalized_response: RESPONSE, attempts: ATTEMPTS });
    expect(second?.normalized_request).toEqual(WRAPPED);
    expect(third).toMatchObject({
      normalized_request: { prompt: "hi" },
      normalized_response: RESPONSE,
      attempts: ATTEMPTS,
    });
  });

  it("further steps are stored and read back, and never take the number of what is lost", async () => {
    await damage(1, assignment);
    const third = message("third", 600);
    await sent.sendTogether([{ number: 4, normalized_request: { messages: [FIRST, SECOND, third] } }]);
    const steps = await readSteps();
    const read = steps[3]?.normalized_request;
    // What the index still promises cannot be known to be lost; it is said to be, and never replaced by something else.
    if (read !== undefined && "error" in read) expect(read).toEqual(WRAPPED);
    else expect(read).toEqual({ messages: [FIRST, SECOND, third] });
    expect(steps[1]?.normalized_request).toEqual(WRAPPED);
  });
});

describe("where the numbers of two steps' chunks are mixed up", () => {
  it("the requests are wrapped, and nobody reads what was never recorded", async () => {
    const mixed = new SentPayloads(app, user);
    const short = (text: string) => ({ role: "user", parts: [{ type: "text", text }] });
    const messages = [short("One message, and no long text in it."), short("Another message, of one chunk as well.")];
    await mixed.sendTogether([{ number: 1, normalized_request: { messages: messages.slice(0, 1) } }]);
    await mixed.sendTogether([{ number: 2, normalized_request: { messages } }]);
    await app.pool.query(
      "UPDATE chat_debug_payloads SET chunk_index = set_byte(chunk_index, 0, 1 - get_byte(chunk_index, 0)) WHERE run_id = $1",
      [mixed.run.id],
    );
    const { steps } = await app.client(user.key).getDebugRun(mixed.run.chat_id, mixed.run.id);
    expect(steps.map((step) => step.normalized_request)).toEqual([WRAPPED, WRAPPED]);
  });
});

describe("payloads of a partition that cannot be seen for a while", () => {
  it("do not share numbers with what is stored in the meantime, so that both read right once they are together again", async () => {
    await app.pool.query("CREATE TABLE aside AS SELECT * FROM chat_debug_payloads");
    await app.pool.query("DELETE FROM chat_debug_payloads");
    await sent.sendTogether([{ number: 4, normalized_request: { messages: [SECOND, message("late", 600)] } }]);
    await app.pool.query("INSERT INTO chat_debug_payloads SELECT * FROM aside");
    await app.pool.query("DROP TABLE aside");
    expect(await sent.differences()).toEqual([]);
  });
});

describe("rows that an earlier version stored", () => {
  it("read as they were written", async () => {
    const request = JSON.stringify({ messages: [FIRST], tools: [] });
    await damage(1, `request = '\\x00'::bytea || convert_to('${request}', 'UTF8'), chunks = NULL, chunk_index = NULL`);
    expect((await readSteps())[0]?.normalized_request).toEqual({ messages: [FIRST], tools: [] });
  });
});
