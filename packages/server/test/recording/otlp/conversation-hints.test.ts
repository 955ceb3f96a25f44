import { beforeEach, describe, expect, test } from "vitest";

import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import { exportSpans, modelSpan, newTraceId, sentSpan } from "./sent-spans.ts";

const HINT = { errorMessage: expect.stringContaining("gen_ai.conversation.id") };
const PARENT = "00f067aa0ba902b7";

let app: TestApp;
let user: TestUser;

beforeEach(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

describe("a sender whose trace ends without having named a conversation", () => {
  test("is told how to name one, and that nothing was lost", async () => {
    const { body } = await exportSpans(app, user, [modelSpan()]);
    expect(body).toEqual({
      partialSuccess: {
        errorMessage:
          "All was recorded. A trace names no conversation and is a chat by itself: gen_ai.conversation.id, or session.id, on one of its spans says which chat it belongs to.",
      },
    });
  });

  test("is told where the root is no model call, but of any other kind", async () => {
    const traceId = newTraceId();
    const root = sentSpan({ traceId, spanId: PARENT, name: "GET /chat" });
    const { body } = await exportSpans(app, user, [modelSpan({ traceId, parentSpanId: PARENT }), root]);
    expect(body).toEqual({ partialSuccess: HINT });
  });

  test("is told once an hour, whatever it sends, and so is every other sender", async () => {
    const other = await app.createUser();
    expect((await exportSpans(app, user, [modelSpan(), modelSpan()])).body).toMatchObject({
      partialSuccess: { errorMessage: expect.stringContaining("2 traces name no conversation and are each a chat") },
    });
    expect((await exportSpans(app, user, [modelSpan()])).body).toEqual({});
    expect((await exportSpans(app, other, [modelSpan()])).body).toEqual({ partialSuccess: HINT });
    await app.clock.advance(3_599_999);
    expect((await exportSpans(app, user, [modelSpan()])).body).toEqual({});
    await app.clock.advance(1);
    expect((await exportSpans(app, user, [modelSpan()])).body).toEqual({ partialSuccess: HINT });
  });
});

describe("a sender is told nothing", () => {
  test("where a span of the trace named a conversation, in this request or before", async () => {
    const traceId = newTraceId();
    const attributes = { "gen_ai.conversation.id": newTraceId() };
    expect((await exportSpans(app, user, [modelSpan({ traceId, attributes, parentSpanId: PARENT })])).body).toEqual({});
    expect((await exportSpans(app, user, [modelSpan({ traceId, spanId: PARENT })])).body).toEqual({});
  });

  test("as long as the root of the trace may still come", async () => {
    expect((await exportSpans(app, user, [modelSpan({ parentSpanId: PARENT })])).body).toEqual({});
  });

  test("where nothing is recorded anyway", async () => {
    expect((await exportSpans(app, user, [sentSpan({ name: "GET /chat" })])).body).toEqual({});
  });
});
