import type { NormalizedResponse } from "@shelflife/api-contract";

import { normalizePart } from "./normalize-part.ts";
import { normalizeUsage } from "./normalize-usage.ts";
import { type JsonObject, arrayOf, textOf } from "./snapshot.ts";

/** @param result a snapshot of `{content, finishReason, usage, warnings}` as the AI SDK gives them */
export function normalizeResponse(result: JsonObject): NormalizedResponse {
  return {
    content: arrayOf(result["content"]).map(normalizePart),
    finish_reason: textOf(result, "finishReason") ?? "other",
    usage: normalizeUsage(result["usage"]),
    warnings: arrayOf(result["warnings"]),
  };
}
