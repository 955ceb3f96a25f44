import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import type { WireStream } from "./wire-format.ts";

/** Which field of an item each kind of piece belongs to. */
const PIECES: Readonly<Record<string, string>> = {
  "response.function_call_arguments.delta": "arguments",
  "response.mcp_call_arguments.delta": "arguments",
  "response.custom_tool_call_input.delta": "input",
  "response.code_interpreter_call_code.delta": "code",
};

/** Parts of an item that come in pieces: where they lie in it, and what they are. */
const PARTS: Readonly<Record<string, { list: string; type: string; text: string }>> = {
  "response.output_text.delta": { list: "content", type: "output_text", text: "text" },
  "response.refusal.delta": { list: "content", type: "refusal", text: "refusal" },
  "response.reasoning_summary_text.delta": { list: "summary", type: "summary_text", text: "text" },
  "response.reasoning_text.delta": { list: "content", type: "reasoning_text", text: "text" },
};

const LAST_EVENTS = ["response.completed", "response.incomplete", "response.failed"];

/** Puts the events of a streamed response together; its last event brings it whole. */
export class OpenaiResponsesStream implements WireStream {
  #response: JsonObject = {};
  readonly #items = new Map<Json, Record<string, Json>>();
  #error: JsonObject | undefined;
  finished = false;

  take(event: JsonObject): void {
    const type = textOf(event, "type") ?? "";
    const { response, item } = event;
    if (isJsonObject(response)) this.#response = response;
    if (LAST_EVENTS.includes(type)) this.finished = true;
    else if (type === "error") this.#error = isJsonObject(event["error"]) ? event["error"] : event;
    else if (/^response\.output_item\.(?:added|done)$/.test(type) && isJsonObject(item)) {
      this.#items.set(event["output_index"] ?? 0, { ...item });
    } else this.#takePiece(type, event);
  }

  body(): JsonObject {
    const whole = this.finished && Array.isArray(this.#response["output"]);
    const output = whole ? arrayOf(this.#response["output"]) : [...this.#items.values()];
    return { ...this.#response, output, ...(this.#error && { error: this.#error }) };
  }

  #takePiece(type: string, event: JsonObject): void {
    const delta = textOf(event, "delta");
    const item = this.#items.get(event["output_index"] ?? 0);
    if (delta === undefined || item === undefined) return;
    const field = PIECES[type];
    if (field !== undefined) item[field] = (textOf(item, field) ?? "") + delta;
    const part = PARTS[type];
    if (part === undefined) return;
    const list = [...arrayOf(item[part.list])];
    const index = Number(event["content_index"] ?? event["summary_index"] ?? 0);
    if (!Number.isInteger(index) || index < 0 || index > list.length) return;
    const before = list[index];
    const text = isJsonObject(before) ? (textOf(before, part.text) ?? "") : "";
    list[index] = { type: part.type, [part.text]: text + delta };
    item[part.list] = list;
  }
}
