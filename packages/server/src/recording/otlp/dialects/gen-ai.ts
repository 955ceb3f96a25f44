import type { NormalizedMessage } from "@shelflife/api-contract";

import { isRecord, jsonOf, listOf, numberOf, parsed, textOf, valueOf } from "../attribute-values.ts";
import type { ModelCall } from "../model-call.ts";
import { normalizeMessages, normalizeTools, partsOf } from "../normalize-message.ts";
import { normalizePart } from "../normalize-part.ts";
import type { Attributes, Span } from "../span.ts";

/** The settings of a call under the names that they have in a record. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  max_output_tokens: ["gen_ai.request.max_tokens", "gen_ai.request.max_output_tokens"],
  temperature: ["gen_ai.request.temperature"],
  top_p: ["gen_ai.request.top_p"],
  top_k: ["gen_ai.request.top_k"],
  presence_penalty: ["gen_ai.request.presence_penalty"],
  frequency_penalty: ["gen_ai.request.frequency_penalty"],
  stop_sequences: ["gen_ai.request.stop_sequences"],
  seed: ["gen_ai.request.seed", "gen_ai.openai.request.seed"],
  choice_count: ["gen_ai.request.choice.count"],
  output_type: ["gen_ai.output.type"],
  encoding_formats: ["gen_ai.request.encoding_formats"],
  service_tier: ["gen_ai.openai.request.service_tier", "openai.request.service_tier"],
};

/** The semantic conventions for generative AI, as they are now. */
export function readGenAi({ attributes, events }: Span): ModelCall {
  // What was said may stand in an event instead, so that it can be sampled apart from the figures.
  const details = events.find(({ name }) => name === "gen_ai.client.inference.operation.details")?.attributes;
  const said = (key: string): unknown => jsonOf(attributes, key) ?? (details && jsonOf(details, key));
  const outputs = outputMessages(said("gen_ai.output.messages"));
  const [finishReason] = listOf(jsonOf(attributes, "gen_ai.response.finish_reasons"));
  const firstChunk = numberOf(
    attributes,
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.client.operation.time_to_first_chunk",
  );
  return {
    provider: textOf(attributes, "gen_ai.provider.name", "gen_ai.system"),
    model: textOf(attributes, "gen_ai.request.model"),
    operation: operationOf(attributes, firstChunk),
    messages: [
      ...systemMessages(said("gen_ai.system_instructions")),
      ...normalizeMessages(said("gen_ai.input.messages"), "user"),
    ],
    tools: normalizeTools(said("gen_ai.tool.definitions")),
    options: readOptions(attributes),
    content: outputs?.flatMap(partsOf),
    finishReason:
      typeof finishReason === "string"
        ? finishReason
        : outputs?.map((message) => message["finish_reason"]).find((reason) => typeof reason === "string"),
    usage: {
      input_tokens: numberOf(attributes, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
      output_tokens: numberOf(attributes, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
      total_tokens: numberOf(attributes, "gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
      reasoning_tokens: numberOf(
        attributes,
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning",
        "llm.usage.reasoning_tokens",
      ),
      cache_creation_tokens: numberOf(
        attributes,
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
      ),
      cache_read_tokens: numberOf(
        attributes,
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
      ),
    },
    responseId: textOf(attributes, "gen_ai.response.id"),
    responseModel: textOf(attributes, "gen_ai.response.model"),
    timeToFirstOutputMs: firstChunk === undefined ? undefined : Math.round(firstChunk * 1000),
  };
}

function operationOf(attributes: Attributes, firstChunk: number | undefined): ModelCall["operation"] {
  const flag = valueOf(attributes, "gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming");
  if (typeof flag === "boolean") return flag ? "stream" : "generate";
  return firstChunk === undefined ? undefined : "stream";
}

function readOptions(attributes: Attributes): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, keys] of Object.entries(OPTIONS)) {
    const value = valueOf(attributes, ...keys);
    if (value !== undefined) options[name] = value;
  }
  return options;
}

/** Instructions are parts, or a text. */
function systemMessages(instructions: unknown): NormalizedMessage[] {
  const parts = listOf(instructions);
  return parts.length === 0 ? [] : [{ role: "system", parts: parts.map(normalizePart) }];
}

function outputMessages(messages: unknown): Record<string, unknown>[] | undefined {
  const list = listOf(parsed(messages));
  if (list.length === 0) return undefined;
  return list.map((message) => (isRecord(message) ? message : { role: "assistant", content: message }));
}
