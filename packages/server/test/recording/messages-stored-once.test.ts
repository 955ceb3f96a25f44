import { randomUUID } from "node:crypto";

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";

import { runItem } from "../debug-batches.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";
import { json, rawBody, requests } from "./arbitrary-payloads.ts";
import { message, SentPayloads } from "./stored-payloads.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

const STEPS = 6;

/** What is sent of steps, in what order and how much at a time. */
const sendings = fc.record({
  requests: requests(2 * STEPS),
  others: fc.array(json, { minLength: 3, maxLength: 3 }),
  batches: fc.array(
    fc.array(
      fc.record({
        number: fc.integer({ min: 1, max: STEPS }),
        request: fc.integer({ min: 0, max: 2 * STEPS - 1 }),
        brings: fc.constantFrom("request", "answer", "all", "all", "nothing"),
        form: fc.integer({ min: 0, max: 104 }),
        status: fc.constantFrom("in_progress" as const, "completed" as const),
      }),
      { minLength: 1, maxLength: STEPS },
    ),
    { minLength: 1, maxLength: 6 },
  ),
});

describe("a run whose steps repeat one another", () => {
  it("reads back byte for byte, whatever was sent, replaced and sent again in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(sendings, async ({ requests: bodies, others, batches }) => {
        const sent = new SentPayloads(app, user);
        for (const batch of batches) {
          const byNumber = new Map(batch.map((sending) => [sending.number, sending]));
          await sent.sendTogether(
            [...byNumber.values()].map(({ number, request, brings, form, status }) => ({
              number,
              status,
              ...((brings === "request" || brings === "all") && { normalized_request: bodies[request] ?? {} }),
              ...((brings === "answer" || brings === "all") && {
                normalized_response: { content: others[form % 3], finish_reason: "stop" },
                attempts: [
                  { number: 1, request_body: rawBody(bodies[request] ?? {}, form), response_body: others[number % 3] },
                ],
              }),
            })),
          );
        }
        expect(await sent.differences()).toEqual([]);
        const { stored, told } = await sent.bytes();
        expect(told ?? 0).toBe(stored ?? 0);
      }),
      { numRuns: 120 },
    );
  });

  it("reads back where many batches write into it at once", async () => {
    const sent = new SentPayloads(app, user);
    const history = Array.from({ length: 30 }, (_, index) => message(`word${index}`));
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        sent.sendTogether([
          { number: index + 1, normalized_request: { messages: history.slice(0, 1 + ((index * 7) % 30)) } },
          { number: index + 31, normalized_request: { messages: history.slice(index) } },
        ]),
      ),
    );
    expect(await sent.differences()).toEqual([]);
    // Each of the messages is there once, however the batches raced.
    const { rows } = await app.pool.query<{ blocks: Buffer }>(
      "SELECT chunk_index AS blocks FROM chat_debug_payloads WHERE run_id = $1 AND chunk_index IS NOT NULL",
      [sent.run.id],
    );
    const digests = rows.reduce((bytes, { blocks }) => bytes + Math.floor(blocks.length / 16), 0);
    // A message and the long text in it.
    expect(digests).toBe(2 * 30);
  });

  it("does not share anything with another run of the chat", async () => {
    const one = new SentPayloads(app, user);
    const other = new SentPayloads(app, user, runItem({ chat_id: one.run.chat_id }));
    const normalized_request = { messages: [message("shared")] };
    await one.sendTogether([{ number: 1, normalized_request }]);
    await other.sendTogether([{ number: 1, normalized_request }]);
    await app.pool.query("DELETE FROM chat_debug_runs WHERE id = $1", [one.run.id]);
    await app.pool.query("DELETE FROM chat_debug_payloads WHERE run_id = $1", [one.run.id]);
    expect(await other.differences()).toEqual([]);
  });

  it("grows by nothing where a step is sent again, and keeps what is there", async () => {
    const sent = new SentPayloads(app, user);
    const history = Array.from({ length: 5 }, (_, index) => message(`again${index}`));
    const step = { number: 1, normalized_request: { messages: history, tools: history, options: { seed: 1 } } };
    await sent.sendTogether([{ ...step, status: "in_progress" }]);
    const first = await sent.bytes();
    await sent.sendTogether([step]);
    await sent.sendTogether([step]);
    expect(await sent.bytes()).toEqual(first);
    expect(await sent.differences()).toEqual([]);
  });

  it("keeps what a replaced request brought, since other steps refer to it", async () => {
    const sent = new SentPayloads(app, user);
    const [first, second] = [message("first"), message("second")];
    await sent.sendTogether([{ number: 1, normalized_request: { messages: [first] } }]);
    await sent.sendTogether([{ number: 2, normalized_request: { messages: [first, second, first] } }]);
    await sent.sendTogether([{ number: 1, normalized_request: { messages: [second, message("third")] } }]);
    expect(await sent.differences()).toEqual([]);
  });

  it("stores nothing once of an answer that is still coming, since the next one replaces it", async () => {
    const sent = new SentPayloads(app, user);
    const text = JSON.stringify(message("partial", 5_000));
    for (const length of [500, 1_000, 2_000, 4_000]) {
      const content = [{ type: "text", text: text.slice(0, length) }];
      await sent.sendTogether([{ number: 1, status: "in_progress", normalized_response: { content } }]);
    }
    expect((await sent.bytes()).chunks).toBe(0);
    expect(await sent.differences()).toEqual([]);
  });

  it("stores a text once that messages, bodies and answers have in different shapes", async () => {
    const text = JSON.stringify(message("everywhere", 6_000));
    const once = new SentPayloads(app, user);
    await once.sendTogether([
      { number: 1, normalized_request: { messages: [{ role: "user", parts: [{ type: "text", text }] }] } },
    ]);
    const before = await once.bytes();
    await once.sendTogether([
      {
        number: 2,
        normalized_request: { messages: [{ role: "tool", parts: [{ type: "tool-result", result: text }] }] },
        normalized_response: { content: [{ type: "text", text }] },
        attempts: [{ request_body: { model: "m", input: [{ content: text }] }, response_body: { output: [{ text }] } }],
      },
    ]);
    expect((await once.bytes()).stored - before.stored).toBeLessThan(450);
    expect(await once.differences()).toEqual([]);
  });

  it("takes 5 % of the JSON that twenty requests of an agent are, and of their raw bodies", async () => {
    const sent = new SentPayloads(app, user);
    const history: unknown[] = [];
    let jsonBytes = 0;
    for (let number = 1; number <= 20; number += 1) {
      history.push(
        message(`question ${number} ${randomUUID()} `, 1_200),
        message(`answer ${number} ${randomUUID()} `, 1_800),
      );
      const normalized_request = {
        messages: [...history],
        tools: [{ name: "read_file", input_schema: { type: "object" } }],
      };
      // The raw body of the last steps is longer than what is kept of one, so that it arrives as text and is cut.
      const attempts = [{ number: 1, request_body: { model: "m", messages: [...history], stream: true } }];
      jsonBytes += JSON.stringify(normalized_request).length + JSON.stringify(attempts).length;
      await sent.sendTogether([{ number, normalized_request, status: "in_progress" }]);
      await sent.sendTogether([{ number, attempts }]);
    }
    expect((await sent.bytes()).stored / jsonBytes).toBeLessThan(0.05);
    expect(await sent.differences()).toEqual([]);
  });
});
