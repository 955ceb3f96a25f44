import type { NormalizedMessage, NormalizedPart, NormalizedResponse } from "@shelflife/api-contract";

import { withoutFileBytes } from "../file-bytes.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import { finishReason } from "./finish-reason.ts";
import { OpenaiChatStream } from "./openai-chat-stream.ts";
import type { WireFormat } from "./wire-format.ts";
import { wireOptions } from "./wire-options.ts";
import { toolCall, wireParts } from "./wire-part.ts";
import { wireTool } from "./wire-tool.ts";
import { objectIn, wireUsage } from "./wire-usage.ts";

const OPTIONS = {
  max_tokens: "max_output_tokens",
  max_completion_tokens: "max_output_tokens",
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  presence_penalty: "presence_penalty",
  frequency_penalty: "frequency_penalty",
  stop: "stop_sequences",
  seed: "seed",
  reasoning_effort: "reasoning",
};

/** OpenAI's chat completions, which many providers have taken over. */
export const openaiChat: WireFormat = {
  name: "openai.chat",
  readRequest: (body) => ({
    messages: arrayOf(body["messages"]).flatMap(readMessage),
    tools: arrayOf(body["tools"]).flatMap(wireTool),
    ...wireOptions(body, OPTIONS),
  }),
  readResponse,
  openStream: () => new OpenaiChatStream(),
};

function readResponse(body: JsonObject): NormalizedResponse {
  const choices = arrayOf(body["choices"]).filter(isJsonObject);
  return {
    content: choices.flatMap((choice) => answerParts(objectIn(choice, "message"))),
    finish_reason: finishReason(choices[0]?.["finish_reason"]),
    usage: readUsage(objectIn(body, "usage")),
    warnings: [],
  };
}

function readMessage(message: Json): NormalizedMessage[] {
  if (!isJsonObject(message)) return [];
  const role = textOf(message, "role");
  switch (role) {
    case "developer":
    case "system":
      return [{ role: "system", parts: wireParts(message["content"]) }];
    case "assistant":
      return [{ role, parts: answerParts(message) }];
    case "tool":
    case "function":
      return [{ role: "tool", parts: [toolResult(message)] }];
    default:
      return [{ role: "user", parts: wireParts(message["content"]) }];
  }
}

/** Reasoning comes first, whatever its field is called, then the answer, then the calls of tools. */
function answerParts(message: JsonObject): NormalizedPart[] {
  const reasoning = textOf(message, "reasoning_content") ?? textOf(message, "reasoning") ?? "";
  const refusal = textOf(message, "refusal") ?? "";
  return [
    ...(reasoning === "" ? [] : [{ type: "reasoning", text: reasoning }]),
    ...wireParts(message["content"]),
    ...(refusal === "" ? [] : [{ type: "refusal", text: refusal }]),
    ...arrayOf(message["tool_calls"]).filter(isJsonObject).map(readToolCall),
  ];
}

/** The name and the arguments lie one level deeper than the id. */
function readToolCall(call: JsonObject): NormalizedPart {
  return toolCall({ ...objectIn(call, "function"), ...objectIn(call, "custom"), id: call["id"] ?? null });
}

function toolResult(message: JsonObject): NormalizedPart {
  const id = textOf(message, "tool_call_id");
  const name = textOf(message, "name");
  return {
    type: "tool-result",
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { tool_name: name }),
    result: withoutFileBytes(message["content"] ?? null),
  };
}

function readUsage(usage: JsonObject) {
  const input = objectIn(usage, "prompt_tokens_details");
  const output = objectIn(usage, "completion_tokens_details");
  return wireUsage({
    input_tokens: usage["prompt_tokens"],
    output_tokens: usage["completion_tokens"],
    total_tokens: usage["total_tokens"],
    reasoning_tokens: output["reasoning_tokens"],
    cache_creation_tokens: input["cache_write_tokens"],
    cache_read_tokens: input["cached_tokens"] ?? usage["prompt_cache_hit_tokens"],
  });
}
