import { hash } from "node:crypto";

import { DIGEST_BYTES } from "../store/chunk-index.ts";
import type { Chunk, ChunkList, Template } from "./payload-template.ts";
import { splitAtElements } from "./split-at-elements.ts";

/**
 * A string from this many characters on is a chunk: a message, a tool's result or a document, which the next requests
 * repeat, and the raw bodies too, whatever shape they put around it. For shorter ones a chunk costs more than it saves.
 */
const STRING_CHARACTERS = 128;

/** A list's element from this many characters of JSON on is a chunk. */
const ELEMENT_CHARACTERS = 64;

/**
 * Cuts a normalised request at the elements of its lists (its messages and its tools), since an agent's every request
 * repeats those of the one before it, and at long strings.
 */
export function cutRequest(request: Record<string, unknown>): Template {
  const writer = new TemplateWriter();
  writer.writeLists(request);
  return writer.template;
}

export function cutResponse(response: unknown): Template {
  return cutValue(response);
}

/** Cuts the raw request bodies of attempts like requests, whether they are objects or JSON texts, whole or truncated. */
export function cutAttempts(attempts: readonly unknown[]): Template {
  const writer = new TemplateWriter();
  writer.writeArray(attempts, (attempt) => {
    if (!isRecord(attempt)) return writer.writeValue(attempt);
    writer.writeMembers(attempt, (name, value) => {
      if (name !== "request_body") writer.writeValue(value);
      else if (isRecord(value)) writer.writeLists(value);
      else if (typeof value === "string") writer.writeBodyText(value);
      else writer.writeValue(value);
    });
  });
  return writer.template;
}

function cutValue(value: unknown): Template {
  const writer = new TemplateWriter();
  writer.writeValue(value);
  return writer.template;
}

/** Writes what `JSON.stringify` would write, with chunks in place of what is stored once. */
class TemplateWriter {
  readonly #pieces: (string | ChunkList | { readonly textOf: Template })[] = [];
  #text = "";

  get template(): Template {
    if (this.#text !== "") this.#pieces.push(this.#text);
    this.#text = "";
    return this.#pieces;
  }

  writeValue(value: unknown): void {
    if (typeof value === "string") {
      const literal = JSON.stringify(value);
      if (value.length < STRING_CHARACTERS) this.#text += literal;
      else this.#writePiece([chunkOf(literal, () => [literal])]);
    } else if (Array.isArray(value)) {
      this.writeArray(value, (element) => this.writeValue(element));
    } else if (isRecord(value)) {
      this.writeMembers(value, (_, member) => this.writeValue(member));
    } else {
      this.#text += JSON.stringify(value) ?? "null";
    }
  }

  writeArray(array: readonly unknown[], write: (element: unknown) => void): void {
    this.#text += "[";
    array.forEach((element, index) => {
      if (index > 0) this.#text += ",";
      write(element);
    });
    this.#text += "]";
  }

  writeMembers(record: Record<string, unknown>, write: (name: string, value: unknown) => void): void {
    let separator = "{";
    for (const [name, value] of Object.entries(record)) {
      if (value === undefined) continue;
      this.#text += `${separator}${JSON.stringify(name)}:`;
      separator = ",";
      write(name, value);
    }
    this.#text += separator === "{" ? "{}" : "}";
  }

  /** A record whose lists are cut at their elements. */
  writeLists(record: Record<string, unknown>): void {
    this.writeMembers(record, (_, value) => {
      if (Array.isArray(value)) this.#writeList(value);
      else this.writeValue(value);
    });
  }

  /** A string that holds JSON, or the beginning of it. */
  writeBodyText(body: string): void {
    const pieces = splitAtElements(body, ELEMENT_CHARACTERS);
    if (pieces === undefined) return this.writeValue(body);
    const template = pieces.map((piece) =>
      typeof piece === "string" ? piece : piece.map((element) => chunkOf(element, () => [element])),
    );
    this.#writePiece({ textOf: template });
  }

  #writeList(list: readonly unknown[]): void {
    this.#text += "[";
    let chunks: Chunk[] = [];
    const endChunks = (): void => {
      if (chunks.length > 0) this.#writePiece(chunks);
      chunks = [];
    };
    list.forEach((element, index) => {
      const text = JSON.stringify(element) ?? "null";
      const isLong = text.length >= ELEMENT_CHARACTERS;
      if (!isLong) endChunks();
      if (index > 0 && chunks.length === 0) this.#text += ",";
      // A string by itself has nothing in it to cut out: it would be a chunk that holds itself.
      if (isLong) chunks.push(chunkOf(text, () => (typeof element === "string" ? [text] : cutValue(element))));
      else this.#text += text;
    });
    endChunks();
    this.#text += "]";
  }

  #writePiece(piece: ChunkList | { readonly textOf: Template }): void {
    if (this.#text !== "") this.#pieces.push(this.#text);
    this.#text = "";
    this.#pieces.push(piece);
  }
}

function chunkOf(text: string, cut: () => Template): Chunk {
  return { digest: digestOf(text), text, cut };
}

/** What tells chunks apart, in hexadecimal. */
export function digestOf(text: string): string {
  return hash("sha256", text).slice(0, 2 * DIGEST_BYTES);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
