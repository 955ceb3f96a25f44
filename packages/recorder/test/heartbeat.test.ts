import { HEARTBEAT_INTERVAL_MS } from "@shelflife/api-contract";
import { describe, expect, it } from "vitest";

import type { RecordItem } from "../src/record-queue.ts";
import { ABANDONED_AFTER_MS, RunRecording } from "../src/run-recording.ts";
import { FakeClock } from "./fake-clock.ts";

const CHAT = "01990000-0000-7000-8000-00000000c4a7";

function makeRun() {
  const clock = new FakeClock();
  const emitted: RecordItem[][] = [];
  let closed = 0;
  const run = new RunRecording(
    {
      chat: { id: CHAT, kind: "chat_turn", title: "Plans" },
      provider: "openai.chat",
      model: "test-model",
      operation: "stream",
      visibility: { inputs: true, outputs: true },
      metadata: {},
    },
    { clock, emit: (_, render) => void emitted.push(render()), closed: () => void (closed += 1) },
  );
  return { clock, run, emitted, closed: () => closed };
}

describe("while a call is in flight", () => {
  it("touches its run and step every two and a half minutes, without their payloads", async () => {
    const { clock, run, emitted } = makeRun();
    run.stepStarted(1, {});
    run.requested({ messages: [] });
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
    const { clock, run, emitted } = makeRun();
    run.stepStarted(1, {});
    run.requested({ messages: [] });
    run.stepAnswered({ finishReason: "tool-calls", content: [] }, {});
    emitted.length = 0;
    await clock.advance(HEARTBEAT_INTERVAL_MS);
    expect(emitted.map((items) => items.map(({ kind }) => kind))).toEqual([["chat", "run"]]);
  });

  it("is taken for abandoned after an hour without a sign of life, and no later one is sent", async () => {
    const { clock, run, emitted, closed } = makeRun();
    run.stepStarted(1, {});
    run.requested({ messages: [] });
    await clock.advance(ABANDONED_AFTER_MS + HEARTBEAT_INTERVAL_MS);
    expect(emitted.at(-1)?.map(({ value }) => Reflect.get(value, "status"))).toEqual([
      undefined,
      "interrupted",
      "interrupted",
    ]);
    expect(closed()).toBe(1);
    expect(clock.timers).toBe(0);
  });
});

it("stops touching a run that is over", async () => {
  const { clock, run, emitted, closed } = makeRun();
  run.ended();
  run.failed(new Error("too late"));
  expect(emitted).toHaveLength(1);
  expect(emitted[0]?.[1]?.value).toMatchObject({ status: "completed", finished_at: "2026-01-02T03:04:05.000Z" });
  expect(closed()).toBe(1);
  expect(clock.timers).toBe(0);
});
