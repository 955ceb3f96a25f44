import type { NormalizedMessage, NormalizedResponse } from "@shelflife/api-contract";

import { type Json, type JsonObject, arrayOf, isJsonObject } from "../snapshot.ts";
import { AnthropicMessagesStream } from "./anthropic-messages-stream.ts";
import { finishReason } from "./finish-reason.ts";
import type { WireFormat } from "./wire-format.ts";
import { wireOptions } from "./wire-options.ts";
import { wireParts } from "./wire-part.ts";
import { wireTool } from "./wire-tool.ts";
import { objectIn, sumOfCounts, wireUsage } from "./wire-usage.ts";

const OPTIONS = {
  max_tokens: "max_output_tokens",
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  stop_sequences: "stop_sequences",
  thinking: "reasoning",
};

/** Anthropic's messages. */
export const anthropicMessages: WireFormat = {
  name: "anthropic.messages",
  readRequest: (body) => ({
    messages: [...system(body["system"]), ...arrayOf(body["messages"]).flatMap(readMessage)],
    tools: arrayOf(body["tools"]).flatMap(wireTool),
    ...wireOptions(body, OPTIONS),
  }),
  readResponse,
  openStream: () => new AnthropicMessagesStream(),
};

function readResponse(body: JsonObject): NormalizedResponse {
  return {
    content: wireParts(body["content"]),
    finish_reason: finishReason(body["stop_reason"]),
    usage: readUsage(objectIn(body, "usage")),
    warnings: [],
  };
}

function system(given: Json | undefined): NormalizedMessage[] {
  const parts = wireParts(given);
  return parts.length === 0 ? [] : [{ role: "system", parts }];
}

/** Results of tools travel in messages of the user, who did not write them. */
function readMessage(message: Json): NormalizedMessage[] {
  if (!isJsonObject(message)) return [];
  const parts = wireParts(message["content"]);
  if (message["role"] === "assistant") return [{ role: "assistant", parts }];
  if (message["role"] === "system") return [{ role: "system", parts }];
  const results = parts.filter(({ type }) => type === "tool-result" || type === "tool-error");
  const own = parts.filter((part) => !results.includes(part));
  return [
    ...(results.length > 0 ? [{ role: "tool" as const, parts: results }] : []),
    ...(own.length > 0 || results.length === 0 ? [{ role: "user" as const, parts: own }] : []),
  ];
}

/** Anthropic counts what it took from its cache and what it put there beside the other input. */
function readUsage(usage: JsonObject) {
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  const input = sumOfCounts(input_tokens, cache_creation_input_tokens, cache_read_input_tokens);
  return wireUsage({
    input_tokens: input,
    output_tokens,
    total_tokens: sumOfCounts(input, output_tokens),
    reasoning_tokens: objectIn(usage, "output_tokens_details")["thinking_tokens"],
    cache_creation_tokens: cache_creation_input_tokens,
    cache_read_tokens: cache_read_input_tokens,
  });
}
