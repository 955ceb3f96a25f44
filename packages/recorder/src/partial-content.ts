import { readField } from "./normalize-error.ts";
import type { Json, JsonObject } from "./snapshot.ts";

interface Block {
  type: "text" | "reasoning" | "tool-call";
  name?: string | undefined;
  pieces: string[];
}

/**
 * What a stream has said so far, for the record of one that is cut short. A stream that ends well brings its content
 * whole, and this is thrown away.
 */
export class PartialContent {
  readonly #blocks = new Map<string, Block>();

  add(part: unknown): void {
    const type = readField(part, "type");
    const id = readField(part, "id");
    const delta = readField(part, "delta");
    if (typeof type !== "string" || typeof id !== "string") return;
    if (type === "tool-input-start") this.#block("tool-call", id, readField(part, "toolName"));
    if (typeof delta !== "string") return;
    if (type === "text-delta") this.#block("text", id).pieces.push(delta);
    else if (type === "reasoning-delta") this.#block("reasoning", id).pieces.push(delta);
    else if (type === "tool-input-delta") this.#block("tool-call", id).pieces.push(delta);
  }

  /** The content in the order in which it began. */
  toJson(): Json[] {
    return [...this.#blocks].map(([key, block]): JsonObject => {
      const text = block.pieces.join("");
      if (block.type !== "tool-call") return { type: block.type, text };
      const toolCallId = key.slice(key.indexOf(" ") + 1);
      return { type: "tool-call", toolCallId, ...(block.name !== undefined && { toolName: block.name }), input: text };
    });
  }

  #block(type: Block["type"], id: string, name?: unknown): Block {
    const key = `${type} ${id}`;
    const block = this.#blocks.get(key) ?? { type, pieces: [] };
    if (typeof name === "string") block.name = name;
    this.#blocks.set(key, block);
    return block;
  }
}
