import { beforeEach, expect, it } from "vitest";

import { StepRecording } from "../src/step-recording.ts";
import { tapStream } from "../src/stream-tap.ts";
import { FakeClock } from "./fake-clock.ts";

const ID = "01990000-0000-7000-8000-00000000c4a7";

let heard: string[];

const events = {
  alive: () => undefined,
  failed: () => void heard.push("failed"),
  ended: () => void heard.push("ended"),
  cut: () => void heard.push("cut"),
};

beforeEach(() => {
  heard = [];
});

function makeStep(): StepRecording {
  const start = { runId: ID, chatId: ID, number: 1, operation: "stream" as const, metadata: {}, settings: {} };
  return new StepRecording({ ...start, visibility: { inputs: true, outputs: true } }, new FakeClock());
}

/** Lets a provider answer with a stream that sends these parts and stays open. */
function answer(step: StepRecording, ...parts: object[]): ReadableStreamDefaultReader<unknown> {
  const stream = new ReadableStream<unknown>({
    start: (controller) => parts.forEach((part) => controller.enqueue(part)),
  });
  tapStream({ stream }, step.streamStarted(step.attemptStarted(), events));
  return stream.pipeThrough(new TransformStream<unknown, unknown>()).getReader();
}

const hello = { type: "text-delta", id: "1", delta: "Hello" };

it("hears that the reader of a stream leaves", async () => {
  const step = makeStep();
  const reader = answer(step, hello);
  await reader.read();
  await reader.cancel();
  await expect.poll(() => heard).toEqual(["cut"]);
  step.interrupted(undefined);
  expect(step.capture(false)()).toMatchObject({
    status: "interrupted",
    attempts: [{ status: "interrupted" }],
    normalized_response: { content: [{ type: "text", text: "Hello" }] },
  });
});

it("does not take it for leaving when a try is given up for its error", async () => {
  const step = makeStep();
  const reader = answer(step, hello, { type: "error", error: new Error("Overloaded.") });
  await reader.read();
  await reader.read();
  await reader.cancel();
  expect(heard).toEqual(["failed"]);
  expect(step.capture(false)().attempts).toMatchObject([{ status: "error", error: { message: "Overloaded." } }]);
});

it("forgets what a try had said when another begins", async () => {
  const step = makeStep();
  await answer(step, hello, { type: "error", error: new Error("Overloaded.") }).read();
  await answer(step, { ...hello, delta: "Good day" }).read();
  step.interrupted(undefined);
  const item = step.capture(false)();
  expect(item.normalized_response).toMatchObject({ content: [{ text: "Good day" }] });
  expect(item.error).toBeUndefined();
});

it("is interrupted when its stream ends without having answered", () => {
  const step = makeStep();
  answer(step, hello);
  step.ended({ content: [{ type: "text", text: "Hello" }], finishReason: "other" });
  expect(step.status).toBe("interrupted");
});

it("keeps of a tool call that was cut short what there is of it", async () => {
  const step = makeStep();
  const reader = answer(
    step,
    { type: "tool-input-start", id: "call-1", toolName: "weather" },
    { type: "tool-input-delta", id: "call-1", delta: '{"loc' },
  );
  await reader.read();
  await reader.read();
  step.interrupted(undefined);
  expect(step.capture(false)().normalized_response).toMatchObject({
    content: [{ type: "tool-call", tool_call_id: "call-1", tool_name: "weather", arguments: '{"loc' }],
  });
});

it("records no file's bytes in an attempt's bodies, whatever they are called", () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 900 }, (_, index) => (index * 7919) % 256)).toString("base64");
  const step = makeStep();
  const attempt = step.attemptStarted();
  attempt.answered({ request: { body: JSON.stringify({ odd: bytes }) }, response: { body: { odder: [bytes] } } });
  const [recorded] = step.capture(false)().attempts ?? [];
  expect(recorded).toMatchObject({
    request_body: { odd: "[BASE64, 1200 CHARACTERS]" },
    response_body: { odder: ["[BASE64, 1200 CHARACTERS]"] },
  });
});
