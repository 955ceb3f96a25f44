import type { NormalizedPart } from "@shelflife/api-contract";

import { withoutFileBytes } from "../file-bytes.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import { wireFile } from "./wire-file.ts";

/** The parts of a message's content, which is a text or a list. */
export function wireParts(content: Json | undefined): NormalizedPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return arrayOf(content).flatMap((part) =>
    isJsonObject(part) ? [wirePart(part), ...ownToolResult(part)] : [wirePart(part)],
  );
}

/**
 * Normalises one part of a message, whichever provider's it is: the names of their types do not collide. The names
 * answered are those of the AI SDK, so that a record looks the same however it was made.
 */
function wirePart(part: Json): NormalizedPart {
  if (typeof part === "string") return { type: "text", text: part };
  if (!isJsonObject(part)) return { type: "unknown" };
  const type = textOf(part, "type") ?? "unknown";
  switch (type) {
    case "text":
    case "input_text":
    case "output_text":
      return { type: "text", text: textOf(part, "text") ?? "" };
    case "refusal":
      return { type: "refusal", text: textOf(part, "refusal") ?? "" };
    case "thinking":
    case "reasoning":
    case "redacted_thinking":
      return { type: "reasoning", text: reasoningOf(part) };
    case "image":
    case "image_url":
    case "input_image":
    case "document":
    case "file":
    case "input_file":
    case "audio":
    case "input_audio":
      return wireFile(part);
    case "mcp_approval_request":
      return { ...toolCall(part), type: "tool-approval-request" };
    case "mcp_approval_response":
      return { type: "tool-approval-response", text: part["approve"] === true ? "approved" : "denied" };
    default:
      return toolPart(type, part) ?? { type };
  }
}

/** A text of its own, or a list of texts: paragraphs of a summary, or thoughts in pieces. */
function reasoningOf(part: JsonObject): string {
  for (const field of ["text", "thinking", "reasoning", "summary", "content"]) {
    const value = part[field];
    if (typeof value === "string") return value;
    const texts = arrayOf(value).flatMap((piece) => (isJsonObject(piece) ? (textOf(piece, "text") ?? []) : []));
    if (texts.length > 0) return texts.join(field === "summary" ? "\n" : "");
  }
  return "";
}

/** Tools that the provider runs itself come under many names, all of which end alike. */
function toolPart(type: string, part: JsonObject): NormalizedPart | undefined {
  if (/^(?:function_call|custom_tool_call|tool_call)$|tool_use$/.test(type)) return toolCall(part);
  if (/_call_output$|tool_result$/.test(type)) return toolResult(part);
  return type.endsWith("_call") ? providerToolCall(type, part) : undefined;
}

export function toolCall(part: JsonObject): NormalizedPart {
  const id = textOf(part, "call_id") ?? textOf(part, "id");
  const name = textOf(part, "name");
  return {
    type: "tool-call",
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
    arguments: withoutFileBytes(parsed(part["arguments"] ?? part["input"] ?? part["args"] ?? null)),
  };
}

function toolResult(part: JsonObject): NormalizedPart {
  const id = textOf(part, "tool_use_id") ?? textOf(part, "call_id") ?? textOf(part, "tool_call_id");
  const failed = part["is_error"] === true;
  return {
    type: failed ? "tool-error" : "tool-result",
    ...(id !== undefined && { tool_call_id: id }),
    result: withoutFileBytes(part["content"] ?? part["output"] ?? null),
  };
}

/** What identifies the call, or says how it went, is no argument of it. */
const NO_ARGUMENTS = new Set([
  "type",
  "id",
  "call_id",
  "name",
  "status",
  "output",
  "outputs",
  "result",
  "results",
  "error",
]);

function providerToolCall(type: string, part: JsonObject): NormalizedPart {
  const rest = Object.entries(part).filter(([field, value]) => !NO_ARGUMENTS.has(field) && value !== null);
  const id = textOf(part, "call_id") ?? textOf(part, "id");
  return {
    type: "tool-call",
    ...(id !== undefined && { tool_call_id: id }),
    tool_name: providerToolName(type, part),
    arguments: withoutFileBytes(parsed(part["arguments"] ?? part["action"] ?? Object.fromEntries(rest))),
  };
}

/** A tool that the provider ran itself tells its call and its result in one. */
function ownToolResult(part: JsonObject): NormalizedPart[] {
  const type = textOf(part, "type") ?? "";
  if (!type.endsWith("_call") || type === "function_call") return [];
  const error = part["error"] ?? null;
  const result = ["output", "outputs", "results"].map((field) => part[field] ?? null).find((value) => value !== null);
  if (result === undefined && error === null) return [];
  const id = textOf(part, "call_id") ?? textOf(part, "id");
  return [
    {
      type: error === null ? "tool-result" : "tool-error",
      ...(id !== undefined && { tool_call_id: id }),
      tool_name: providerToolName(type, part),
      result: withoutFileBytes(result ?? error),
    },
  ];
}

function providerToolName(type: string, part: JsonObject): string {
  return textOf(part, "name") ?? type.slice(0, -"_call".length);
}

/** Arguments travel as JSON in a text, which may be cut off where the answer is. */
function parsed(value: Json): Json {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
