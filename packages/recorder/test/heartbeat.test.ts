import { HEARTBEAT_INTERVAL_MS } from "@shelflife/api-contract";
import { describe, expect, it } from "vitest";

import { OperationRecording } from "../src/operation-recording.ts";
import type { RecordItem } from "../src/record-queue.ts";
import { ABANDONED_AFTER_MS, READER_LEFT_AFTER_MS, RunRecording, type RunStart } from "../src/run-recording.ts";
import { FakeClock, settle } from "./fake-clock.ts";

const CHAT = "01990000-0000-7000-8000-00000000c4a7";

/** Longer than it takes to notice that a reader has left. */
const LONG_AFTER_LEAVING_MS = 2 * READER_LEFT_AFTER_MS;

const start: RunStart = {
  chat: { id: CHAT, kind: "chat_turn", title: "Plans" },
  provider: "openai.chat",
  model: "test-model",
};

function makeOperation() {
  const clock = new FakeClock();
  const emitted: RecordItem[][] = [];
  let closed = 0;
  let over = 0;
  const makeRun = () =>
    new RunRecording(start, {
      clock,
      emit: (_, render) => void emitted.push(render()),
      closed: () => void (closed += 1),
    });
  const run = makeRun();
  const operation = new OperationRecording(
    { operation: "stream", visibility: { inputs: true, outputs: true }, metadata: {}, holdsRun: true },
    run,
    { clock, continueRun: makeRun, over: () => void (over += 1) },
  );
  const startStep = () => {
    operation.stepStarted({});
    operation.requested({ messages: [] });
  };
  /** Lets a provider answer with a stream of words. */
  const answer = (...words: string[]) => {
    const parts = words.map((delta) => ({ type: "text-delta", id: "1", delta }));
    const stream = new ReadableStream<unknown>({
      start: (controller) => parts.forEach((part) => controller.enqueue(part)),
    });
    const attempt = operation.attemptStarted();
    if (attempt) operation.attemptAnswered(attempt, { stream });
    return stream.pipeThrough(new TransformStream<unknown, unknown>()).getReader();
  };
  const statuses = () => emitted.at(-1)?.map(({ value }) => Reflect.get(value, "status"));
  return { clock, run, operation, emitted, startStep, answer, statuses, closed: () => closed, over: () => over };
}

describe("while a call is in flight", () => {
  it("touches its run and step every two and a half minutes, without their payloads", async () => {
    const { clock, run, emitted, startStep } = makeOperation();
    startStep();
    emitted.length = 0;
    await clock.advance(HEARTBEAT_INTERVAL_MS - 1);
    expect(emitted).toEqual([]);
    await clock.advance(1);
    await clock.advance(HEARTBEAT_INTERVAL_MS);
    expect(emitted).toHaveLength(2);
    for (const items of emitted) {
      expect(items.map(({ kind }) => kind)).toEqual(["chat", "run", "step"]);
      expect(items[1]?.value).toMatchObject({ id: run.id, status: "in_progress" });
      expect(items[2]?.value).toMatchObject({ run_id: run.id, status: "in_progress" });
      expect(items[2]?.value).not.toHaveProperty("normalized_request");
    }
  });

  it("touches its run while a tool runs, and leaves its finished step alone", async () => {
    const { clock, operation, emitted, startStep } = makeOperation();
    startStep();
    operation.stepAnswered({ finishReason: "tool-calls", content: [] }, {});
    operation.toolStarted("weather", "call_1");
    emitted.length = 0;
    await clock.advance(HEARTBEAT_INTERVAL_MS);
    expect(emitted.map((items) => items.map(({ kind }) => kind))).toEqual([["chat", "run"]]);
  });

  it("is taken for abandoned after an hour without a sign of life, and no later one is sent", async () => {
    const { clock, startStep, statuses, closed, over, emitted } = makeOperation();
    startStep();
    await clock.advance(ABANDONED_AFTER_MS);
    expect(statuses()).toEqual([undefined, "interrupted"]);
    expect(emitted.at(-2)?.at(-1)).toMatchObject({ kind: "step", value: { status: "interrupted" } });
    expect([closed(), over()]).toEqual([1, 1]);
    expect(clock.timers).toBe(0);
  });
});

it("stops touching a run that is over", () => {
  const { clock, operation, emitted, closed, over } = makeOperation();
  operation.finished();
  operation.broke(new Error("too late"));
  expect(emitted).toHaveLength(1);
  expect(emitted[0]?.[1]?.value).toMatchObject({ status: "completed", finished_at: "2026-01-02T03:04:05.000Z" });
  expect([closed(), over()]).toEqual([1, 1]);
  expect(clock.timers).toBe(0);
});

describe("a stream whose reader asks for nothing any more", () => {
  it("is interrupted after a minute, and not a moment before", async () => {
    const { clock, run, startStep, answer, statuses, emitted, over } = makeOperation();
    startStep();
    const reader = answer("Hello", " again");
    await reader.read();
    await settle();
    await clock.advance(READER_LEFT_AFTER_MS - 1);
    expect(run.open).toBe(true);
    await clock.advance(1);
    expect(run.open).toBe(false);
    expect(statuses()).toEqual([undefined, "interrupted"]);
    expect(emitted.at(-2)?.at(-1)?.value).toMatchObject({
      status: "interrupted",
      attempts: [{ status: "interrupted" }],
      normalized_response: { content: [{ type: "text", text: expect.stringContaining("Hello") }] },
    });
    await clock.advance(ABANDONED_AFTER_MS + LONG_AFTER_LEAVING_MS);
    expect(over()).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("is completed all the same when the reader comes back", async () => {
    const { clock, operation, startStep, answer, emitted, statuses, over } = makeOperation();
    startStep();
    const reader = answer("Hello", " again");
    await reader.read();
    await settle();
    await clock.advance(LONG_AFTER_LEAVING_MS);
    expect(statuses()).toEqual([undefined, "interrupted"]);
    operation.stepAnswered({ finishReason: "stop", content: [{ type: "text", text: "Hello" }] }, {});
    operation.finished();
    expect(statuses()).toEqual([undefined, "completed"]);
    expect(emitted.at(-2)?.at(-1)?.value).toMatchObject({
      status: "completed",
      attempts: [{ status: "completed" }],
    });
    expect(over()).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it("goes on in another run when its reader comes back for more steps, which the former would refuse", async () => {
    const { clock, run, operation, startStep, emitted, statuses } = makeOperation();
    startStep();
    operation.stepAnswered({ finishReason: "tool-calls", content: [] }, {});
    await clock.advance(LONG_AFTER_LEAVING_MS);
    expect(run.open).toBe(false);
    startStep();
    const continued = emitted.at(-1)?.[1]?.value;
    expect(continued).toMatchObject({ status: "in_progress", chat_id: CHAT });
    expect(continued?.id).not.toBe(run.id);
    operation.finished();
    expect(emitted.at(-1)?.[1]?.value.id).toBe(continued?.id);
    expect(statuses()).toEqual([undefined, "completed"]);
  });

  it.each([
    ["the model is slow", false],
    ["a tool is slow", true],
  ])("is not given up while %s", async (_, withTool) => {
    const { clock, run, operation, startStep, answer } = makeOperation();
    startStep();
    const reader = answer("Hello");
    await reader.read();
    if (withTool) operation.toolStarted("weather", "call_1");
    else void reader.read();
    await settle();
    await clock.advance(ABANDONED_AFTER_MS / 2);
    expect(run.open).toBe(true);
  });
});
