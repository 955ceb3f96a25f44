import { beforeAll, expect, test } from "vitest";

import { traceChatId } from "../../../src/store/trace-ids.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import {
  askingFor,
  chatOf,
  modelSpan,
  newTraceId,
  runOf,
  runsOf,
  sendSpans,
  sentSpan,
  TAKEN,
  toolSpan,
} from "./sent-spans.ts";

let app: TestApp;
let user: TestUser;
/** Happens once, after a request was made into a batch and before that is stored. */
let meanwhile: (() => Promise<unknown>) | undefined;
let batches = 0;

beforeAll(async () => {
  app = await createTestApp({
    around: (store) => ({
      ...store,
      async recordDebugBatch(...input) {
        const work = meanwhile;
        meanwhile = undefined;
        await work?.();
        batches += 1;
        return store.recordDebugBatch(...input);
      },
    }),
  });
  user = await app.createUser();
});

test("a batch that another one overtakes, which tells where its trace belongs, is made again", async () => {
  const [traceId, id] = [newTraceId(), newTraceId()];
  meanwhile = () => sendSpans(app, user, [sentSpan({ traceId, attributes: { "session.id": id } })]);
  batches = 0;
  expect(await sendSpans(app, user, [modelSpan({ traceId })])).toEqual(TAKEN);
  expect(batches).toBe(2);
  expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  await expect(runsOf(app, user, traceChatId(traceId))).rejects.toMatchObject({ status: 404 });
});

test("a batch that another one overtakes, which gives its trace a further run, settles that one as well", async () => {
  const [traceId, one, other] = [newTraceId(), newTraceId(), newTraceId()];
  // Two conversations, so that neither of them is the home of the tool.
  await sendSpans(app, user, [sentSpan({ traceId, attributes: { "session.id": one } })]);
  meanwhile = () => sendSpans(app, user, [toolSpan({ traceId, callId: "call_1" })]);
  const asking = { ...askingFor("call_1"), "session.id": other };
  expect(await sendSpans(app, user, [modelSpan({ traceId, attributes: asking })])).toEqual(TAKEN);
  expect((await runOf(app, user, chatOf(other))).steps[0]?.metadata["tools"]).toHaveLength(1);
  expect(await runsOf(app, user, chatOf(one))).toEqual([]);
});

test("a request of many spans is stored in portions, and each trace whole", async () => {
  const long = newTraceId();
  const spans = Array.from({ length: 1_000 }, () =>
    sentSpan({ traceId: long, attributes: { "session.id": "portions" } }),
  );
  batches = 0;
  await sendSpans(app, user, [modelSpan({ traceId: long }), ...spans, modelSpan(), modelSpan()]);
  expect(batches).toBe(2);
});

test("a batch that is overtaken again and again is worth another try by its sender", async () => {
  const traceId = newTraceId();
  const overtake = (): Promise<void> => {
    meanwhile = overtake;
    return Promise.reject(Object.assign(new Error("moved"), { code: "trace_moved" }));
  };
  meanwhile = overtake;
  batches = 0;
  expect(await sendSpans(app, user, [modelSpan({ traceId })])).toMatchObject({ status: 503 });
  meanwhile = undefined;
  expect(await sendSpans(app, user, [modelSpan({ traceId })])).toEqual(TAKEN);
});
