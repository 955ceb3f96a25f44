import { gatherList, isRecord, jsonOf, listOf, numberOf, parsed, textOf } from "../attribute-values.ts";
import type { ModelCall } from "../model-call.ts";
import { normalizeMessages, normalizeTools, partsOf } from "../normalize-message.ts";
import type { Attributes, Span } from "../span.ts";

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  max_output_tokens: ["max_output_tokens", "max_completion_tokens", "max_tokens"],
  temperature: ["temperature"],
  top_p: ["top_p"],
  top_k: ["top_k"],
  presence_penalty: ["presence_penalty"],
  frequency_penalty: ["frequency_penalty"],
  stop_sequences: ["stop", "stop_sequences"],
  seed: ["seed"],
};

/** OpenInference, which Arize Phoenix and others write. */
export function readOpenInference({ attributes }: Span): ModelCall {
  const invocation = jsonOf(attributes, "llm.invocation_parameters");
  const parameters = isRecord(invocation) ? invocation : {};
  const inputs = gatherList(attributes, "llm.input_messages");
  const outputs = gatherList(attributes, "llm.output_messages");
  return {
    provider: textOf(attributes, "llm.provider", "llm.system"),
    model: textOf(attributes, "llm.request.model_name", "llm.model_name", "embedding.model_name"),
    operation: typeof parameters["stream"] === "boolean" ? (parameters["stream"] ? "stream" : "generate") : undefined,
    messages: inputs === undefined ? inputValue(attributes) : inputs.flatMap((message) => messagesOf(message)),
    tools: normalizeTools(gatherList(attributes, "llm.tools")?.map((entry) => member(entry, "tool", "json_schema"))),
    toolChoice: parameters["tool_choice"],
    options: readOptions(parameters),
    content:
      outputs === undefined ? outputValue(attributes) : outputs.flatMap((message) => partsOf(flatMessage(message))),
    finishReason: textOf(attributes, "llm.finish_reason"),
    usage: {
      input_tokens: numberOf(attributes, "llm.token_count.prompt"),
      output_tokens: numberOf(attributes, "llm.token_count.completion"),
      total_tokens: numberOf(attributes, "llm.token_count.total"),
      reasoning_tokens: numberOf(attributes, "llm.token_count.completion_details.reasoning"),
      cache_creation_tokens: numberOf(attributes, "llm.token_count.prompt_details.cache_write"),
      cache_read_tokens: numberOf(attributes, "llm.token_count.prompt_details.cache_read"),
    },
    responseModel: textOf(attributes, "llm.response.model_name"),
  };
}

function readOptions(parameters: Record<string, unknown>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, fields] of Object.entries(OPTIONS)) {
    const value = fields.map((field) => parameters[field]).find((given) => given !== undefined && given !== null);
    if (value !== undefined) options[name] = value;
  }
  return options;
}

function messagesOf(entry: unknown): ReturnType<typeof normalizeMessages> {
  return normalizeMessages([flatMessage(entry)], "user");
}

/** A message without the names that OpenInference repeats at every level. */
function flatMessage(entry: unknown): Record<string, unknown> {
  const message = isRecord(entry) && isRecord(entry["message"]) ? entry["message"] : {};
  const contents = listOf(message["contents"]).map((part) => flatContent(member(part, "message_content")));
  const content = message["content"];
  return {
    ...message,
    content:
      contents.length > 0
        ? [...(typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : []), ...contents]
        : content,
    contents: undefined,
    tool_calls: listOf(message["tool_calls"]).map((call) => member(call, "tool_call")),
    function_call: undefined,
  };
}

function flatContent(content: unknown): unknown {
  if (!isRecord(content)) return content;
  const image = member(content["image"], "image");
  return { ...content, ...(isRecord(image) && { image }) };
}

function member(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((owner, name) => (isRecord(owner) ? owner[name] : undefined), value);
}

/** Without messages of its own a span may hold the request's body, or its text. */
function inputValue(attributes: Attributes): ModelCall["messages"] {
  const texts = (gatherList(attributes, "llm.prompts") ?? gatherList(attributes, "embedding.embeddings") ?? []).flatMap(
    (entry) => member(entry, "prompt", "text") ?? member(entry, "embedding", "text") ?? [],
  );
  if (texts.length > 0) return texts.flatMap((text) => normalizeMessages([{ content: text }], "user"));
  return normalizeMessages(textOf(attributes, "input.value"), "user");
}

function outputValue(attributes: Attributes): ModelCall["content"] {
  const value = parsed(textOf(attributes, "output.value"));
  if (value === undefined) return undefined;
  const choices = isRecord(value) && Array.isArray(value["choices"]) ? value["choices"] : undefined;
  if (choices === undefined)
    return normalizeMessages(
      [{ content: typeof value === "string" ? value : JSON.stringify(value) }],
      "assistant",
    ).flatMap(({ parts }) => parts);
  return choices.flatMap((choice) => {
    const message = member(choice, "message");
    return isRecord(message) ? partsOf(message) : [];
  });
}
