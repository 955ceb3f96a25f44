import type { NormalizedResponse, NormalizedUsage } from "@shelflife/api-contract";

import { readField } from "../normalize-error.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, snapshot, textOf } from "../snapshot.ts";
import { finishReason } from "../wire/finish-reason.ts";
import { objectIn, wireUsage } from "../wire/wire-usage.ts";
import { answerParts, copyMessage, responseMetadata } from "./langchain-message.ts";

/** Copies what a record shows of a model's result: the generations of its one prompt. */
export function copyResult(result: unknown): JsonObject {
  const [generations] = listOf(readField(result, "generations"));
  const copied = listOf(generations).map((generation) => ({
    text: readField(generation, "text"),
    info: readField(generation, "generationInfo"),
    message: readField(generation, "message") === undefined ? undefined : copyMessage(readField(generation, "message")),
  }));
  const { tokenUsage, model_name } = snapshot(readField(result, "llmOutput") ?? {}) as JsonObject;
  return snapshot({ generations: copied, tokenUsage, model_name }) as JsonObject;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** @param result a copy */
export function normalizeResult(result: JsonObject): NormalizedResponse {
  const generations = arrayOf(result["generations"]).filter(isJsonObject);
  return {
    content: generations.flatMap((generation) =>
      isJsonObject(generation["message"])
        ? answerParts(generation["message"])
        : [{ type: "text", text: textOf(generation, "text") ?? "" }],
    ),
    finish_reason: finishReason(generations[0] && reasonOf(generations[0])),
    usage: readUsage(result, generations[0]),
    warnings: [],
  };
}

/** Each provider's package has a name of its own for it, and keeps it in one of two places. */
function reasonOf(generation: JsonObject): Json | undefined {
  const places = [objectIn(generation, "info"), responseMetadata(objectIn(generation, "message"))];
  const names = ["finish_reason", "finishReason", "stop_reason", "stopReason", "status"];
  return places.flatMap((place) => names.map((name) => place[name])).find((reason) => typeof reason === "string");
}

function readUsage(result: JsonObject, generation: JsonObject | undefined): NormalizedUsage {
  const usage = objectIn(objectIn(generation ?? {}, "message"), "usage_metadata");
  const older = objectIn(result, "tokenUsage");
  const input = objectIn(usage, "input_token_details");
  return wireUsage({
    input_tokens: usage["input_tokens"] ?? older["promptTokens"],
    output_tokens: usage["output_tokens"] ?? older["completionTokens"],
    total_tokens: usage["total_tokens"] ?? older["totalTokens"],
    reasoning_tokens: objectIn(usage, "output_token_details")["reasoning"],
    cache_creation_tokens: input["cache_creation"],
    cache_read_tokens: input["cache_read"],
  });
}

/** The id of the answer and the model that gave it, where the provider's package says so. */
export function resultDetails(result: JsonObject): Record<string, string> {
  const [generation] = arrayOf(result["generations"]).filter(isJsonObject);
  const metadata = responseMetadata(objectIn(generation ?? {}, "message"));
  const id = textOf(metadata, "id");
  const model = textOf(metadata, "model_name") ?? textOf(metadata, "model") ?? textOf(result, "model_name");
  return { ...(id !== undefined && { response_id: id }), ...(model !== undefined && { response_model: model }) };
}
