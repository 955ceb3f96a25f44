import { fromModelContent } from "./model-content.ts";
import { readField } from "./normalize-error.ts";
import type { Json, JsonObject } from "./snapshot.ts";

interface Block {
  type: "text" | "reasoning" | "tool-call";
  name?: string | undefined;
  pieces: string[];
}

/** Parts of a stream that are whole by themselves. */
const WHOLE = new Set([
  "tool-call",
  "tool-result",
  "tool-approval-request",
  "file",
  "reasoning-file",
  "source",
  "custom",
]);

/**
 * What a stream has said so far, in the order in which it began. Texts come in pieces, and so do the arguments of a
 * tool call, until the call itself comes.
 */
export class PartialContent {
  readonly #parts = new Map<string, Block | { whole: Json }>();

  add(part: unknown): void {
    const type = readField(part, "type");
    if (typeof type !== "string") return;
    if (WHOLE.has(type)) return this.#addWhole(type, part);
    const id = readField(part, "id");
    const delta = readField(part, "delta");
    if (typeof id !== "string") return;
    if (type === "tool-input-start") this.#block("tool-call", id, readField(part, "toolName"));
    if (typeof delta !== "string") return;
    if (type === "text-delta") this.#block("text", id).pieces.push(delta);
    else if (type === "reasoning-delta") this.#block("reasoning", id).pieces.push(delta);
    else if (type === "tool-input-delta") this.#block("tool-call", id).pieces.push(delta);
  }

  toJson(): Json[] {
    return [...this.#parts].map(([key, part]): Json => {
      if ("whole" in part) return part.whole;
      const text = part.pieces.join("");
      if (part.type !== "tool-call") return { type: part.type, text };
      const toolCallId = key.slice(key.indexOf(" ") + 1);
      const name: JsonObject = part.name === undefined ? {} : { toolName: part.name };
      return { type: "tool-call", toolCallId, ...name, input: text };
    });
  }

  /** A result that is only a preview is replaced by the next. */
  #addWhole(type: string, part: unknown): void {
    const callId = readField(part, "toolCallId");
    const key = typeof callId === "string" ? `${type} ${callId}` : `${type} ${this.#parts.size}`;
    this.#parts.set(key, { whole: fromModelContent(part) });
  }

  #block(type: Block["type"], id: string, name?: unknown): Block {
    const key = `${type} ${id}`;
    const known = this.#parts.get(key);
    const block: Block = known && "pieces" in known ? known : { type, pieces: [] };
    if (typeof name === "string") block.name = name;
    this.#parts.set(key, block);
    return block;
  }
}
