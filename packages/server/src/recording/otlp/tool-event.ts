import { redactJson, redactText, TOOL_EVENT_CHARACTERS, truncateCharacters } from "@shelflife/api-contract";

import type { ToolEvent } from "../../store/trace-batch.ts";
import { parsed, textOf, valueOf } from "./attribute-values.ts";
import { conversationOf } from "./conversation.ts";
import { errorOf } from "./span-error.ts";
import type { Span } from "./span.ts";
import { statusOf } from "./span-status.ts";

const NAME_CHARACTERS = 200;

/**
 * A tool's execution, without secrets and cut. It stands in the small row of a step, and in full in the messages of the
 * calls before and after.
 *
 * @param now for a span that does not say when it was, RFC 3339
 */
export function toolEventOf(span: Span, now: string): ToolEvent {
  const { attributes } = span;
  const name = textOf(
    attributes,
    "gen_ai.tool.name",
    "ai.toolCall.name",
    "tool.name",
    "tool_call.function.name",
    "traceloop.entity.name",
  );
  const callId = textOf(attributes, "gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id", "tool.id");
  const started = span.startedAt ?? span.finishedAt ?? now;
  const chatId = conversationOf(span)?.chatId;
  const error = errorOf(span);
  return {
    span_id: span.spanId,
    ...(span.parentSpanId !== undefined && { parent_span_id: span.parentSpanId }),
    tool_name: safeName(name ?? span.name),
    ...(callId !== undefined && { tool_call_id: safeName(callId) }),
    ...(chatId !== undefined && { chat_id: chatId }),
    status: statusOf(span),
    started_at: started,
    ...(span.finishedAt !== undefined && {
      finished_at: span.finishedAt,
      duration_ms: Math.max(0, Date.parse(span.finishedAt) - Date.parse(started)),
    }),
    ...cut("arguments", valueOf(attributes, ...ARGUMENTS)),
    ...cut("result", valueOf(attributes, ...RESULTS)),
    ...(error !== undefined && {
      error: redactJson({ ...error, message: truncateCharacters(error.message, TOOL_EVENT_CHARACTERS) }) as object,
    }),
  };
}

/** A name may hold a URL, where an application calls a tool by its address. */
function safeName(name: string): string {
  return redactText(name).slice(0, NAME_CHARACTERS).toWellFormed();
}

const ARGUMENTS = [
  "gen_ai.tool.call.arguments",
  "ai.toolCall.args",
  "ai.toolCall.input",
  "tool_call.function.arguments",
  "traceloop.entity.input",
  "langfuse.observation.input",
  "input.value",
  "tool.parameters",
];

const RESULTS = [
  "gen_ai.tool.call.result",
  "ai.toolCall.result",
  "ai.toolCall.output",
  "traceloop.entity.output",
  "langfuse.observation.output",
  "output.value",
];

/** A value as it is where it is short, and the beginning of its text, with its whole length beside, where it is not. */
function cut(field: "arguments" | "result", value: unknown): object {
  if (value === undefined || value === null) return {};
  const safe = redactJson(parsed(value));
  const text = typeof safe === "string" ? safe : JSON.stringify(safe);
  if (text.length <= TOOL_EVENT_CHARACTERS) return { [field]: safe };
  return { [field]: truncateCharacters(text, TOOL_EVENT_CHARACTERS), [`${field}_length`]: text.length };
}
