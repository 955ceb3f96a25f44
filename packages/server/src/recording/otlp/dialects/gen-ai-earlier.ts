import type { NormalizedMessage } from "@shelflife/api-contract";

import { gatherList, isRecord, jsonOf, listOf, numberOf, textOf, valueOf } from "../attribute-values.ts";
import type { ModelCall } from "../model-call.ts";
import { normalizeMessages, normalizeTools, partsOf } from "../normalize-message.ts";
import type { Attributes, Span, SpanEvent } from "../span.ts";

/**
 * Generative AI as spans described it before messages had attributes of their own: numbered attributes, as Traceloop
 * (OpenLLMetry) writes them, whole prompts as JSON, and one span event for each message.
 */
export function readEarlierGenAi({ attributes, events }: Span): ModelCall {
  const completions = [
    ...(gatherList(attributes, "gen_ai.completion") ?? gatherList(attributes, "llm.completions") ?? []),
    ...listOf(jsonOf(attributes, "gen_ai.completion")),
    ...events.flatMap(choicesOf),
  ].map((completion) => (isRecord(completion) ? completion : { role: "assistant", content: completion }));
  const finishReason = completions
    .map((completion) => completion["finish_reason"])
    .find((reason) => typeof reason === "string");
  return {
    provider: textOf(attributes, "gen_ai.system", "llm.vendor"),
    model: textOf(attributes, "llm.request.model"),
    messages: inputMessages(attributes, events),
    tools: normalizeTools(gatherList(attributes, "llm.request.functions")),
    options: {
      ...definedOption("max_output_tokens", numberOf(attributes, "llm.request.max_tokens")),
      ...definedOption("temperature", numberOf(attributes, "llm.temperature")),
      ...definedOption("top_p", numberOf(attributes, "llm.top_p")),
      ...definedOption("top_k", numberOf(attributes, "llm.top_k")),
      ...definedOption("stop_sequences", valueOf(attributes, "llm.chat.stop_sequences")),
      ...definedOption("frequency_penalty", numberOf(attributes, "llm.frequency_penalty")),
      ...definedOption("presence_penalty", numberOf(attributes, "llm.presence_penalty")),
    },
    content: completions.flatMap(partsOf),
    finishReason,
    usage: {
      input_tokens: numberOf(attributes, "llm.usage.prompt_tokens"),
      output_tokens: numberOf(attributes, "llm.usage.completion_tokens"),
      total_tokens: numberOf(attributes, "llm.usage.total_tokens"),
    },
    responseModel: textOf(attributes, "llm.response.model"),
  };
}

function definedOption(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function inputMessages(attributes: Attributes, events: readonly SpanEvent[]): NormalizedMessage[] {
  const numbered = gatherList(attributes, "gen_ai.prompt") ?? gatherList(attributes, "llm.prompts");
  if (numbered !== undefined) return normalizeMessages(numbered, "user");
  const whole = normalizeMessages(jsonOf(attributes, "gen_ai.prompt"), "user");
  return whole.length > 0 ? whole : events.flatMap(messagesOfEvent);
}

const MESSAGE_EVENT = /^gen_ai\.(system|user|assistant|tool)\.message$/;

function messagesOfEvent({ name, attributes }: SpanEvent): NormalizedMessage[] {
  const role = MESSAGE_EVENT.exec(name)?.[1] as NormalizedMessage["role"] | undefined;
  if (role !== undefined) {
    const body = bodyOf(attributes);
    return normalizeMessages([{ ...body, role: typeof body["role"] === "string" ? body["role"] : role }], role);
  }
  if (name !== "gen_ai.content.prompt") return [];
  return normalizeMessages(jsonOf(attributes, "gen_ai.prompt"), "user");
}

function choicesOf({ name, attributes }: SpanEvent): unknown[] {
  if (name === "gen_ai.content.completion") return listOf(jsonOf(attributes, "gen_ai.completion"));
  if (name !== "gen_ai.choice") return [];
  const body = bodyOf(attributes);
  const message = jsonOf(attributes, "message") ?? body["message"] ?? body;
  const reason = body["finish_reason"];
  return [{ ...(isRecord(message) ? message : { content: message }), finish_reason: reason }];
}

/** What an event says: in one attribute as JSON, or in an attribute for each member. */
function bodyOf(attributes: Attributes): Record<string, unknown> {
  const whole = jsonOf(attributes, "body", "event.body", "gen_ai.event.content");
  if (isRecord(whole)) return whole;
  const members = Object.fromEntries(
    [...attributes].map(([key, value]) => [key.replace(/^gen_ai\.(?:event\.|message\.)?/, ""), value]),
  );
  return typeof whole === "string" ? { ...members, content: whole } : members;
}
