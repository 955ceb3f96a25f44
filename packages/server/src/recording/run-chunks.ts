import { CodedError } from "../coded-error.ts";
import { readChunkBlocks, readChunkIndex } from "../store/chunk-index.ts";
import { digestOf } from "./cut-payload.ts";
import { decodeText, DECODED_BYTES_MAX } from "./payload-codec.ts";
import { expandTemplate, referencedChunks } from "./payload-template.ts";

/** The chunks that one step contributed, as they are stored. */
export interface StoredChunks {
  readonly chunks: Buffer | null;
  readonly chunk_index: Buffer | null;
}

/** Chunks that were written together. */
interface Block {
  readonly first: number;
  readonly digests: readonly string[];
  readonly stored: Buffer;
  /** Their rendered templates, once they were decoded. */
  texts?: Promise<readonly string[]>;
}

interface StoredChunk {
  readonly block: Block;
  readonly position: number;
}

/** The chunks of a run. What is damaged is missing, and only who needs it is told. */
export class RunChunks {
  readonly #stored = new Map<number, StoredChunk>();
  /** Full texts, by number. */
  readonly #texts = new Map<number, string>();

  constructor(rows: Iterable<StoredChunks>) {
    for (const { chunks, chunk_index } of rows) {
      if (chunks !== null && chunk_index !== null) this.#add(chunks, chunk_index);
    }
  }

  /**
   * The JSON text that a rendered template stands for. Only the blocks that it needs are decoded.
   *
   * @throws CodedError `malformed`, or an error of the decompressor, where a chunk that it needs is missing or damaged
   */
  async expand(rendered: string): Promise<string> {
    await this.#load(rendered, 0);
    let length = rendered.length;
    return expandTemplate(rendered, (number) => {
      const text = this.#texts.get(number) ?? missing(number);
      length += text.length;
      if (length > DECODED_BYTES_MAX)
        throw new CodedError("malformed", "the payload is larger than any that is recorded");
      return text;
    });
  }

  #add(chunks: Buffer, chunkIndex: Buffer): void {
    try {
      const blocks = readChunkBlocks(chunks);
      readChunkIndex(chunkIndex).forEach((range, index) => {
        const stored = blocks[index];
        if (stored === undefined) return;
        const block: Block = { ...range, stored };
        range.digests.forEach((_, position) => this.#stored.set(range.first + position, { block, position }));
      });
    } catch {
      // Whoever refers to one of them will find it missing.
    }
  }

  /** Chunks hold chunks, such as a message its long texts, but not without end. */
  async #load(rendered: string, depth: number): Promise<void> {
    if (depth > 4) throw new CodedError("malformed", "chunks refer to one another in a circle");
    for (const number of referencedChunks(rendered)) {
      if (this.#texts.has(number)) continue;
      const { block, position } = this.#stored.get(number) ?? missing(number);
      const text = (await textsOf(block))[position] ?? missing(number);
      await this.#load(text, depth + 1);
      const full = expandTemplate(text, (inner) => this.#texts.get(inner) ?? missing(inner));
      if (digestOf(full) !== block.digests[position]) throw new CodedError("malformed", `chunk ${number} is damaged`);
      this.#texts.set(number, full);
    }
  }
}

function textsOf(block: Block): Promise<readonly string[]> {
  block.texts ??= decodeText(block.stored).then((text) => text.split("\n"));
  return block.texts;
}

function missing(number: number): never {
  throw new CodedError("malformed", `chunk ${number} is missing`);
}
