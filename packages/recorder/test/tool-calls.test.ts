import { type ToolSet, generateText, isStepCount, streamText, tool } from "ai";
import { expect, it } from "vitest";
import { z } from "zod";

import { fixtureAnswer } from "./provider-replay-server.ts";
import { Recording, messagesOf } from "./recording.ts";

const answers = [fixtureAnswer("deepseek/deepseek-tool-call.json"), fixtureAnswer("deepseek/deepseek-json.json")];
const streamedAnswers = [
  fixtureAnswer("deepseek/deepseek-tool-call.chunks.txt"),
  fixtureAnswer("deepseek/deepseek-text.chunks.txt"),
];

const weather = tool({
  description: "Tells the weather.",
  inputSchema: z.object({ location: z.string() }),
  execute: ({ location }) => ({ location, degrees: 21, station: { api_key: "station-secret" } }),
});

const failing = tool({
  inputSchema: z.object({ location: z.string() }),
  execute: (): string => {
    throw new Error("The station is offline.");
  },
});

const call = (recording: Recording, tools: ToolSet) => ({
  model: recording.model("deepseek"),
  instructions: "Answer briefly.",
  prompt: "What is the weather in San Francisco?",
  temperature: 0.5,
  providerOptions: { deepseek: { thinking: { type: "disabled" as const }, other: 1 } },
  tools,
  toolChoice: "auto" as const,
  stopWhen: isStepCount(3),
  ...recording.options,
});

/** When a tool ran, for a timeline. */
const toolUse = (status: string): object => ({
  tool_name: "weather",
  tool_call_id: expect.any(String),
  status,
  started_at: expect.stringMatching(/Z$/),
  finished_at: expect.stringMatching(/Z$/),
  duration_ms: expect.any(Number),
});

it("records one run with a step per model call, its tools, their arguments and results", async () => {
  await using recording = await Recording.start(answers);
  await generateText(call(recording, { weather }));
  await recording.recorder.flush();

  expect(recording.ingest.run).toMatchObject({ status: "completed", provider: "deepseek.chat", model: "test-model" });
  const [first, second] = recording.ingest.stepsInOrder;
  expect(first?.normalized_request).toMatchObject({
    messages: [
      { role: "system", parts: [{ type: "text", text: "Answer briefly." }] },
      { role: "user", parts: [{ type: "text", text: "What is the weather in San Francisco?" }] },
    ],
    tools: [
      {
        name: "weather",
        description: "Tells the weather.",
        input_schema: { type: "object", properties: { location: { type: "string" } } },
      },
    ],
    options: { temperature: 0.5 },
    tool_choice: "auto",
    provider_option_count: 2,
  });
  const toolCall = {
    type: "tool-call",
    tool_call_id: expect.any(String),
    tool_name: "weather",
    arguments: { location: "San Francisco" },
  };
  const result = { location: "San Francisco", degrees: 21, station: { api_key: "[REDACTED]" } };
  const content = first?.normalized_response?.["content"];
  expect(content).toContainEqual(toolCall);
  expect(content).toContainEqual({ ...toolCall, type: "tool-result", arguments: undefined, result });
  expect(first?.normalized_response).toMatchObject({ finish_reason: "tool-calls" });
  expect(first?.metadata).toMatchObject({ tools: [toolUse("completed")] });
  expect(second?.metadata).not.toHaveProperty("tools");
  expect(second).toMatchObject({ step_number: 2, status: "completed", run_id: recording.ingest.run.id });
  expect(messagesOf(second).slice(2)).toMatchObject([
    { role: "assistant" },
    { role: "tool", parts: [{ type: "tool-result", tool_name: "weather", result }] },
  ]);
});

it("records the steps of a stream alike", async () => {
  await using recording = await Recording.start(streamedAnswers);
  await streamText(call(recording, { weather })).consumeStream();
  await recording.recorder.flush();
  const steps = recording.ingest.stepsInOrder;
  expect(steps.map(({ step_number, operation, status }) => ({ step_number, operation, status }))).toEqual([
    { step_number: 1, operation: "stream", status: "completed" },
    { step_number: 2, operation: "stream", status: "completed" },
  ]);
  expect(steps[0]?.normalized_response?.["content"]).toContainEqual(
    expect.objectContaining({ type: "tool-result", tool_name: "weather" }),
  );
  expect(steps[0]?.metadata).toMatchObject({ tools: [toolUse("completed")] });
  expect(steps[0]?.usage).toMatchObject({
    input_tokens: 339,
    output_tokens: 83,
    reasoning_tokens: 39,
    cache_read_tokens: 320,
  });
});

it("records a tool that failed as a tool error, and the call that asked for it as completed", async () => {
  await using recording = await Recording.start(answers);
  await generateText(call(recording, { weather: failing }));
  await recording.recorder.flush();
  const [first, second] = recording.ingest.stepsInOrder;
  expect(first?.status).toBe("completed");
  expect(first?.metadata).toMatchObject({ tools: [toolUse("error")] });
  expect(first?.normalized_response?.["content"]).toContainEqual(
    expect.objectContaining({
      type: "tool-error",
      tool_name: "weather",
      result: { name: "Error", message: "The station is offline." },
    }),
  );
  expect(messagesOf(second).at(-1)).toMatchObject({
    role: "tool",
    parts: [{ type: "tool-error", tool_name: "weather", result: expect.stringContaining("offline") }],
  });
});

it("records an answer that asks for a tool before the tool has run", async () => {
  await using recording = await Recording.start(answers);
  const slow = tool({
    inputSchema: z.object({ location: z.string() }),
    execute: async () => {
      await recording.recorder.flush();
      return { ...recording.ingest.step };
    },
  });
  const { steps } = await generateText({ ...call(recording, {}), tools: { weather: slow } });
  expect(steps[0]?.toolResults[0]?.output).toMatchObject({ status: "completed", step_number: 1 });
});
