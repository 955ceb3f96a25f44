import type { NormalizedPart } from "@shelflife/api-contract";

import { isRecord, parsed } from "./attribute-values.ts";

/**
 * Normalises one part of a message, in whichever of the shapes that libraries put into spans: those of the semantic
 * conventions, of the AI SDK, of OpenAI's two interfaces, and of Anthropic. Files are described and never kept.
 */
export function normalizePart(part: unknown): NormalizedPart {
  if (typeof part === "string") return { type: "text", text: part };
  if (!isRecord(part)) return { type: "unknown" };
  const type = typeof part["type"] === "string" ? part["type"] : "unknown";
  switch (type) {
    case "text":
    case "input_text":
    case "output_text":
      return { type: "text", text: firstText(part, "text", "content") ?? "" };
    case "refusal":
      return { type: "text", text: firstText(part, "refusal", "content", "text") ?? "" };
    case "reasoning":
    case "thinking":
    case "redacted_thinking":
      return { type: "reasoning", text: firstText(part, "text", "content", "thinking") ?? summaryText(part) };
    case "tool_call":
    case "tool-call":
    case "tool_use":
    case "server_tool_use":
    case "function_call":
    case "function":
    case "server_tool_call":
      return toolCall(part);
    case "tool_call_response":
    case "tool-result":
    case "tool_result":
    case "function_call_output":
    case "server_tool_call_response":
      return toolResult(part, "tool-result");
    case "tool-error":
      return toolResult(part, "tool-error");
    case "blob":
    case "uri":
    case "file":
    case "image":
    case "image_url":
    case "input_image":
    case "input_audio":
    case "input_file":
    case "audio":
    case "video":
    case "document":
    case "reasoning-file":
      return file(part);
    default: {
      const text = firstText(part, "text", "content");
      return { type, ...(text !== undefined && { text }) };
    }
  }
}

function firstText(part: Record<string, unknown>, ...fields: string[]): string | undefined {
  return fields.map((field) => part[field]).find((value) => typeof value === "string");
}

/** The reasoning that OpenAI sums up. */
function summaryText(part: Record<string, unknown>): string {
  const summary = Array.isArray(part["summary"]) ? part["summary"] : [];
  return summary.flatMap((item) => (isRecord(item) ? (firstText(item, "text") ?? []) : [])).join("\n");
}

function toolCall(part: Record<string, unknown>): NormalizedPart {
  const call = isRecord(part["function"]) ? part["function"] : part;
  const id = firstText(part, "toolCallId", "call_id", "id");
  const name = firstText(call, "toolName", "name");
  return {
    type: "tool-call",
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
    arguments: parsed(call["arguments"] ?? call["input"] ?? call["args"] ?? null),
  };
}

function toolResult(part: Record<string, unknown>, type: "tool-result" | "tool-error"): NormalizedPart {
  const id = firstText(part, "toolCallId", "tool_use_id", "tool_call_id", "call_id", "id");
  const name = firstText(part, "toolName", "name");
  const answer = part["response"] ?? part["result"] ?? part["output"] ?? part["error"] ?? part["content"] ?? null;
  // The AI SDK wraps a result in an object that says how to read it.
  const isWrapped = isRecord(answer) && typeof answer["type"] === "string" && "value" in answer;
  const isError = part["is_error"] === true || (isWrapped && String(answer["type"]).startsWith("error"));
  return {
    type: isError ? "tool-error" : type,
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
    result: parsed(isWrapped ? answer["value"] : answer),
  };
}

/** Where parts name the kind of a file, and where they carry it. */
const MEDIA_TYPES = ["mediaType", "mime_type", "media_type", "mimeType"];
const FILE_NAMES = ["filename", "file_name", "name"];
const CONTENTS = ["content", "data", "image", "image_url", "url", "uri", "file_data", "base64"];

function file(part: Record<string, unknown>): NormalizedPart {
  const inner = ["file", "source", "input_audio", "image_url", "image"]
    .map((field) => part[field])
    .find((value) => isRecord(value));
  const places = [part, ...(isRecord(inner) ? [inner, ...(isRecord(inner["image"]) ? [inner["image"]] : [])] : [])];
  const first = (fields: readonly string[]): string | undefined =>
    places.flatMap((place) => firstText(place, ...fields) ?? [])[0];
  const content = first(CONTENTS);
  const dataUrl = content === undefined ? undefined : /^data:([^;,]+)?[^,]{0,100};base64,/i.exec(content);
  const mediaType = first(MEDIA_TYPES) ?? dataUrl?.[1];
  const filename = first(FILE_NAMES);
  const length = content === undefined ? undefined : base64Length(content.slice(dataUrl?.[0].length ?? 0));
  return {
    type: "file",
    ...(filename !== undefined && { filename }),
    ...(mediaType !== undefined && { media_type: mediaType }),
    ...(length !== undefined && { length }),
    // Where it is, if it is not here.
    ...(content !== undefined && /^(?:https?|gs|s3):\/\//i.test(content) && { text: content }),
  };
}

function base64Length(content: string): number | undefined {
  if (content === "" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(content)) return undefined;
  return Math.floor((content.replace(/=+$/, "").length * 3) / 4);
}
