import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import { traceChatId } from "../../../src/store/trace-ids.ts";
import { countRows, storedRow } from "../../stored-rows.ts";
import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import {
  chatOf,
  modelSpan,
  newSpanId,
  newTraceId,
  runOf,
  runsOf,
  sendSpans,
  sentSpan,
  TAKEN,
  toolSpan,
  type SentAttributes,
} from "./sent-spans.ts";

let app: TestApp;
/** Records for many people. */
let service: TestUser;
let person: TestUser;
let other: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  service = await app.createUser({ scope: "ingest" });
  person = await app.createUser();
  other = await app.createUser();
});

/** The answer to an export of which so many spans were refused for a reason that contains this. */
function refused(count: number, reason: string): object {
  return {
    status: 200,
    body: {
      partialSuccess: {
        rejectedSpans: String(count),
        errorMessage: expect.stringMatching(new RegExp(`^${count} not recorded: .*${reason}`)) as string,
      },
    },
  };
}

describe("the owner of a chat", () => {
  const names: [string, () => SentAttributes][] = [
    ["user.id, an id", () => ({ "user.id": person.id.toUpperCase() })],
    ["user.id, an e-mail address", () => ({ "user.id": person.email.toUpperCase() })],
    ["user.email beside an id of the application's own", () => ({ "user.id": "u-17", "user.email": person.email })],
    ["enduser.id", () => ({ "enduser.id": person.email })],
    ["langfuse.user.id", () => ({ "langfuse.user.id": person.email })],
    ["Traceloop's association properties", () => ({ "traceloop.association.properties.user_id": person.email })],
    ["the AI SDK's telemetry metadata", () => ({ "ai.telemetry.metadata.userId": person.id })],
    ["the AI SDK's runtime context", () => ({ "ai.settings.context.shelflife.owner": person.email })],
  ];

  test.each(names)("is whom a service names by %s", async (_name, attributes) => {
    const id = newTraceId();
    const named = { ...attributes(), "session.id": id };
    expect(await sendSpans(app, service, [modelSpan({ attributes: named })])).toEqual(TAKEN);
    expect((await runOf(app, person, chatOf(id))).steps).toHaveLength(1);
    expect(await storedRow(app.pool, "chats", chatOf(id))).toMatchObject({
      owner_id: person.id,
      recorder_id: service.id,
    });
  });

  test("is the service where nobody who is named has an account", async () => {
    const id = newTraceId();
    const attributes = { "user.id": "u-17", "user.email": "nobody@example.com", "session.id": id };
    expect(await sendSpans(app, service, [modelSpan({ attributes })])).toEqual(TAKEN);
    expect(await storedRow(app.pool, "chats", chatOf(id))).toMatchObject({ owner_id: service.id });
  });

  test("is the holder of a full key, whoever is named", async () => {
    const id = newTraceId();
    const attributes = { "user.email": person.email, "session.id": id };
    expect(await sendSpans(app, other, [modelSpan({ attributes })])).toEqual(TAKEN);
    expect(await storedRow(app.pool, "chats", chatOf(id))).toMatchObject({ owner_id: other.id });
  });

  test("is found in another span of the trace, whether that comes before or after", async () => {
    for (const order of [0, 1]) {
      const id = newTraceId();
      const traceId = newTraceId();
      const root = sentSpan({ traceId, attributes: { "session.id": id, "user.email": person.email } });
      const spans = [root, modelSpan({ traceId, parentSpanId: root.spanId })];
      for (const span of order === 0 ? spans : spans.toReversed()) {
        expect(await sendSpans(app, service, [span])).toEqual(TAKEN);
      }
      expect((await runOf(app, person, chatOf(id))).steps).toHaveLength(1);
    }
  });

  test("stays known when a further span of the trace does not name them", async () => {
    const [id, traceId] = [newTraceId(), newTraceId()];
    const naming = (attributes: SentAttributes) =>
      sentSpan({ traceId, attributes: { "session.id": id, ...attributes } });
    for (const span of [naming({ "user.email": person.email }), naming({}), modelSpan({ traceId })]) {
      expect(await sendSpans(app, service, [span])).toEqual(TAKEN);
    }
    expect((await runOf(app, person, chatOf(id))).steps).toHaveLength(1);
  });

  test("keeps what another service recorded for them of a trace of the same id", async () => {
    const [id, traceId] = [newTraceId(), newTraceId()];
    const named = { "user.email": person.email };
    await sendSpans(app, service, [modelSpan({ traceId, attributes: named })]);
    const another = await app.createUser({ scope: "ingest" });
    await sendSpans(app, another, [sentSpan({ traceId, attributes: { ...named, "session.id": id } })]);
    expect((await runOf(app, person, traceChatId(traceId))).steps).toHaveLength(1);
  });

  test("stays the service where it came to know the person too late, and its spans are recorded there", async () => {
    const [id, traceId] = [newTraceId(), newTraceId()];
    const model = () => modelSpan({ traceId, parentSpanId: newSpanId(), attributes: { "session.id": id } });
    const root = sentSpan({ traceId, attributes: { "session.id": id, "user.email": person.email } });
    for (const span of [model(), root, model()]) {
      expect(await sendSpans(app, service, [span])).toEqual(TAKEN);
    }
    expect(await storedRow(app.pool, "chats", chatOf(id))).toMatchObject({ owner_id: service.id });
    const key = await app.createKey(service.id, "full");
    expect((await runOf(app, { key }, chatOf(id))).steps).toHaveLength(2);
  });

  test("stays who it is: what a span says of somebody else goes into no chat of theirs", async () => {
    const id = newTraceId();
    const named = (email: string) => ({ "session.id": id, "user.email": email });
    await sendSpans(app, service, [modelSpan({ attributes: named(person.email) })]);
    const answer = await sendSpans(app, service, [modelSpan({ attributes: named(other.email) })]);
    expect(answer).toEqual(refused(1, "belongs to another person"));
    expect(await runsOf(app, person, chatOf(id))).toHaveLength(1);
  });

  test("is nobody whom another service or person may record for", async () => {
    const id = newTraceId();
    const attributes = { "session.id": id };
    await sendSpans(app, person, [modelSpan({ attributes })]);
    for (const stranger of [other, service]) {
      const answer = await sendSpans(app, stranger, [modelSpan({ attributes }), toolSpan({ attributes })]);
      expect(answer).toEqual(refused(2, "belongs to another person"));
    }
    expect(await runsOf(app, person, chatOf(id))).toHaveLength(1);
  });

  test("keeps what spans without a chat say of them, when the chat of the trace turns out to be another's", async () => {
    const id = newTraceId();
    const traceId = newTraceId();
    await sendSpans(app, service, [modelSpan({ traceId, attributes: { "user.email": person.email } })]);
    const root = { "session.id": id, "user.email": other.email };
    await sendSpans(app, service, [sentSpan({ traceId, attributes: root })]);
    expect((await runOf(app, person, traceChatId(traceId))).steps).toHaveLength(1);
    await expect(runsOf(app, person, chatOf(id))).rejects.toMatchObject({ status: 404 });
    expect(await runsOf(app, other, chatOf(id)).catch(() => [])).toEqual([]);
  });
});

describe("a deleted chat", () => {
  test("takes no spans, nor does it give back what came of its trace before", async () => {
    const id = newTraceId();
    const [before, later] = [newTraceId(), newTraceId()];
    await sendSpans(app, person, [modelSpan({ traceId: before, attributes: { "session.id": id } })]);
    await app.store.markChatDeleted(chatOf(id), { userId: null });
    const named = modelSpan({ traceId: before, attributes: { "session.id": id } });
    expect(await sendSpans(app, person, [named])).toEqual(refused(1, "delet"));
    await sendSpans(app, person, [modelSpan({ traceId: later })]);
    expect(await runsOf(app, person, traceChatId(later))).toHaveLength(1);
    await sendSpans(app, person, [sentSpan({ traceId: later, attributes: { "session.id": id } })]);
    await expect(runsOf(app, person, traceChatId(later))).rejects.toMatchObject({ status: 404 });
  });
});

describe("where recording is a choice", () => {
  let gated: TestApp;
  let admin: TestUser;
  let recorded: TestUser;
  let unrecorded: TestUser;
  let recorder: TestUser;

  beforeAll(async () => {
    gated = await createTestApp({ recordingForced: false });
    admin = await gated.createUser({ role: "owner" });
    recorded = await gated.createUser();
    unrecorded = await gated.createUser();
    recorder = await gated.createUser();
    recorder = { ...recorder, key: await gated.createKey(recorder.id, "ingest") };
  });

  beforeEach(async () => {
    await gated.pool.query(
      "DELETE FROM chats; DELETE FROM chat_debug_payloads; DELETE FROM otlp_traces; DELETE FROM user_configs",
    );
    await gated.client(admin.key).retention.setDebugLogging(true);
    for (const user of [recorded, recorder]) await switchTo(user, true);
  });

  async function switchTo({ id }: TestUser, on: boolean): Promise<void> {
    await gated.store.changeOwnDebugLogging({ userId: id, switchedOn: on }, { userId: id });
  }

  const of = ({ email }: TestUser, id: string): SentAttributes => ({ "session.id": id, "user.email": email });

  test("nothing is recorded while it is off for all, and the answer says who turns it on", async () => {
    await gated.client(admin.key).retention.setDebugLogging(false);
    const before = await countRows(gated.pool);
    const answer = await sendSpans(gated, recorded, [modelSpan(), toolSpan(), sentSpan()]);
    expect(answer).toEqual(refused(2, "SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true"));
    expect(await countRows(gated.pool)).toEqual(before);
  });

  test("each person decides for the spans that name them", async () => {
    const [mine, theirs] = [newTraceId(), newTraceId()];
    const answer = await sendSpans(gated, recorder, [
      modelSpan({ attributes: of(recorded, mine) }),
      modelSpan({ attributes: of(unrecorded, theirs) }),
    ]);
    expect(answer).toEqual(refused(1, "off for this chat's owner"));
    expect(await runsOf(gated, recorded, chatOf(mine))).toHaveLength(1);
    expect(await countRows(gated.pool)).toMatchObject({ chats: 1, runs: 1, steps: 1, payloads: 1 });
  });

  test("what came before the owner was known goes when it turns out that they are not recorded", async () => {
    const traceId = newTraceId();
    const id = newTraceId();
    expect(await sendSpans(gated, recorder, [modelSpan({ traceId })])).toEqual(TAKEN);
    expect(await countRows(gated.pool)).toMatchObject({ chats: 1, runs: 1, steps: 1, payloads: 1 });
    expect(await sendSpans(gated, recorder, [sentSpan({ traceId, attributes: of(unrecorded, id) })])).toEqual(TAKEN);
    expect(await countRows(gated.pool)).toEqual({ chats: 0, runs: 0, steps: 0, payloads: 0 });
    // And what still comes of that trace is refused.
    expect(await sendSpans(gated, recorder, [modelSpan({ traceId })])).toEqual(refused(1, "off for this chat's owner"));
    expect(await countRows(gated.pool)).toEqual({ chats: 0, runs: 0, steps: 0, payloads: 0 });
  });

  test("what spans say of somebody who is recorded stays, whoever the rest of their trace is about", async () => {
    const [traceId, id] = [newTraceId(), newTraceId()];
    await sendSpans(gated, recorder, [modelSpan({ traceId, attributes: { "user.email": recorded.email } })]);
    await sendSpans(gated, recorder, [sentSpan({ traceId, attributes: of(unrecorded, id) })]);
    expect((await runOf(gated, recorded, traceChatId(traceId))).steps).toHaveLength(1);
  });

  test("a trace whose run has started goes on after its owner has switched off, and a new one does not", async () => {
    const traceId = newTraceId();
    const id = newTraceId();
    const attributes = of(recorded, id);
    await sendSpans(gated, recorder, [modelSpan({ traceId, attributes })]);
    await switchTo(recorded, false);
    expect(await sendSpans(gated, recorder, [modelSpan({ traceId, attributes })])).toEqual(TAKEN);
    expect((await runOf(gated, recorded, chatOf(id))).steps).toHaveLength(2);
    expect(await sendSpans(gated, recorder, [modelSpan({ attributes })])).toEqual(refused(1, "off"));
  });
});
