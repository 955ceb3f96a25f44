import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

import type { MalformedPayload } from "@shelflife/api-contract";
import { z } from "zod";

import { CodedError } from "../coded-error.ts";

/**
 * How a stored payload part is encoded: its first byte. New codecs get new numbers, so that old rows stay readable for as
 * long as they are kept.
 */
const CODEC = { plain: 0, zstd: 1 } as const;

/** Below this many bytes compression costs more than it saves. */
const COMPRESS_FROM_BYTES = 128;

/** No recorded part is larger than an ingest body, so more than this is damage and not data. */
const DECODED_BYTES_MAX = 64 * 1024 * 1024;

const RAW_CHARACTERS_SHOWN = 2_000;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Encodes a JSON value for storage; compression runs off the main thread. */
export async function encodePayload(value: unknown): Promise<Buffer> {
  const json = Buffer.from(JSON.stringify(value));
  if (json.length < COMPRESS_FROM_BYTES) return Buffer.concat([Buffer.of(CODEC.plain), json]);
  const packed = await compress(json, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return Buffer.concat([Buffer.of(CODEC.zstd), packed]);
}

type Shape = "object" | "array";

/**
 * Decodes a stored part. One that is damaged, or has not the expected shape, is answered wrapped and never thrown: a
 * reader must see the rest of the run.
 */
export async function decodePayload<T>(stored: Buffer, shape: Shape): Promise<T | MalformedPayload> {
  let text: string | undefined;
  try {
    text = await decodeText(stored);
    const value: unknown = JSON.parse(text);
    const found = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    if (found !== shape) throw new CodedError("malformed", `expected an ${shape}, found ${found}`);
    return value as T;
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error), text ?? stored.toString("base64"));
  }
}

/** A part that is stored as JSON by itself, answered in the same way where it has not the expected shape. */
export function checkShape<T extends object>(value: unknown, schema: z.ZodType<T>): T | MalformedPayload {
  const parsed = schema.safeParse(value);
  if (parsed.success) return value as T;
  return malformed(z.prettifyError(parsed.error), JSON.stringify(value));
}

function malformed(parseError: string, raw: string): MalformedPayload {
  return {
    error: "malformed debug payload",
    parse_error: parseError.slice(0, RAW_CHARACTERS_SHOWN),
    raw: raw.slice(0, RAW_CHARACTERS_SHOWN),
  };
}

async function decodeText(stored: Buffer): Promise<string> {
  const codec = stored[0];
  const body = stored.subarray(1);
  if (codec === CODEC.plain) return body.toString("utf8");
  if (codec === CODEC.zstd) return (await decompress(body, { maxOutputLength: DECODED_BYTES_MAX })).toString("utf8");
  throw new CodedError("malformed", `unknown payload codec ${codec ?? "of an empty payload"}`);
}
