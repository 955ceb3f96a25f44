import type { NormalizedRequest } from "@shelflife/api-contract";

import type { JsonObject } from "../snapshot.ts";

/** Fields that say what the call is and not how it is to be answered. */
const STRUCTURE = new Set(["model", "messages", "input", "instructions", "system", "tools", "tool_choice", "stream"]);

/**
 * The settings of a call under the names that they have in a record. What is left is the provider's own, and only
 * counted.
 */
export function wireOptions(
  body: JsonObject,
  names: Readonly<Record<string, string>>,
): Pick<NormalizedRequest, "options" | "tool_choice" | "provider_option_count"> {
  const options: Record<string, unknown> = {};
  let others = 0;
  for (const [field, value] of Object.entries(body)) {
    if (value === null || STRUCTURE.has(field)) continue;
    const name = Object.hasOwn(names, field) ? names[field] : undefined;
    if (name === undefined) others += 1;
    else options[name] = value;
  }
  const choice = body["tool_choice"] ?? undefined;
  return { options, ...(choice !== undefined && { tool_choice: choice }), provider_option_count: others };
}
