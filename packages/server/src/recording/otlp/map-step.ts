import type { NormalizedRequest, NormalizedResponse, StepItem } from "@shelflife/api-contract";

import { conversationOf } from "./conversation.ts";
import { textOf } from "./attribute-values.ts";
import { readAiSdk } from "./dialects/ai-sdk.ts";
import { readEarlierGenAi } from "./dialects/gen-ai-earlier.ts";
import { readGenAi } from "./dialects/gen-ai.ts";
import { readLangfuse } from "./dialects/langfuse.ts";
import { readOpenInference } from "./dialects/open-inference.ts";
import { mergeReadings, type ModelCall } from "./model-call.ts";
import { errorOf } from "./span-error.ts";
import { statusOf } from "./span-status.ts";
import type { Span } from "./span.ts";

/** What a model call's span says of its step, wherever it is recorded. */
export type MappedStep = Omit<StepItem, "id" | "run_id" | "chat_id">;

/** The ways of writing a model call into a span, the most precise first. Many spans use two of them at once. */
const DIALECTS = [readGenAi, readEarlierGenAi, readAiSdk, readOpenInference, readLangfuse] as const;

/** Names are short; a longer text is not one, and would make the small rows large. */
const NAME_CHARACTERS = 200;

export function mapStep(span: Span): MappedStep {
  const call = mergeReadings(DIALECTS.map((read) => read(span)));
  const error = errorOf(span);
  return {
    operation: call.operation ?? "generate",
    status: isCutOff(call) && statusOf(span) === "completed" ? "interrupted" : statusOf(span),
    normalized_request: { ...requestOf(call) },
    normalized_response: { ...responseOf(call, error !== undefined) },
    usage: { ...call.usage },
    ...(error !== undefined && { error: { ...error } }),
    metadata: metadataOf(span, call),
    ...(span.startedAt !== undefined && { started_at: span.startedAt }),
    ...(span.finishedAt !== undefined && { finished_at: span.finishedAt }),
  };
}

/** A span that says what was asked and nothing at all of an answer: its stream was left, or its caller gave up. */
function isCutOff({ messages, content, finishReason, usage = {}, responseId, responseModel }: ModelCall): boolean {
  const isAnswered = [content, finishReason, responseId, responseModel].some((sign) => sign !== undefined);
  return messages !== undefined && !isAnswered && Object.keys(usage).length === 0;
}

function requestOf({ messages = [], tools = [], options = {}, toolChoice }: ModelCall): NormalizedRequest {
  return {
    messages,
    tools,
    options,
    ...(toolChoice !== undefined && { tool_choice: toolChoice }),
    provider_option_count: 0,
  };
}

function responseOf({ content = [], finishReason, usage = {} }: ModelCall, failed: boolean): NormalizedResponse {
  return {
    content,
    finish_reason: finishReason ?? (failed ? "error" : "other"),
    usage: usage as NormalizedResponse["usage"],
    warnings: [],
  };
}

/** What identifies the call to people who look for it elsewhere, and what settling a trace reads. */
function metadataOf(span: Span, call: ModelCall): Record<string, unknown> {
  const callIds = (call.content ?? []).flatMap(({ type, tool_call_id }) =>
    type === "tool-call" && tool_call_id !== undefined ? [tool_call_id] : [],
  );
  const names = {
    provider: call.provider,
    model: call.model ?? call.responseModel,
    response_model: call.responseModel,
    response_id: call.responseId,
    conversation_id: conversationOf(span)?.name,
    service_name: textOf(span.resource, "service.name"),
    agent_name: textOf(span.attributes, "gen_ai.agent.name", "traceloop.entity.name", "agent.name"),
    function_id: textOf(span.attributes, "ai.telemetry.functionId"),
    instrumentation: span.scope,
    span_name: span.name,
  };
  return {
    integration: "opentelemetry",
    trace_id: span.traceId,
    span_id: span.spanId,
    ...(span.parentSpanId !== undefined && { parent_span_id: span.parentSpanId }),
    ...Object.fromEntries(
      Object.entries(names).flatMap(([name, value]) =>
        value === undefined || value === "" ? [] : [[name, value.slice(0, NAME_CHARACTERS).toWellFormed()]],
      ),
    ),
    ...(call.timeToFirstOutputMs !== undefined && { time_to_first_output_ms: call.timeToFirstOutputMs }),
    ...(callIds.length > 0 && { tool_call_ids: callIds }),
  };
}
