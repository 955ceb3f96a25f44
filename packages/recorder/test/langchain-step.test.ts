import { AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";

import { copyMessage, normalizeMessage } from "../src/langchain/langchain-message.ts";
import { LangchainRuns } from "../src/langchain/langchain-runs.ts";
import { copyCall } from "../src/langchain/langchain-request.ts";
import { LangchainStep } from "../src/langchain/langchain-step.ts";
import { FakeClock } from "./fake-clock.ts";

function makeStep(): LangchainStep {
  const call = copyCall({ prompt: [new HumanMessage("Hi")], extraParams: {}, metadata: {} });
  return new LangchainStep({ runId: "run", chatId: "chat", number: 1 }, call, new FakeClock());
}

describe("a step that is cut short", () => {
  it("keeps what its last try had said, a tool's arguments as far as they came", () => {
    const step = makeStep();
    step.tryStarted();
    step.token("An earlier try.", undefined);
    step.failed(new Error("Oops."), true);
    expect(step.status).toBe("in_progress");
    step.tryStarted();
    step.token("Let me ", undefined);
    const chunk = (args: string, name?: string) => ({
      message: new AIMessageChunk({
        content: "",
        tool_call_chunks: [{ type: "tool_call_chunk", index: 0, args, ...(name && { id: "call_1", name }) }],
      }),
    });
    step.token("look.", chunk('{"at":', "look"));
    step.token("", chunk(' "i'));
    step.interrupted();
    expect(step.capture(true)()).toMatchObject({
      status: "interrupted",
      normalized_response: {
        content: [
          { type: "text", text: "Let me look." },
          { type: "tool-call", tool_call_id: "call_1", tool_name: "look", arguments: '{"at": "i' },
        ],
        finish_reason: "interrupted",
      },
      attempts: [{ status: "error", error: { message: "Oops." } }, { status: "interrupted" }],
    });
  });

  it("keeps nothing where nothing was said", () => {
    const step = makeStep();
    step.tryStarted();
    step.interrupted();
    expect(step.capture(true)().normalized_response).toBeUndefined();
  });
});

describe("what LangChain runs", () => {
  it("is forgotten with the outermost run that it is part of, even what never ended by itself", () => {
    const runs = new LangchainRuns({ clock: new FakeClock(), makeRun: () => undefined });
    const operation = runs.started("outer", undefined);
    expect(runs.started("inner", "outer")).toBe(operation);
    expect(runs.started("innermost", "inner")).toBe(operation);
    expect(runs.started("other", "unknown")).not.toBe(operation);
    expect(runs.ended("inner")).toBe(false);
    expect(runs.ended("outer")).toBe(true);
    expect(["outer", "inner", "innermost", "other"].filter((id) => runs.has(id))).toEqual(["other"]);
  });

  it("is forgotten an hour after it was last heard of", () => {
    const clock = new FakeClock();
    const runs = new LangchainRuns({ clock, makeRun: () => undefined });
    runs.started("silent", undefined);
    const heard = runs.started("heard", undefined);
    clock.sleep(3_000_000);
    heard.token("heard", "word", undefined);
    clock.sleep(600_000);
    runs.started("new", undefined);
    expect(["silent", "heard", "new"].filter((id) => runs.has(id))).toEqual(["heard", "new"]);
  });
});

describe("the messages of LangChain", () => {
  const normalized = (message: unknown) => normalizeMessage(copyMessage(message));

  it.each([
    [
      "a system message",
      new SystemMessage("Be brief."),
      { role: "system", parts: [{ type: "text", text: "Be brief." }] },
    ],
    ["a text", new HumanMessage("Hi"), { role: "user", parts: [{ type: "text", text: "Hi" }] }],
    [
      "an image and a file in the core's own shape",
      new HumanMessage({
        content: [
          { type: "image", source_type: "base64", mime_type: "image/png", data: "iVBORw0KGgo=" },
          { type: "file", mimeType: "application/pdf", data: "AAAA" },
          { type: "image", url: "https://example.com/a.png" },
        ],
      }),
      {
        role: "user",
        parts: [
          { type: "file", media_type: "image/png", length: 8 },
          { type: "file", media_type: "application/pdf", length: 3 },
          { type: "file", text: "https://example.com/a.png" },
        ],
      },
    ],
    [
      "a call of a tool that stands in the content and beside it",
      new AIMessage({
        content: [
          { type: "text", text: "Looking." },
          { type: "tool_use", id: "t1", name: "look", input: { at: 1 } },
        ],
        tool_calls: [
          { id: "t1", name: "look", args: { at: 1 } },
          { id: "t2", name: "hear", args: {} },
        ],
      }),
      {
        role: "assistant",
        parts: [
          { type: "text", text: "Looking." },
          { type: "tool-call", tool_call_id: "t1", tool_name: "look", arguments: { at: 1 } },
          { type: "tool-call", tool_call_id: "t2", tool_name: "hear", arguments: {} },
        ],
      },
    ],
    [
      "reasoning that a provider's package keeps in two places",
      new AIMessage({
        content: [
          { type: "reasoning", reasoning: "Hm." },
          { type: "text", text: "Yes." },
        ],
        additional_kwargs: { reasoning: { summary: [{ text: "Hm." }] } },
      }),
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "Hm." },
          { type: "text", text: "Yes." },
        ],
      },
    ],
    [
      "reasoning, which each provider's package keeps elsewhere",
      new AIMessage({ content: "Yes.", additional_kwargs: { reasoning: { summary: [{ text: "Hm." }] } } }),
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "Hm." },
          { type: "text", text: "Yes." },
        ],
      },
    ],
    [
      "a tool that failed",
      new ToolMessage({ content: "Broken.", tool_call_id: "t1", name: "look", status: "error" }),
      { role: "tool", parts: [{ type: "tool-error", tool_call_id: "t1", tool_name: "look", result: "Broken." }] },
    ],
    [
      "a message of an older core",
      { _getType: (): string => "ai", content: "Yes." },
      { role: "assistant", parts: [{ type: "text", text: "Yes." }] },
    ],
    [
      "a message with a role of its own",
      { type: "generic", role: "assistant", content: "Yes." },
      { role: "assistant" },
    ],
  ])("hold %s", (_, message, expected) => {
    expect(normalized(message)).toMatchObject([expected]);
  });

  it("may be anything", () => {
    for (const odd of [null, 7, "text", {}, { content: { a: 1 } }]) expect(normalized(odd)).toHaveLength(1);
  });
});
