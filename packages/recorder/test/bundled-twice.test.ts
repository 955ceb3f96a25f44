import { generateText } from "ai";
import { expect, it, vi } from "vitest";

import { fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording } from "./recording.ts";

const TEXT = fixtureAnswer("openai/openai-text.json");

/** The package as another bundle of the same application has it. */
async function anotherCopy() {
  vi.resetModules();
  const { inChat } = await import("@shelflife/recorder");
  const { shelflifeMiddleware } = await import("@shelflife/recorder/ai-sdk-middleware");
  return { inChat, shelflifeMiddleware };
}

it("finds the chat that work names through another copy of the package", async () => {
  await using recording = await Recording.start([TEXT]);
  const { inChat } = await anotherCopy();
  const call = { model: recording.model("openai.chat"), prompt: "Hello" };
  const telemetry = { integrations: recording.recorder };
  await inChat({ chatId: CHAT_ID }, async () => {
    await generateText({ ...call, telemetry });
    await generateText({ ...call, telemetry });
  });
  await recording.recorder.flush();
  expect(recording.warnings).toEqual([]);
  expect(recording.ingest.run).toMatchObject({ chat_id: CHAT_ID, status: "completed" });
  expect(recording.ingest.stepsInOrder.map(({ status }) => status)).toEqual(["completed", "completed"]);
});

it("records a call once that the middleware of another copy sees as well", async () => {
  await using recording = await Recording.start([TEXT]);
  const { inChat, shelflifeMiddleware } = await anotherCopy();
  const middleware = shelflifeMiddleware({ baseUrl: recording.ingest.url, key: "key" });
  const { wrapLanguageModel } = await import("ai");
  const inner = recording.model("openai.chat");
  if (typeof inner === "string" || inner.specificationVersion === "v2") throw new Error("The provider is of old.");
  const model = wrapLanguageModel({ model: inner, middleware });
  await inChat({ chatId: CHAT_ID }, () => generateText({ model, prompt: "Hello", ...recording.options }));
  await recording.recorder.flush();
  await middleware.shutdown();
  expect(recording.ingest.steps.size).toBe(1);
});
