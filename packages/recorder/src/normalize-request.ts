import type { NormalizedMessage, NormalizedRequest, NormalizedTool } from "@shelflife/api-contract";

import { normalizePart } from "./normalize-part.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "./snapshot.ts";

/** The settings of a model call under the names that they have in a record. */
const OPTION_NAMES = {
  maxOutputTokens: "max_output_tokens",
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
  stopSequences: "stop_sequences",
  seed: "seed",
  reasoning: "reasoning",
  responseFormat: "response_format",
  dimensions: "dimensions",
} as const;

export const OPTION_FIELDS = Object.keys(OPTION_NAMES);

/** @param call a snapshot of what the AI SDK says when a model call starts */
export function normalizeRequest(call: JsonObject): NormalizedRequest {
  const toolChoice = call["toolChoice"];
  return {
    messages: [...instructionMessages(call["instructions"]), ...arrayOf(call["messages"]).flatMap(normalizeMessage)],
    tools: arrayOf(call["tools"]).flatMap(normalizeTool),
    options: normalizeOptions(call),
    ...(toolChoice !== undefined && toolChoice !== null && { tool_choice: toolChoice }),
    provider_option_count: typeof call["providerOptionCount"] === "number" ? call["providerOptionCount"] : 0,
  };
}

/** Instructions are a text, a system message, or several. */
function instructionMessages(instructions: Json | undefined): NormalizedMessage[] {
  if (typeof instructions === "string") return [{ role: "system", parts: [normalizePart(instructions)] }];
  if (Array.isArray(instructions)) return instructions.flatMap(normalizeMessage);
  return isJsonObject(instructions) ? normalizeMessage(instructions) : [];
}

function normalizeMessage(message: Json): NormalizedMessage[] {
  if (!isJsonObject(message)) return [];
  const content = message["content"];
  const parts = Array.isArray(content) ? content.map(normalizePart) : [normalizePart(content ?? "")];
  return [{ role: roleOf(message), parts }];
}

function roleOf(message: JsonObject): NormalizedMessage["role"] {
  switch (message["role"]) {
    case "system":
    case "assistant":
    case "tool":
      return message["role"];
    default:
      return "user";
  }
}

function normalizeTool(tool: Json): NormalizedTool[] {
  if (!isJsonObject(tool)) return [];
  const description = textOf(tool, "description");
  const schema = tool["inputSchema"];
  return [
    {
      name: textOf(tool, "name") ?? "unknown",
      ...(description !== undefined && { description }),
      ...(schema !== undefined && { input_schema: schema }),
    },
  ];
}

function normalizeOptions(call: JsonObject): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(OPTION_NAMES)) {
    const value = call[field];
    if (value !== undefined && value !== null) options[name] = value;
  }
  return options;
}

/** Counts the options given to all providers together; their values stay unrecorded. Never throws. */
export function countProviderOptions(providerOptions: unknown): number {
  try {
    if (typeof providerOptions !== "object" || providerOptions === null) return 0;
    return Object.values(providerOptions).reduce<number>(
      (count, options) => count + (typeof options === "object" && options !== null ? Object.keys(options).length : 0),
      0,
    );
  } catch {
    return 0;
  }
}
