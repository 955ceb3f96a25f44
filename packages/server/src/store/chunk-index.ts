import { CodedError } from "../coded-error.ts";

/** Of each chunk: too long for anybody to make two messages that are taken for one another. */
export const DIGEST_BYTES = 16;

/** Chunks that one write contributed: their numbers follow one another. */
export interface ChunkRange {
  readonly first: number;
  /** In hexadecimal. */
  readonly digests: readonly string[];
}

/** For each range the first number and the count, as variable-length integers, and then the digests. */
export function writeChunkIndex({ first, digests }: ChunkRange): Buffer {
  return Buffer.concat([writeInteger(first), writeInteger(digests.length), Buffer.from(digests.join(""), "hex")]);
}

/** @throws CodedError `malformed` where the bytes are damaged */
export function readChunkIndex(bytes: Buffer): ChunkRange[] {
  const ranges: ChunkRange[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = readInteger(bytes, at);
    const count = readInteger(bytes, first.end);
    const end = count.end + count.value * DIGEST_BYTES;
    if (end > bytes.length) throw new CodedError("malformed", "the chunk index ends early");
    const digests = Array.from({ length: count.value }, (_, index) => {
      const start = count.end + index * DIGEST_BYTES;
      return bytes.toString("hex", start, start + DIGEST_BYTES);
    });
    ranges.push({ first: first.value, digests });
    at = end;
  }
  return ranges;
}

/** Puts the length in front, so that what later writes append can be told apart. */
export function writeChunkBlock(block: Buffer): Buffer {
  return Buffer.concat([writeInteger(block.length), block]);
}

/** @throws CodedError `malformed` where the bytes are damaged */
export function readChunkBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = readInteger(bytes, at);
    at = length.end + length.value;
    if (at > bytes.length) throw new CodedError("malformed", "the chunks end early");
    blocks.push(bytes.subarray(length.end, at));
  }
  return blocks;
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function writeInteger(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function readInteger(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, unit = 1; at < bytes.length && unit < 2 ** 42; at += 1, unit *= 0x80) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new CodedError("malformed", "an integer of the chunk index ends early");
}
