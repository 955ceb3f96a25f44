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
          input_tokens: count(usage["input"]),
          output_tokens: count(usage["output"]),
          total_tokens: count(usage["total"]),
        }
      : {},
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
