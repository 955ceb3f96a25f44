import { describe, expect, it } from "vitest";

import { fixtureAnswer } from "../../../recorder/test/provider-replay-server.ts";
import { runExample, type ExampleOutcome } from "./run-example.ts";

/** Both recordings answer one word. */
const TEXT = fixtureAnswer("openai-compatible/xai-text.json");
const STREAM = fixtureAnswer("openai-compatible/xai-text.chunks.txt");
const TOKENS = { input_tokens: 12, output_tokens: 2, reasoning_tokens: 320 };

const QUESTION = "Write a haiku about the shelf life of bread.";

function messagesOf(step: ExampleOutcome["runs"][number]["steps"][number] | undefined): unknown {
  return (step?.normalized_request as { messages?: unknown } | undefined)?.messages;
}

describe.each([
  ["openai-node.ts", "the openai package", 2, "fetch"],
  ["langchain.ts", "LangChain", 1, "langchain"],
  ["opentelemetry.ts", undefined, 1, "opentelemetry"],
])("%s", (file, title, stepCount, integration) => {
  it("prints the model's answer, and the chat, its run, its steps, texts and tokens arrive", async () => {
    const { status, stdout, stderr, chats, runs } = await runExample(file, `example-${file.replace(".ts", "")}`, [
      TEXT,
    ]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "Grok\n".repeat(stepCount), stderr: "" });
    // Spans have no title for their chat.
    expect(chats).toMatchObject([{ title: title === undefined ? "New Chat" : `Example: ${title}` }]);
    expect(runs).toMatchObject([{ status: "completed", kind: "chat_turn", summary: { first_message: QUESTION } }]);
    const steps = runs[0]?.steps ?? [];
    expect(steps).toHaveLength(stepCount);
    for (const step of steps) {
      expect(step).toMatchObject({
        status: "completed",
        operation: "generate",
        usage: TOKENS,
        metadata: { integration },
      });
      expect(step.normalized_response).toMatchObject({ finish_reason: "stop" });
      expect(step.normalized_response?.["content"]).toContainEqual({ type: "text", text: "Grok" });
    }
    expect(messagesOf(steps[0])).toEqual([{ role: "user", parts: [{ type: "text", text: QUESTION }] }]);
  });
});

describe("nextjs-route.ts", () => {
  it("streams the model's answer to the browser, and the chat, its run, its step, text and tokens arrive", async () => {
    const outcome = await runExample("nextjs-route-call.ts", "example-nextjs-route", [STREAM]);
    const { status, stdout, stderr, chats, runs } = outcome;
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const deltas = [...stdout.matchAll(/"type":"text-delta".*?"delta":"([^"]*)"/g)].map(([, delta]) => delta).join("");
    expect(deltas).not.toBe("");
    expect(stdout.trimEnd()).toMatch(/data: \[DONE\]$/);
    expect(chats).toMatchObject([{ title: "Example: a route of Next.js" }]);
    expect(runs).toMatchObject([{ status: "completed", kind: "chat_turn", summary: { first_message: QUESTION } }]);
    const [step, ...others] = runs[0]?.steps ?? [];
    expect(others).toEqual([]);
    expect(step).toMatchObject({
      status: "completed",
      operation: "stream",
      usage: { output_tokens: expect.any(Number) },
    });
    expect(step?.normalized_response?.["content"]).toContainEqual({ type: "text", text: deltas });
    expect(messagesOf(step)).toEqual([{ role: "user", parts: [{ type: "text", text: QUESTION }] }]);
  });
});
