import type { NormalizedRequest } from "@shelflife/api-contract";

import { readField } from "../normalize-error.ts";
import { type JsonObject, arrayOf, snapshot, textOf } from "../snapshot.ts";
import { wireOptions } from "../wire/wire-options.ts";
import { wireTool } from "../wire/wire-tool.ts";
import { objectIn } from "../wire/wire-usage.ts";
import { copyMessage, normalizeMessage } from "./langchain-message.ts";

/** Under these names providers' packages pass on the settings that a record names. */
const OPTIONS = {
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
  max_output_tokens: "max_output_tokens",
  maxOutputTokens: "max_output_tokens",
  temperature: "temperature",
  top_p: "top_p",
  topP: "top_p",
  top_k: "top_k",
  topK: "top_k",
  presence_penalty: "presence_penalty",
  frequency_penalty: "frequency_penalty",
  stop: "stop_sequences",
  stop_sequences: "stop_sequences",
  seed: "seed",
  reasoning: "reasoning",
  reasoning_effort: "reasoning",
  thinking: "reasoning",
};

export interface ModelCall {
  /** Messages of a chat model, or the prompt of an older one. */
  prompt: unknown;
  extraParams: unknown;
  metadata: unknown;
}

/** Copies what a record shows of a call, on the application's own path. */
export function copyCall({ prompt, extraParams, metadata }: ModelCall): JsonObject {
  const messages = Array.isArray(prompt) ? prompt.map(copyMessage) : [{ type: "human", content: prompt }];
  const parameters = readField(extraParams, "invocation_params");
  return snapshot({
    messages,
    parameters,
    model:
      readField(metadata, "ls_model_name") ?? readField(parameters, "model") ?? readField(parameters, "model_name"),
    provider: readField(metadata, "ls_provider"),
  }) as JsonObject;
}

/** @param call a copy */
export function normalizeCall(call: JsonObject): NormalizedRequest {
  const parameters = objectIn(call, "parameters");
  return {
    messages: arrayOf(call["messages"]).flatMap(normalizeMessage),
    tools: arrayOf(parameters["tools"]).flatMap(wireTool),
    ...wireOptions(parameters, OPTIONS),
  };
}

/** Whether the application asked for a stream; others turn out to be one with their first token. */
export function asksForStream(call: JsonObject): boolean {
  return objectIn(call, "parameters")["stream"] === true;
}

export function nameOf(call: JsonObject, field: "model" | "provider"): string {
  return textOf(call, field) ?? "";
}
