import { readField } from "./normalize-error.ts";
import { type Json, type JsonObject, isJsonObject, snapshot, textOf } from "./snapshot.ts";

/**
 * A part of a model's answer as its provider gives it, in the shape in which the AI SDK shows it to an application:
 * a tool's arguments as JSON and not as its text, and a result that the provider's own tool gave under the name of
 * any other tool's.
 */
export function fromModelContent(part: unknown): Json {
  const copied = snapshot(part);
  if (!isJsonObject(copied)) return copied;
  switch (copied["type"]) {
    case "tool-call":
      return { ...copied, input: parseArguments(copied["input"]) };
    case "tool-result":
      return isWrappedForPrompt(copied) ? copied : providerToolResult(copied);
    default:
      return copied;
  }
}

/** Only a model's answer has the result bare; a prompt wraps it. */
function isWrappedForPrompt(part: JsonObject): boolean {
  return part["result"] === undefined && part["output"] !== undefined;
}

function providerToolResult(part: JsonObject): JsonObject {
  const { result = null, isError, ...rest } = part;
  // The input's presence says that the output is the tool's own value.
  if (isError === true) return { ...rest, type: "tool-error", error: result };
  return { ...rest, input: null, output: result };
}

function parseArguments(input: Json | undefined): Json {
  if (typeof input !== "string") return input ?? null;
  try {
    return JSON.parse(input) as Json;
  } catch {
    return input;
  }
}

/** Why a model stopped: as a word, or as a word beside the provider's own. What older providers call unknown is `other`. */
export function finishReasonOf(reason: unknown): string {
  const word = typeof reason === "string" ? reason : readField(reason, "unified");
  return typeof word !== "string" || word === "unknown" ? "other" : word;
}

/** What an answer says of itself beside its content. */
export function responseDetails(response: unknown): Record<string, string> {
  const copied = snapshot({ id: readField(response, "id"), modelId: readField(response, "modelId") }) as JsonObject;
  const id = textOf(copied, "id");
  const model = textOf(copied, "modelId");
  return { ...(id !== undefined && { response_id: id }), ...(model !== undefined && { response_model: model }) };
}
