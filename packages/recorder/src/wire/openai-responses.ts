import type { NormalizedMessage, NormalizedPart, NormalizedResponse } from "@shelflife/api-contract";

import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import { finishReason } from "./finish-reason.ts";
import { OpenaiResponsesStream } from "./openai-responses-stream.ts";
import type { WireFormat } from "./wire-format.ts";
import { wireOptions } from "./wire-options.ts";
import { wireParts } from "./wire-part.ts";
import { wireTool } from "./wire-tool.ts";
import { objectIn, wireUsage } from "./wire-usage.ts";

const OPTIONS = {
  max_output_tokens: "max_output_tokens",
  temperature: "temperature",
  top_p: "top_p",
  reasoning: "reasoning",
};

/** OpenAI's responses API. */
export const openaiResponses: WireFormat = {
  name: "openai.responses",
  readRequest: (body) => ({
    messages: [...instructions(body["instructions"]), ...inputMessages(body["input"])],
    tools: arrayOf(body["tools"]).flatMap(wireTool),
    ...wireOptions(body, OPTIONS),
  }),
  readResponse,
  openStream: () => new OpenaiResponsesStream(),
};

function readResponse(body: JsonObject): NormalizedResponse {
  const content = arrayOf(body["output"]).filter(isJsonObject).flatMap(itemParts);
  return {
    content,
    finish_reason: finishOf(body, content),
    usage: readUsage(objectIn(body, "usage")),
    warnings: [],
  };
}

/** A response that wants tools to be run is completed all the same. */
function finishOf(body: JsonObject, content: NormalizedPart[]): string {
  const status = textOf(body, "status");
  if (status === "incomplete") return finishReason(objectIn(body, "incomplete_details")["reason"]);
  if (status === "completed" && arrayOf(body["output"]).some(waitsForApplication)) return "tool-calls";
  return content.length === 0 && status === undefined ? "other" : finishReason(status);
}

/** Only a call that somebody else has to answer bears an id to answer it under. */
function waitsForApplication(item: Json): boolean {
  if (!isJsonObject(item)) return false;
  return textOf(item, "type")?.endsWith("_call") === true && textOf(item, "call_id") !== undefined;
}

function instructions(given: Json | undefined): NormalizedMessage[] {
  if (typeof given === "string") return given === "" ? [] : [{ role: "system", parts: wireParts(given) }];
  return inputMessages(given).map((message) => ({ ...message, role: "system" }));
}

function inputMessages(input: Json | undefined): NormalizedMessage[] {
  if (typeof input === "string") return [{ role: "user", parts: wireParts(input) }];
  return arrayOf(input).flatMap((item) => (isJsonObject(item) ? [inputItem(item)] : []));
}

function inputItem(item: JsonObject): NormalizedMessage {
  const parts = itemParts(item);
  switch (textOf(item, "role")) {
    case "developer":
    case "system":
      return { role: "system", parts };
    case "assistant":
      return { role: "assistant", parts };
    case "user":
      return { role: "user", parts };
    default:
      return { role: parts.some(({ type }) => type === "tool-result") ? "tool" : "assistant", parts };
  }
}

/** An item is a message with parts of its own, or a part itself. */
function itemParts(item: JsonObject): NormalizedPart[] {
  const isMessage = item["type"] === "message" || (item["type"] === undefined && item["content"] !== undefined);
  return wireParts(isMessage ? item["content"] : [item]);
}

function readUsage(usage: JsonObject) {
  return wireUsage({
    input_tokens: usage["input_tokens"],
    output_tokens: usage["output_tokens"],
    total_tokens: usage["total_tokens"],
    reasoning_tokens: objectIn(usage, "output_tokens_details")["reasoning_tokens"],
    cache_creation_tokens: objectIn(usage, "input_tokens_details")["cache_write_tokens"],
    cache_read_tokens: objectIn(usage, "input_tokens_details")["cached_tokens"],
  });
}
