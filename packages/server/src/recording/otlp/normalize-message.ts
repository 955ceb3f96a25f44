import type { NormalizedMessage, NormalizedPart, NormalizedTool } from "@shelflife/api-contract";

import { isRecord, listOf, parsed } from "./attribute-values.ts";
import { normalizePart } from "./normalize-part.ts";

/**
 * Normalises messages, in whichever shape: a list or an object of them, as JSON or not, or a text that is the only one.
 *
 * @param role of a message that does not say
 */
export function normalizeMessages(messages: unknown, role: NormalizedMessage["role"]): NormalizedMessage[] {
  const value = parsed(messages);
  // Some send a request's whole body.
  if (isRecord(value) && Array.isArray(value["messages"])) {
    return [...normalizeMessages(value["system"], "system"), ...normalizeMessages(value["messages"], role)];
  }
  return listOf(value).flatMap((message) => normalizeMessage(message, role));
}

function normalizeMessage(message: unknown, role: NormalizedMessage["role"]): NormalizedMessage[] {
  const value = parsed(message);
  if (!isRecord(value)) return value === "" ? [] : [{ role, parts: [normalizePart(String(value))] }];
  const parts = partsOf(value);
  return [{ role: roleOf(value, role), parts }];
}

/** The parts of one message, wherever its shape puts them. */
export function partsOf(message: Record<string, unknown>): NormalizedPart[] {
  // OpenAI's Responses interface puts what is no message among the messages.
  if (isLoosePart(message)) return [normalizePart(message)];
  const isToolsAnswer = roleOf(message, "user") === "tool";
  const content = parsedContent(message["parts"] ?? message["content"] ?? message["contents"]);
  // A tool's answer may be of any shape, and only a list of parts is one of parts.
  if (isToolsAnswer && !(Array.isArray(content) && content.every(isPart))) {
    const id = message["tool_call_id"] ?? message["id"];
    return [normalizePart({ type: "tool-result", id, name: message["name"], result: content })];
  }
  const reasoning = message["reasoning"] ?? message["reasoning_content"];
  const { refusal, function_call: functionCall } = message;
  return [
    ...(typeof reasoning === "string" && reasoning !== "" ? [{ type: "reasoning", text: reasoning }] : []),
    ...listOf(content).filter((part) => part !== ""),
    ...(typeof refusal === "string" ? [{ type: "text", text: refusal }] : []),
    ...listOf(parsed(message["tool_calls"] ?? message["toolCalls"])).map((call) =>
      isRecord(call) ? { ...call, type: "tool-call" } : call,
    ),
    ...(isRecord(functionCall) ? [{ ...functionCall, type: "tool-call" }] : []),
  ].map(normalizePart);
}

/** A content that is a list of parts as JSON is one; any other text is what it says, whatever it looks like. */
function parsedContent(content: unknown): unknown {
  const value = parsed(content);
  return Array.isArray(value) && value.length > 0 && value.every(isPart) ? value : content;
}

function isPart(value: unknown): boolean {
  return isRecord(value) && typeof value["type"] === "string";
}

function isLoosePart(message: Record<string, unknown>): boolean {
  return isPart(message) && message["type"] !== "message" && message["role"] === undefined;
}

const ROLES: Readonly<Record<string, NormalizedMessage["role"]>> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  model: "assistant",
  ai: "assistant",
  tool: "tool",
  function: "tool",
};

function roleOf(message: Record<string, unknown>, otherwise: NormalizedMessage["role"]): NormalizedMessage["role"] {
  const role = message["role"];
  if (typeof role === "string") return ROLES[role.toLowerCase()] ?? otherwise;
  if (message["type"] === "function_call_output") return "tool";
  return message["type"] === "function_call" || message["type"] === "reasoning" ? "assistant" : otherwise;
}

/** Normalises tool definitions, in the shapes of the semantic conventions, of OpenAI, Anthropic and the AI SDK. */
export function normalizeTools(tools: unknown): NormalizedTool[] {
  return listOf(parsed(tools)).flatMap((tool) => {
    const value = parsed(tool);
    if (!isRecord(value)) return [];
    const definition = isRecord(value["function"]) ? value["function"] : value;
    const { name, description } = definition;
    const schema = definition["inputSchema"] ?? definition["input_schema"] ?? definition["parameters"];
    return [
      {
        name: typeof name === "string" ? name : "unknown",
        ...(typeof description === "string" && { description }),
        ...(schema !== undefined && schema !== null && { input_schema: parsed(schema) }),
      },
    ];
  });
}
