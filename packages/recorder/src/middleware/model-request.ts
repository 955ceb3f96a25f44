import type { Visibility } from "../attempt-recording.ts";
import { embeddedMessages } from "../embedding-content.ts";
import { finishReasonOf, fromModelContent } from "../model-content.ts";
import { readField } from "../normalize-error.ts";
import { OPTION_FIELDS, countProviderOptions } from "../normalize-request.ts";
import { type Json, type JsonObject, isJsonObject, snapshot, textOf } from "../snapshot.ts";

/** Copies what a model is called with, as a middleware of the AI SDK 5, 6 or 7 sees it. */
export function copyCall(params: unknown, { inputs }: Visibility): JsonObject {
  const settings = Object.fromEntries(OPTION_FIELDS.map((field) => [field, readField(params, field)]));
  const { responseFormat, ...options } = snapshot(settings) as JsonObject;
  const isText = responseFormat === undefined || (isJsonObject(responseFormat) && responseFormat["type"] === "text");
  return {
    ...options,
    ...(inputs && {
      messages: snapshot(readField(params, "prompt")),
      tools: snapshot(readField(params, "tools")),
      ...(!isText && { responseFormat }),
    }),
    toolChoice: toolChoiceOf(snapshot(readField(params, "toolChoice"))),
    providerOptionCount: countProviderOptions(readField(params, "providerOptions")),
  };
}

/** Copies what an embedding model is called with, as a middleware of the AI SDK 6 or 7 sees it. */
export function copyEmbedding(params: unknown, { inputs }: Visibility): JsonObject {
  return {
    messages: inputs ? embeddedMessages(readField(params, "values")) : [],
    providerOptionCount: countProviderOptions(readField(params, "providerOptions")),
  };
}

/**
 * As the application says it: a word, unless it is one tool by name. `auto` is what the AI SDK says where the application
 * says nothing.
 */
function toolChoiceOf(choice: Json): Json {
  if (!isJsonObject(choice) || choice["type"] === "tool") return choice;
  const word = textOf(choice, "type");
  return word === undefined || word === "auto" ? null : word;
}

/** Copies what a model has answered in one piece. */
export function copyAnswer(result: unknown, { outputs }: Visibility): JsonObject {
  const content = readField(result, "content");
  return {
    content: outputs && Array.isArray(content) ? content.map(fromModelContent) : [],
    finishReason: finishReasonOf(readField(result, "finishReason")),
    usage: snapshot(readField(result, "usage")),
    warnings: snapshot(readField(result, "warnings")),
  };
}

/** The calls of the application's own tools in an answer: what gives their results asks the model again. */
export function toolCallIds(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    const isOwn = readField(part, "type") === "tool-call" && readField(part, "providerExecuted") !== true;
    const id = isOwn ? readField(part, "toolCallId") : undefined;
    return typeof id === "string" ? [id] : [];
  });
}

/** The results at the end of a prompt, which nobody has answered yet: those of the call before this one. */
export function newToolResults(params: unknown): unknown[] {
  const prompt = readField(params, "prompt");
  if (!Array.isArray(prompt)) return [];
  const last = prompt.findLastIndex((message) => readField(message, "role") !== "tool");
  return prompt.slice(last + 1).flatMap((message: unknown) => {
    const content = readField(message, "content");
    return Array.isArray(content) ? content.filter((part) => readField(part, "type") === "tool-result") : [];
  });
}
