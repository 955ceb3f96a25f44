import { isRecord, jsonOf, listOf, numberOf, textOf, valueOf } from "../attribute-values.ts";
import type { ModelCall } from "../model-call.ts";
import { normalizeMessages, normalizeTools } from "../normalize-message.ts";
import { normalizePart } from "../normalize-part.ts";
import type { Attributes, Span } from "../span.ts";

const OPTIONS: Readonly<Record<string, string>> = {
  maxOutputTokens: "max_output_tokens",
  maxTokens: "max_output_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
  stopSequences: "stop_sequences",
  seed: "seed",
};

/** The AI SDK's own attributes, which versions 4 to 6 write, and version 7 on request. */
export function readAiSdk({ attributes }: Span): ModelCall {
  const operationId = textOf(attributes, "ai.operationId");
  const reasoning = textOf(attributes, "ai.response.reasoning");
  const answer = textOf(attributes, "ai.response.text", "ai.response.object", "ai.result.text", "ai.result.object");
  const toolCalls = listOf(jsonOf(attributes, "ai.response.toolCalls", "ai.result.toolCalls"));
  const firstChunk = numberOf(attributes, "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk");
  const files = listOf(jsonOf(attributes, "ai.response.files"));
  const values = listOf(valueOf(attributes, "ai.value", "ai.values"));
  return {
    provider: textOf(attributes, "ai.model.provider"),
    model: textOf(attributes, "ai.model.id"),
    operation: operationId === undefined ? undefined : /stream/i.test(operationId) ? "stream" : "generate",
    messages: [
      ...normalizeMessages(jsonOf(attributes, "ai.prompt.messages"), "user"),
      ...values.flatMap((value) => normalizeMessages([{ content: unquoted(value) }], "user")),
    ],
    tools: normalizeTools(valueOf(attributes, "ai.prompt.tools")),
    toolChoice: jsonOf(attributes, "ai.prompt.toolChoice"),
    options: readOptions(attributes),
    content: [
      ...(reasoning === undefined ? [] : [normalizePart({ type: "reasoning", text: reasoning })]),
      ...(answer === undefined ? [] : [normalizePart(answer)]),
      ...toolCalls.filter(isRecord).map((call) => normalizePart({ ...call, type: "tool-call" })),
      ...files.filter(isRecord).map((file) => normalizePart({ ...file, type: "file" })),
    ],
    finishReason: textOf(attributes, "ai.response.finishReason", "ai.finishReason"),
    usage: {
      input_tokens: numberOf(attributes, "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
      output_tokens: numberOf(attributes, "ai.usage.outputTokens", "ai.usage.completionTokens"),
      total_tokens: numberOf(attributes, "ai.usage.totalTokens"),
      reasoning_tokens: numberOf(attributes, "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
      cache_creation_tokens: numberOf(attributes, "ai.usage.inputTokenDetails.cacheWriteTokens"),
      cache_read_tokens: numberOf(
        attributes,
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
      ),
    },
    responseId: textOf(attributes, "ai.response.id"),
    responseModel: textOf(attributes, "ai.response.model"),
    timeToFirstOutputMs: firstChunk === undefined ? undefined : Math.round(firstChunk),
  };
}

function readOptions(attributes: Attributes): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [setting, name] of Object.entries(OPTIONS)) {
    const value = attributes.get(`ai.settings.${setting}`);
    if (value !== undefined && value !== null) options[name] = value;
  }
  return options;
}

/** What is embedded stands there as JSON. */
function unquoted(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith('"')) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
