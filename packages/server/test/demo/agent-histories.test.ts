import type { NormalizedMessage, NormalizedPart } from "@shelflife/api-contract";
import { expect, it } from "vitest";

import type { StepItem } from "../../src/demo/play-call.ts";
import { generateChats, runsOf } from "./whole-demo.ts";

const chats = generateChats();
const runs = runsOf(chats);
const turns = runs.filter(({ run }) => run.kind === "chat_turn");

it("numbers the steps of every run from 1, without a gap", () => {
  for (const { steps } of runs) {
    expect(steps.map((step) => step.step_number)).toEqual(steps.map((_, index) => index + 1));
  }
});

it("repeats in every request of an agent what the request before it said, and adds its answer and its tools'", () => {
  const agentic = turns.filter(({ steps }) => steps.length > 1);
  expect(agentic.length).toBeGreaterThan(100);
  expect(agentic.some(({ steps }) => steps.length >= 8)).toBe(true);
  for (const { steps } of agentic) {
    for (const [index, step] of steps.slice(1).entries()) {
      const before = messagesOf(steps[index]);
      const messages = messagesOf(step);
      expect(messages.slice(0, before.length)).toEqual(before);
      const [answer, results, ...others] = messages.slice(before.length);
      expect(others).toEqual([]);
      expect(answer).toEqual({ role: "assistant", parts: contentOf(steps[index]) });
      expect(callIdsOf(results?.parts, "tool-result")).toEqual(callIdsOf(answer?.parts, "tool-call"));
    }
  }
});

it("says when each tool ran: after the call that asked for it, and before the one that its answer went into", () => {
  let used = 0;
  for (const { steps } of turns) {
    for (const [index, step] of steps.entries()) {
      const tools = (step.metadata?.["tools"] ?? []) as {
        tool_call_id: string;
        started_at: string;
        finished_at: string;
      }[];
      const next = steps[index + 1];
      expect(tools.map((tool) => tool.tool_call_id)).toEqual(next ? callIdsOf(contentOf(step), "tool-call") : []);
      for (const { started_at: startedAt, finished_at: finishedAt } of tools) {
        const times = [step.finished_at ?? "", startedAt, finishedAt, next?.started_at ?? ""];
        expect(times).toEqual(times.toSorted());
        used += 1;
      }
    }
  }
  expect(used).toBeGreaterThan(100);
});

it("carries the history from one turn of a chat to the next, and starts anew from the summary of a compaction", () => {
  let carried = 0;
  let compacted = 0;
  for (const { runs: ofChat } of chats) {
    for (const [index, { run, steps }] of ofChat.entries()) {
      const before = ofChat
        .slice(0, index)
        .findLast(({ run: { kind } }) => kind === "chat_turn" || kind === "compaction");
      if (run.kind !== "chat_turn" || before === undefined) continue;
      const messages = messagesOf(steps[0]);
      if (before.run.kind === "compaction") {
        expect(messages[1]?.parts).toEqual(contentOf(before.steps[0]));
        expect(messages).toHaveLength(3);
        compacted += 1;
      } else {
        const earlier = messagesOf(before.steps.at(-1));
        expect(messages.slice(0, earlier.length)).toEqual(earlier);
        expect(messages.at(-1)?.role).toBe("user");
        carried += 1;
      }
    }
  }
  expect(carried).toBeGreaterThan(100);
  expect(compacted).toBeGreaterThan(5);
});

it("counts tokens that add up, and more of them the longer the request is", () => {
  for (const { steps } of runs) {
    let before = 0;
    for (const { usage } of steps) {
      if (usage === undefined) continue;
      const figures = usage as Record<string, number>;
      const { input_tokens: input = 0, output_tokens: output = 0, total_tokens: total } = figures;
      const cached = (figures["cache_read_tokens"] ?? 0) + (figures["cache_creation_tokens"] ?? 0);
      expect(total).toBe(input + output);
      expect(cached).toBeLessThanOrEqual(input);
      expect(figures["reasoning_tokens"] ?? 0).toBeLessThanOrEqual(output);
      expect(input).toBeGreaterThan(before);
      before = input;
    }
  }
  expect(runs.some(({ steps }) => steps.some(({ usage }) => Number(usage?.["cache_read_tokens"]) > 1_000))).toBe(true);
  expect(runs.some(({ steps }) => steps.some(({ usage }) => Number(usage?.["reasoning_tokens"]) > 0))).toBe(true);
});

it("hands a task to a child chat, and answers with what came of it", () => {
  const children = chats.filter(({ chat }) => chat.parent_chat_id !== undefined);
  for (const child of children) {
    const parent = chats.find(({ chat }) => chat.id === child.chat.parent_chat_id);
    const [first, second] = parent?.runs[0]?.steps ?? [];
    const task = contentOf(first).find((part) => part.tool_name === "delegate_task");
    expect(messagesOf(child.runs[0]?.steps[0]).at(-1)?.parts).toEqual([
      { type: "text", text: (task?.arguments as { task: string } | undefined)?.task },
    ]);
    const answer = contentOf(child.runs[0]?.steps.at(-1)).findLast(({ type }) => type === "text")?.text ?? "";
    expect(JSON.stringify(messagesOf(second).at(-1))).toContain(JSON.stringify(answer).slice(1, -1));
    expect((child.runs[0]?.run.updated_at ?? "") <= (second?.started_at ?? "")).toBe(true);
  }
});

function messagesOf(step: StepItem | undefined): NormalizedMessage[] {
  return (step?.normalized_request?.["messages"] ?? []) as NormalizedMessage[];
}

function contentOf(step: StepItem | undefined): NormalizedPart[] {
  return (step?.normalized_response?.["content"] ?? []) as NormalizedPart[];
}

function callIdsOf(parts: readonly NormalizedPart[] | undefined, type: string): (string | undefined)[] {
  return (parts ?? []).filter((part) => part.type === type).map((part) => part.tool_call_id);
}
