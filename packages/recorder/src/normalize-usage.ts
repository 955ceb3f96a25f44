import type { NormalizedUsage } from "@shelflife/api-contract";

import { type Json, type JsonObject, isJsonObject } from "./snapshot.ts";

/** From the AI SDK's usage, whose totals stand beside their details. What a provider does not report stays out. */
export function normalizeUsage(usage: Json | undefined): NormalizedUsage {
  if (!isJsonObject(usage)) return {};
  const input = isJsonObject(usage["inputTokenDetails"]) ? usage["inputTokenDetails"] : {};
  const output = isJsonObject(usage["outputTokenDetails"]) ? usage["outputTokenDetails"] : {};
  return {
    ...count("input_tokens", usage, "inputTokens"),
    ...count("output_tokens", usage, "outputTokens"),
    ...count("total_tokens", usage, "totalTokens"),
    ...count("reasoning_tokens", output, "reasoningTokens"),
    ...count("cache_creation_tokens", input, "cacheWriteTokens"),
    ...count("cache_read_tokens", input, "cacheReadTokens"),
  };
}

/** The contract knows whole numbers only; anything else would make the server refuse the step. */
function count(name: keyof NormalizedUsage, from: JsonObject, field: string): NormalizedUsage {
  const value = from[field];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? { [name]: value } : {};
}
