import { randomUUID } from "node:crypto";

import type { DebugBatch } from "@shelflife/api-contract";

export type SentChat = NonNullable<DebugBatch["chats"]>[number];
export type SentRun = NonNullable<DebugBatch["runs"]>[number];
export type SentStep = NonNullable<DebugBatch["steps"]>[number];

/** A chat item; what a test does not name is left out. */
export function chatItem(fields: Partial<SentChat> = {}): SentChat {
  return { id: randomUUID(), ...fields };
}

/** A run of a chat that need not exist: a batch creates it. */
export function runItem(fields: Partial<SentRun> = {}): SentRun {
  return { id: randomUUID(), chat_id: randomUUID(), ...fields };
}

export function stepItem(run: Pick<SentRun, "id" | "chat_id">, fields: Partial<SentStep> = {}): SentStep {
  return { id: randomUUID(), run_id: run.id, chat_id: run.chat_id, ...fields };
}

/** A request as a recorder normalises it, whose only message says this. */
export function requestSaying(text: string): Record<string, unknown> {
  return { messages: [{ role: "user", parts: [{ type: "text", text }] }], tools: [], options: {} };
}

/** A finished run of one step, with every payload that a recorder sends. */
export function completeRun(fields: Partial<SentRun> = {}): { run: SentRun; step: SentStep; batch: DebugBatch } {
  const run = runItem({ kind: "chat_turn", status: "completed", provider: "openai", model: "gpt-5", ...fields });
  const step = stepItem(run, {
    step_number: 1,
    operation: "stream",
    status: "completed",
    normalized_request: requestSaying("How long is this kept?"),
    normalized_response: { content: [{ type: "text", text: "Thirty days." }], finish_reason: "stop" },
    usage: { input_tokens: 7, output_tokens: 3 },
    attempts: [{ number: 1, status: "completed", response_status: 200 }],
  });
  return { run, step, batch: { runs: [run], steps: [step] } };
}
