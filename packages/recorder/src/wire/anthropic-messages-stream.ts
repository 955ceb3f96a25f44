import { type Json, type JsonObject, arrayOf, isJsonObject, textOf } from "../snapshot.ts";
import type { WireStream } from "./wire-format.ts";
import { objectIn } from "./wire-usage.ts";

/** Which field of a block each kind of delta goes on with. */
const TEXT_DELTAS: Readonly<Record<string, string>> = { text_delta: "text", thinking_delta: "thinking" };

interface Block {
  content: Record<string, Json>;
  /** The input of a tool comes as JSON in pieces. */
  input: string;
}

/** Puts the events of a streamed message together. */
export class AnthropicMessagesStream implements WireStream {
  #message: JsonObject = {};
  readonly #blocks = new Map<Json, Block>();
  #usage: JsonObject = {};
  #stopReason: Json = null;
  #error: Json | undefined;
  finished = false;

  take(event: JsonObject): void {
    switch (event["type"]) {
      case "message_start":
        this.#message = objectIn(event, "message");
        this.#addUsage(objectIn(this.#message, "usage"));
        break;
      case "content_block_start":
        this.#blocks.set(event["index"] ?? 0, { content: { ...objectIn(event, "content_block") }, input: "" });
        break;
      case "content_block_delta":
        this.#takeDelta(this.#blocks.get(event["index"] ?? 0), objectIn(event, "delta"));
        break;
      case "message_delta":
        this.#stopReason = objectIn(event, "delta")["stop_reason"] ?? this.#stopReason;
        this.#addUsage(objectIn(event, "usage"));
        break;
      case "message_stop":
        this.finished = true;
        break;
      case "error":
        this.#error = event["error"] ?? "The provider does not say what went wrong.";
        break;
      default:
    }
  }

  body(): JsonObject {
    return {
      ...this.#message,
      content: [...this.#blocks.values()].map(blockBody),
      stop_reason: this.#stopReason,
      usage: this.#usage,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  /** Later events repeat some counts, with null for those that they leave open. */
  #addUsage(usage: JsonObject): void {
    const known = Object.entries(usage).filter(([, count]) => count !== null);
    this.#usage = { ...this.#usage, ...Object.fromEntries(known) };
  }

  #takeDelta(block: Block | undefined, delta: JsonObject): void {
    if (block === undefined) return;
    block.input += textOf(delta, "partial_json") ?? "";
    const field = TEXT_DELTAS[textOf(delta, "type") ?? ""];
    if (field !== undefined) block.content[field] = (textOf(block.content, field) ?? "") + (textOf(delta, field) ?? "");
    const { citation } = delta;
    if (isJsonObject(citation)) block.content["citations"] = [...arrayOf(block.content["citations"]), citation];
  }
}

function blockBody({ content, input }: Block): JsonObject {
  return input === "" ? content : { ...content, input };
}
