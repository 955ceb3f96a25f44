import type { Attempt, DebugBatch, NormalizedError, NormalizedPart, NormalizedUsage } from "@shelflife/api-contract";

import { endingRefusals, passingRefusal, type Refusal } from "./failures.ts";
import { httpAttempt } from "./http-attempt.ts";
import type { ModelCall } from "./model-call.ts";
import type { Random } from "./random.ts";
import { countTokens, countTokensOfAll } from "./tokens.ts";

export type StepItem = NonNullable<DebugBatch["steps"]>[number];

/** What a recorder would have sent of a call, without the ids. */
export type RecordedCall = Omit<StepItem, "id" | "run_id" | "chat_id" | "step_number"> & {
  readonly updated_at: string;
};

/** The share of calls that need a second try. */
const RETRIED = 0.07;

/** Plays a model call: its tries, how long they took, what came back and what it cost. */
export function playCall(call: ModelCall, random: Random): RecordedCall {
  const refusals = refusalsOf(call, random);
  const attempts: Attempt[] = [];
  let moment = call.startedAt;
  for (const refusal of refusals) {
    const endedAt = moment + random.integer(150, 1_200);
    attempts.push(httpAttempt(call, { number: attempts.length + 1, startedAt: moment, endedAt, refusal }));
    moment = endedAt + (refusal.retryAfter ?? 2 ** attempts.length) * 1_000;
  }
  const common = {
    operation: call.operation,
    status: call.outcome,
    normalized_request: { ...call.request },
    started_at: time(call.startedAt),
  };
  const lastRefusal = refusals.at(-1);
  if (call.outcome === "error" && lastRefusal !== undefined) {
    const ended = attempts.at(-1)?.finished_at ?? time(moment);
    const error: NormalizedError = {
      name: "AI_APICallError",
      message: lastRefusal.message,
      status_code: lastRefusal.status,
      retryable: lastRefusal.status === 429 || lastRefusal.status >= 500,
    };
    return {
      ...common,
      attempts: asRecords(attempts),
      error: { ...error },
      metadata: METADATA,
      updated_at: ended,
      finished_at: ended,
    };
  }

  const firstOutputMs = random.integer(350, 2_400);
  const content = call.outcome === "interrupted" ? cutOff(call.answer, random) : call.answer;
  const usage = usageOf(call, content);
  const endedAt = moment + firstOutputMs + Math.round(((usage.output_tokens ?? 0) / call.model.speed) * 1_000);
  const attempt = { number: attempts.length + 1, startedAt: moment, endedAt };
  if (call.outcome === "in_progress") {
    attempts.push(httpAttempt(call, { number: attempt.number, startedAt: moment }));
    return { ...common, attempts: asRecords(attempts), metadata: METADATA, updated_at: time(call.seenAt ?? moment) };
  }
  // A stream that is cut brings neither its finish part nor its usage.
  const cut = call.outcome === "interrupted";
  const response = {
    content: [...content],
    finish_reason: cut ? "interrupted" : finishReason(content),
    usage: cut ? {} : usage,
    warnings: [],
  };
  attempts.push(httpAttempt(call, { ...attempt, answer: response }));
  return {
    ...common,
    normalized_response: response,
    ...(cut ? {} : { usage: { ...usage } }),
    attempts: asRecords(attempts),
    metadata: { ...METADATA, time_to_first_output_ms: firstOutputMs },
    updated_at: time(endedAt),
    finished_at: time(endedAt),
  };
}

const METADATA = { integration: "demo" };

function refusalsOf({ outcome }: ModelCall, random: Random): readonly Refusal[] {
  if (outcome === "error") return endingRefusals(random);
  if (outcome === "in_progress" || !random.chance(RETRIED)) return [];
  return Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => passingRefusal(random));
}

function usageOf(call: ModelCall, content: readonly NormalizedPart[]): NormalizedUsage {
  const { model, request, cachedTokens } = call;
  const input = countTokensOfAll(request.messages) + countTokens(request.tools);
  const output = countTokens(content);
  const reasoning = content.filter((part) => part.type === "reasoning");
  // Providers cache whole blocks, and nothing shorter than a thousand tokens.
  const read = model.cache === "none" || cachedTokens < 1_024 ? 0 : Math.min(input, cachedTokens) & ~127;
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    ...(model.reasons && { reasoning_tokens: reasoning.length === 0 ? 0 : countTokens(reasoning) }),
    ...(model.cache === "read and write" && { cache_creation_tokens: input < 1_024 ? 0 : input - read }),
    ...(model.cache !== "none" && { cache_read_tokens: read }),
  };
}

function finishReason(content: readonly NormalizedPart[]): string {
  return content.some((part) => part.type === "tool-call") ? "tool-calls" : "stop";
}

/** What had come of an answer when its stream was cut: the beginning of its text. */
function cutOff(answer: readonly NormalizedPart[], random: Random): NormalizedPart[] {
  const text = answer.find((part) => part.type === "text")?.text ?? "";
  return [{ type: "text", text: text.slice(0, Math.ceil(text.length * (0.1 + random.fraction() * 0.8))) }];
}

function asRecords(attempts: readonly Attempt[]): Record<string, unknown>[] {
  return attempts.map((attempt) => ({ ...attempt }));
}

function time(moment: number): string {
  return new Date(moment).toISOString();
}
