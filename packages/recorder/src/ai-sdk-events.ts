import type { Visibility } from "./attempt-recording.ts";
import { readField } from "./normalize-error.ts";
import { OPTION_FIELDS, countProviderOptions } from "./normalize-request.ts";
import { type JsonObject, snapshot } from "./snapshot.ts";

/** The content fields of a model call, without what the recorder has no use for, such as headers. */
const REQUEST_FIELDS = ["instructions", "messages", "tools", ...OPTION_FIELDS];
const RESULT_FIELDS = ["content", "finishReason", "usage", "warnings"];

/** Copies what a model call is asked for out of an event of the AI SDK. */
export function copyRequest(event: unknown): JsonObject {
  return copyFields(event, REQUEST_FIELDS);
}

/** Copies what a model call has answered out of an event of the AI SDK. */
export function copyResult(event: unknown): JsonObject {
  return copyFields(event, RESULT_FIELDS);
}

function copyFields(event: unknown, fields: string[]): JsonObject {
  const picked = Object.fromEntries(fields.map((field) => [field, readField(event, field)]));
  return snapshot(picked) as JsonObject;
}

/** The application may hide what goes in or what comes out from telemetry; the recorder obeys where it looks itself. */
export function visibilityOf(event: unknown): Visibility {
  return { inputs: readField(event, "recordInputs") !== false, outputs: readField(event, "recordOutputs") !== false };
}

export function metadataOf(event: unknown): Record<string, string> {
  const functionId = readField(event, "functionId");
  const version = readField(event, "aiVersion");
  return {
    integration: "ai-sdk",
    ...(typeof version === "string" && { ai_sdk_version: version }),
    ...(typeof functionId === "string" && { function_id: functionId }),
  };
}

/** The settings of a model call that its own event leaves out. */
export function callSettings(event: unknown): JsonObject {
  const settings: JsonObject = {
    toolChoice: snapshot(readField(event, "toolChoice")),
    providerOptionCount: countProviderOptions(readField(event, "providerOptions")),
  };
  void keepResponseFormat(settings, readField(readField(event, "output"), "responseFormat"));
  return settings;
}

/** The wanted shape of the answer is a promise, which is kept by the time that the request is sent. */
async function keepResponseFormat(settings: JsonObject, format: unknown): Promise<void> {
  if (!(format instanceof Promise)) return;
  try {
    const kept: unknown = await format;
    if (readField(kept, "type") !== "text") settings["responseFormat"] = snapshot(kept);
  } catch {
    // The application's own call hears of it.
  }
}

/** What an answer says of itself beside its content. */
export function detailsOf(event: unknown): Record<string, string | number> {
  const responseId = readField(event, "responseId");
  const model = readField(event, "modelId");
  const firstOutput = readField(readField(event, "performance"), "timeToFirstOutputMs");
  return {
    ...(typeof responseId === "string" && { response_id: responseId }),
    ...(typeof model === "string" && { response_model: model }),
    ...(typeof firstOutput === "number" && { time_to_first_output_ms: Math.round(firstOutput) }),
  };
}
