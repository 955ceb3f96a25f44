import type { NormalizedUsage } from "@shelflife/api-contract";

import { type Json, type JsonObject, isJsonObject } from "./snapshot.ts";

/**
 * From the usage of the AI SDK, in any of its shapes: totals beside their details, as applications see it; objects with
 * a total, as providers of the AI SDK 6 and 7 give it; plain numbers, as those of 5 do; or the tokens of an embedding.
 * What a provider does not report stays out.
 */
export function normalizeUsage(usage: Json | undefined): NormalizedUsage {
  if (!isJsonObject(usage)) return {};
  const { inputTokens, outputTokens } = usage;
  if (isJsonObject(inputTokens) || isJsonObject(outputTokens))
    return ofProvider(fields(inputTokens), fields(outputTokens));
  const input = fields(usage["inputTokenDetails"]);
  const output = fields(usage["outputTokenDetails"]);
  return {
    ...count("input_tokens", usage["tokens"] ?? inputTokens),
    ...count("output_tokens", outputTokens),
    ...count("total_tokens", usage["tokens"] ?? usage["totalTokens"]),
    ...count("reasoning_tokens", output["reasoningTokens"] ?? usage["reasoningTokens"]),
    ...count("cache_creation_tokens", input["cacheWriteTokens"]),
    ...count("cache_read_tokens", input["cacheReadTokens"] ?? usage["cachedInputTokens"]),
  };
}

function ofProvider(input: JsonObject, output: JsonObject): NormalizedUsage {
  const counted = {
    ...count("input_tokens", input["total"]),
    ...count("output_tokens", output["total"]),
  };
  const { input_tokens, output_tokens } = counted;
  const isKnown = input_tokens !== undefined || output_tokens !== undefined;
  return {
    ...counted,
    ...(isKnown && { total_tokens: (input_tokens ?? 0) + (output_tokens ?? 0) }),
    ...count("reasoning_tokens", output["reasoning"]),
    ...count("cache_creation_tokens", input["cacheWrite"]),
    ...count("cache_read_tokens", input["cacheRead"]),
  };
}

function fields(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The contract knows whole numbers only; anything else would make the server refuse the step. */
function count(name: keyof NormalizedUsage, value: Json | undefined): NormalizedUsage {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? { [name]: value } : {};
}
