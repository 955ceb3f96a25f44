import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";

import { traceChatId } from "../../../src/store/trace-ids.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import {
  askingFor,
  chatOf,
  modelSpan,
  newSpanId,
  newTraceId,
  runsOf,
  sendSpans,
  sentSpan,
  SPANS_START,
  TAKEN,
  toolSpan,
  type SentSpan,
} from "./sent-spans.ts";

interface Sent {
  readonly app: TestApp;
  readonly user: TestUser;
}

let inOneRequest: Sent;
let inAnyOrder: Sent;
let atOnce: Sent;

beforeAll(async () => {
  const start = async (): Promise<Sent> => {
    const app = await createTestApp();
    return { app, user: await app.createUser({ scope: "ingest" }) };
  };
  [inOneRequest, inAnyOrder, atOnce] = await Promise.all([start(), start(), start()]);
});

/** When something starts and how long it takes, in tenths of a second: coarse, so that many things happen at once. */
const time = fc.record({ at: fc.integer({ min: 0, max: 20 }), takes: fc.integer({ min: 0, max: 10 }) });

/** A tool's call id: one that some model call asks for, one that none does, or none. */
const callId = fc.constantFrom("call_0", "call_1", "call_2", "call_9", undefined);

/** Who in a trace says which conversation it belongs to. */
type Naming = "nobody" | "the root" | "the agent" | "all" | "some" | "two conversations";

const trace = fc.record({
  naming: fc.constantFrom<Naming>("nobody", "the root", "the agent", "all", "some", "two conversations"),
  models: fc.array(fc.record({ time, fails: fc.boolean(), asks: fc.boolean() }), { maxLength: 3 }),
  tools: fc.array(fc.record({ time, callId, inside: fc.option(fc.nat(2)) }), { maxLength: 3 }),
  agent: fc.option(fc.record({ time, fails: fc.boolean() })),
});

type Trace = typeof trace extends fc.Arbitrary<infer T> ? T : never;

/** The spans of a trace, with the chats that they belong to. */
function spansOf({ naming, models, tools, agent }: Trace): { spans: SentSpan[]; chatIds: string[] } {
  const traceId = newTraceId();
  const conversations = [newTraceId(), newTraceId()];
  const root = sentSpan({ traceId, name: "POST /chat", attributes: naming === "the root" ? named(0) : {} });
  const agentId = newSpanId();
  function named(index: number): Record<string, string> {
    return { "session.id": conversations[index] ?? "" };
  }
  const times = ({ at, takes }: { at: number; takes: number }) => ({
    start: SPANS_START + at * 100,
    end: SPANS_START + (at + takes) * 100,
  });
  const modelIds = models.map(() => newSpanId());
  const isAskedFor = (id: string | undefined) => models.some(({ asks }, index) => asks && id === `call_${index}`);
  const ofModel = (index: number): Record<string, string> => {
    if (naming === "all" || (naming === "some" && index % 2 === 0)) return named(0);
    return naming === "two conversations" ? named(index % 2) : {};
  };
  return {
    chatIds: [traceChatId(traceId), ...conversations.map(chatOf)],
    spans: [
      root,
      ...(agent === null
        ? []
        : [
            sentSpan({
              traceId,
              spanId: agentId,
              parentSpanId: root.spanId,
              ...times(agent.time),
              attributes: {
                "gen_ai.operation.name": "invoke_agent",
                ...(naming === "the agent" || naming === "all" ? named(0) : {}),
              },
              ...(agent.fails && { error: "failed" }),
            }),
          ]),
      ...models.map((model, index) =>
        modelSpan({
          traceId,
          spanId: modelIds[index] ?? "",
          parentSpanId: agent === null ? root.spanId : agentId,
          asks: `question ${index}`,
          ...times(model.time),
          attributes: { ...(model.asks && askingFor(`call_${index}`)), ...ofModel(index) },
          ...(model.fails && { error: "failed" }),
        }),
      ),
      ...tools.map(({ time: when, callId: id, inside }, index) =>
        toolSpan({
          traceId,
          ...(id !== undefined && { callId: id }),
          parentSpanId: (inside === null ? undefined : modelIds[inside]) ?? root.spanId,
          ...times(when),
          // Where several conversations are in one trace, a tool is asked for by its id, or says which one it is for.
          attributes: naming === "two conversations" && !isAskedFor(id) ? named(index % 2) : {},
        }),
      ),
    ],
  };
}

async function send({ app, user }: Sent, requests: readonly SentSpan[][]): Promise<void> {
  for (const spans of requests) expect(await sendSpans(app, user, spans)).toEqual(TAKEN);
}

/** What people see of these chats; a chat that is not there has no runs. */
async function seen({ app, user }: Sent, chatIds: readonly string[]): Promise<unknown[]> {
  const key = await app.createKey(user.id, "full");
  return Promise.all(chatIds.map((chatId) => runsOf(app, { key }, chatId).catch(() => "no chat")));
}

/** The spans in another order, cut into requests at some places. */
function shuffled<T>(items: readonly T[], random: () => number): T[][] {
  const order = items.map((item) => ({ item, at: random() })).toSorted((a, b) => a.at - b.at);
  const requests: T[][] = [[]];
  for (const { item } of order) {
    if (random() < 0.5) requests.push([]);
    requests.at(-1)?.push(item);
  }
  return requests.filter((request) => request.length > 0);
}

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test("the spans of a trace come to the same in any order, in any number of requests, and sent at once", async () => {
  await fc.assert(
    fc.asyncProperty(trace, fc.nat(), async (shape, seed) => {
      const { spans, chatIds } = spansOf(shape);
      const requests = shuffled(spans, randomFrom(seed));
      await send(inOneRequest, [spans]);
      await send(inAnyOrder, requests);
      await Promise.all(requests.map((request) => send(atOnce, [request])));
      const expected = await seen(inOneRequest, chatIds);
      expect(await seen(inAnyOrder, chatIds)).toEqual(expected);
      expect(await seen(atOnce, chatIds)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
}, 600_000);
