import { isRecord, jsonOf, textOf } from "../attribute-values.ts";
import type { ModelCall } from "../model-call.ts";
import { normalizeMessages } from "../normalize-message.ts";
import type { Span } from "../span.ts";

/** The observations of Langfuse, which hold input and output as JSON of any shape. */
export function readLangfuse({ attributes }: Span): ModelCall {
  const usage = jsonOf(attributes, "langfuse.observation.usage_details");
  const parameters = jsonOf(attributes, "langfuse.observation.model.parameters");
  return {
    model: textOf(attributes, "langfuse.observation.model.name"),
    messages: normalizeMessages(jsonOf(attributes, "langfuse.observation.input"), "user"),
    options: isRecord(parameters) ? parameters : {},
    content: normalizeMessages(jsonOf(attributes, "langfuse.observation.output"), "assistant").flatMap(
      ({ parts }) => parts,
    ),
    usage: isRecord(usage)
      ? {
          input_tokens: count(usage, "input", "input_tokens", "prompt_tokens", "promptTokens"),
          output_tokens: count(usage, "output", "output_tokens", "completion_tokens", "completionTokens"),
          total_tokens: count(usage, "total", "total_tokens", "totalTokens"),
          reasoning_tokens: count(usage, "output_reasoning_tokens"),
          cache_creation_tokens: count(usage, "cache_creation_input_tokens", "input_cache_creation"),
          cache_read_tokens: count(usage, "input_cached_tokens", "cache_read_input_tokens", "input_cache_read"),
        }
      : {},
  };
}

/** The names are whatever the sender's provider calls them. */
function count(usage: Record<string, unknown>, ...names: string[]): number | undefined {
  return names.map((name) => usage[name]).find((value) => typeof value === "number");
}
