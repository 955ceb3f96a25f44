import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import type { WireStream } from "./wire-format.ts";
import { objectIn } from "./wire-usage.ts";

interface Choice {
  message: Record<string, string>;
  /** Some providers send parts where others send a text. */
  parts: JsonObject[];
  toolCalls: Map<Json, ToolCall>;
  finishReason: Json;
}

interface ToolCall {
  id: Json;
  name: string;
  arguments: string;
}

/** Puts the chunks of a streamed chat completion together. */
export class OpenaiChatStream implements WireStream {
  readonly #choices = new Map<Json, Choice>();
  readonly #head: Record<string, Json> = {};
  finished = false;

  take(event: JsonObject): void {
    for (const field of ["id", "model", "usage", "error"]) {
      const value = event[field];
      if (value !== undefined && value !== null) this.#head[field] = value;
    }
    for (const choice of arrayOf(event["choices"])) if (isJsonObject(choice)) this.#takeChoice(choice);
  }

  body(): JsonObject {
    return { ...this.#head, choices: [...this.#choices.values()].map(choiceBody) };
  }

  #takeChoice(given: JsonObject): void {
    const index = given["index"] ?? 0;
    const choice = this.#choices.get(index) ?? { message: {}, parts: [], toolCalls: new Map(), finishReason: null };
    this.#choices.set(index, choice);
    const reason = given["finish_reason"] ?? null;
    if (reason !== null) {
      choice.finishReason = reason;
      this.finished = true;
    }
    takeDelta(choice, objectIn(given, "delta"));
  }
}

function takeDelta(choice: Choice, delta: JsonObject): void {
  for (const field of ["content", "reasoning_content", "reasoning", "refusal"]) {
    const text = textOf(delta, field);
    if (text !== undefined) choice.message[field] = (choice.message[field] ?? "") + text;
  }
  for (const part of arrayOf(delta["content"])) if (isJsonObject(part)) takePart(choice.parts, part);
  for (const call of arrayOf(delta["tool_calls"])) if (isJsonObject(call)) takeToolCall(choice.toolCalls, call);
}

/** Thoughts come as lists that go on from piece to piece. */
function takePart(parts: JsonObject[], part: JsonObject): void {
  const last = parts.at(-1);
  const goesOn = part["type"] === "thinking" && last?.["type"] === "thinking";
  if (goesOn) parts.splice(-1, 1, { ...last, thinking: [...arrayOf(last["thinking"]), ...arrayOf(part["thinking"])] });
  else parts.push(part);
}

/** The pieces of one call share an index; where a provider gives none, an id opens the next call. */
function takeToolCall(calls: Map<Json, ToolCall>, delta: JsonObject): void {
  const id = delta["id"] ?? null;
  const index = delta["index"] ?? (id === null ? Math.max(0, calls.size - 1) : calls.size);
  const call = calls.get(index) ?? { id, name: "", arguments: "" };
  const described = objectIn(delta, "function");
  call.name ||= textOf(described, "name") ?? "";
  call.arguments += textOf(described, "arguments") ?? "";
  calls.set(index, call);
}

function choiceBody({ message, parts, toolCalls, finishReason }: Choice): JsonObject {
  const text = message["content"] ?? "";
  const content = parts.length === 0 ? text : [...parts, ...(text === "" ? [] : [{ type: "text", text }])];
  const calls = [...toolCalls.values()].map((call) => ({
    id: call.id,
    function: { name: call.name, arguments: call.arguments },
  }));
  return { message: { ...message, content, tool_calls: calls }, finish_reason: finishReason };
}
