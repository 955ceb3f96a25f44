import type { NormalizedPart } from "@shelflife/api-contract";

import { fileByteLength, withoutFileBytes } from "./file-bytes.ts";
import { type Json, type JsonObject, isJsonObject, textOf } from "./snapshot.ts";

/**
 * Normalises one part of a message or of a response. The types are the AI SDK's own (`text`, `reasoning`, `file`,
 * `tool-call`, `tool-result`, `tool-error`, `source`, ...); a type that is not known keeps its name and nothing else.
 */
export function normalizePart(part: Json): NormalizedPart {
  if (typeof part === "string") return { type: "text", text: part };
  if (!isJsonObject(part)) return { type: "unknown" };
  const type = textOf(part, "type") ?? "unknown";
  switch (type) {
    case "text":
    case "reasoning":
    case "embedding":
      return { type, text: textOf(part, "text") ?? "" };
    case "image":
      return { ...file(part, part["image"]), type: "file" };
    case "file":
    case "reasoning-file":
      return { ...file(part, part["data"]), type };
    case "source":
      return source(part);
    case "tool-call":
      return { type, ...toolOf(part), arguments: withoutFileBytes(part["input"] ?? null) };
    case "tool-result":
      return { ...toolResult(part), ...toolOf(part) };
    case "tool-error":
      return { type, ...toolOf(part), result: withoutFileBytes(part["error"] ?? null) };
    case "tool-approval-request":
      return { type, ...toolOf(isJsonObject(part["toolCall"]) ? part["toolCall"] : part) };
    case "tool-approval-response":
      return { type, text: part["approved"] === true ? "approved" : "denied" };
    case "custom":
      return { type, text: textOf(part, "kind") ?? "" };
    default:
      return { type };
  }
}

/** Generated files lie one level deeper than those of a prompt. */
function file(part: JsonObject, data: Json | undefined): Omit<NormalizedPart, "type"> {
  const inner = isJsonObject(part["file"]) ? part["file"] : part;
  const filename = textOf(part, "filename");
  const mediaType = textOf(inner, "mediaType");
  const byteLength = fileByteLength(inner === part ? data : inner);
  return {
    ...(filename !== undefined && { filename }),
    ...(mediaType !== undefined && { media_type: mediaType }),
    ...(byteLength !== undefined && { length: byteLength }),
  };
}

function source(part: JsonObject): NormalizedPart {
  const shown = [textOf(part, "title"), textOf(part, "url")].filter((text) => text !== undefined).join(" ");
  const filename = textOf(part, "filename");
  const mediaType = textOf(part, "mediaType");
  return {
    type: "source",
    text: shown,
    ...(filename !== undefined && { filename }),
    ...(mediaType !== undefined && { media_type: mediaType }),
  };
}

function toolOf(part: JsonObject): Pick<NormalizedPart, "tool_call_id" | "tool_name"> {
  const id = textOf(part, "toolCallId");
  const name = textOf(part, "toolName");
  return { ...(id !== undefined && { tool_call_id: id }), ...(name !== undefined && { tool_name: name }) };
}

/** In a response the output is the tool's own value; in a prompt it is wrapped in an object that says how to read it. */
function toolResult(part: JsonObject): NormalizedPart {
  const output = part["output"];
  const isWrapped = part["input"] === undefined && isJsonObject(output) && typeof output["type"] === "string";
  if (!isWrapped) return { type: "tool-result", result: withoutFileBytes(output ?? null) };
  switch (output["type"]) {
    case "error-text":
    case "error-json":
      return { type: "tool-error", result: withoutFileBytes(output["value"] ?? null) };
    case "execution-denied":
      return { type: "tool-error", result: { denied: output["reason"] ?? true } };
    case "content":
      return { type: "tool-result", result: withoutFiles(output["value"]) };
    default:
      return { type: "tool-result", result: withoutFileBytes(output["value"] ?? null) };
  }
}

/** A tool may answer files among texts. */
function withoutFiles(content: Json | undefined): Json {
  if (!Array.isArray(content)) return content ?? null;
  return content.map((part) => {
    if (!isJsonObject(part) || part["type"] === "text") return part;
    return { type: part["type"] ?? "unknown", ...file(part, part["data"]) } as JsonObject;
  });
}
