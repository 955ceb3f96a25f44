import type { NormalizedMessage, NormalizedPart } from "@shelflife/api-contract";

import { withoutFileBytes } from "../file-bytes.ts";
import { readField } from "../normalize-error.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, snapshot, textOf } from "../snapshot.ts";
import { toolCall, wireParts } from "../wire/wire-part.ts";
import { objectIn } from "../wire/wire-usage.ts";

const FIELDS = [
  "content",
  "role",
  "name",
  "tool_call_id",
  "tool_calls",
  "status",
  "usage_metadata",
  "response_metadata",
];

/** Copies what a record shows of a message; the rest of it may be a provider's whole answer. */
export function copyMessage(message: unknown): JsonObject {
  const fields = Object.fromEntries(FIELDS.map((field) => [field, readField(message, field)]));
  const extra = readField(message, "additional_kwargs");
  const reasoning = readField(extra, "reasoning_content") ?? readField(extra, "reasoning");
  return snapshot({ ...fields, type: typeOf(message), reasoning }) as JsonObject;
}

/** Older versions of the core tell the type by a method. */
function typeOf(message: unknown): unknown {
  const type = readField(message, "type");
  if (typeof type === "string") return type;
  const getType = readField(message, "_getType");
  return typeof getType === "function" ? Reflect.apply(getType, message, []) : undefined;
}

/** @param message a copy */
export function normalizeMessage(message: Json): NormalizedMessage[] {
  if (!isJsonObject(message)) return [];
  switch (textOf(message, "type")) {
    case "system":
    case "developer":
      return [{ role: "system", parts: wireParts(message["content"]) }];
    case "ai":
    case "AIMessageChunk":
      return [{ role: "assistant", parts: answerParts(message) }];
    case "tool":
    case "function":
      return [{ role: "tool", parts: [toolResult(message)] }];
    default:
      return [{ role: roleOf(message), parts: wireParts(message["content"]) }];
  }
}

/** A message without a type of its own says its role. */
function roleOf(message: JsonObject): NormalizedMessage["role"] {
  const role = textOf(message, "role");
  return role === "system" || role === "assistant" || role === "tool" ? role : "user";
}

/** Reasoning and the calls of tools stand beside the content, and with some providers in it as well. */
export function answerParts(message: JsonObject): NormalizedPart[] {
  const content = wireParts(message["content"]);
  const isToldTwice = content.some(({ type }) => type === "reasoning");
  const parts = [...(isToldTwice ? [] : reasoningParts(message["reasoning"])), ...content];
  const inContent = new Set(parts.filter(({ type }) => type === "tool-call").map((part) => part.tool_call_id));
  const calls = arrayOf(message["tool_calls"]).filter(isJsonObject).map(toolCall);
  return [...parts, ...calls.filter((call) => !inContent.has(call.tool_call_id))];
}

function reasoningParts(reasoning: Json | undefined): NormalizedPart[] {
  if (typeof reasoning === "string") return reasoning === "" ? [] : [{ type: "reasoning", text: reasoning }];
  return isJsonObject(reasoning) ? wireParts([{ ...reasoning, type: "reasoning" }]) : [];
}

/** The result of a tool, as a message or as it came from the tool itself. */
export function toolResult(message: JsonObject): NormalizedPart {
  const id = textOf(message, "tool_call_id");
  const name = textOf(message, "name");
  return {
    type: message["status"] === "error" ? "tool-error" : "tool-result",
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
    result: withoutFileBytes(message["content"] ?? null),
  };
}

/** What a message says of how it came about. */
export function responseMetadata(message: JsonObject): JsonObject {
  return objectIn(message, "response_metadata");
}
