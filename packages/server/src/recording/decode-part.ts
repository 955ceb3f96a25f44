import { crc32 } from "node:zlib";

import type { MalformedPayload } from "@shelflife/api-contract";

import { CodedError } from "../coded-error.ts";
import { malformed } from "./malformed-payload.ts";
import { decodeText } from "./payload-codec.ts";
import type { RunChunks } from "./run-chunks.ts";
import { TEMPLATE_FLAG } from "./step-payload.ts";

type Shape = "object" | "array";

/**
 * Decodes a stored part. One that is damaged, refers to a chunk that is, or has not the expected shape, is answered wrapped
 * and never thrown: a reader must see the rest of the run.
 */
export async function decodePart<T>(stored: Buffer, shape: Shape, chunks: RunChunks): Promise<T | MalformedPayload> {
  let text: string | undefined;
  try {
    const isTemplate = ((stored[0] ?? 0) & TEMPLATE_FLAG) !== 0;
    text = await decodeText(isTemplate ? withoutChecksum(stored) : stored);
    if (isTemplate) {
      const full = await chunks.expand(text);
      // Without it, a part whose chunks were mixed up would be read as something that nobody recorded.
      if (crc32(full) !== stored.readUInt32LE(1)) throw new CodedError("malformed", "the checksum does not match");
      text = full;
    }
    const value: unknown = JSON.parse(text);
    const found = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    if (found !== shape) throw new CodedError("malformed", `expected an ${shape}, found ${found}`);
    return value as T;
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error), text ?? stored.toString("base64"));
  }
}

function withoutChecksum(stored: Buffer): Buffer {
  if (stored.length < 5) throw new CodedError("malformed", "the stored payload ends early");
  return Buffer.concat([stored.subarray(0, 1), stored.subarray(5)]);
}
