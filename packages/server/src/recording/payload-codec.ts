import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress, type ZstdOptions } from "node:zlib";

import { CodedError } from "../coded-error.ts";
import { limitConcurrency } from "./limit-concurrency.ts";
import { PAYLOAD_DICTIONARY } from "./payload-dictionary.ts";

/**
 * How stored text became bytes: the low half of their first byte. New codecs get new numbers, so that old rows stay
 * readable for as long as they are kept. The figures behind the choice: docs/decisions/2026-11-22-messages-stored-once.md.
 *
 * - `plain`: UTF-8.
 * - `zstd`: a Zstandard frame; written by early versions.
 * - `zstdDictionary1`: a Zstandard frame without its magic number, compressed with the first dictionary.
 */
const CODEC = { plain: 0, zstd: 1, zstdDictionary1: 2 } as const;

/** The rest of the first byte is the caller's. */
const CODEC_BITS = 0x0f;

/** A frame is the smallest thing that a dictionary can make of a text; below this, the text itself is smaller. */
const COMPRESS_FROM_BYTES = 24;

/** Level 9 saves another 1 % for a third more time, and level 3 costs 14 % more bytes. */
const LEVEL = 6;

/** Every frame starts with these four bytes, which therefore need not be stored. */
const MAGIC_NUMBER = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);

/** No recorded part is larger than an ingest body, so more than this is damage and not data. */
export const DECODED_BYTES_MAX = 64 * 1024 * 1024;

/** As many as there are threads for it. Each takes megabytes, and hundreds at once cost several times the time of a few. */
const AT_ONCE = 4;

const compress = limitConcurrency(AT_ONCE, promisify<Buffer, ZstdOptions, Buffer>(zstdCompress));
const decompress = limitConcurrency(AT_ONCE, promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress));

const PARAMETERS = {
  [constants.ZSTD_c_compressionLevel]: LEVEL,
  // The codec says which dictionary, and the row how long it is: the frame need not.
  [constants.ZSTD_c_dictIDFlag]: 0,
  [constants.ZSTD_c_contentSizeFlag]: 0,
};

/**
 * Encodes a text for storage; compression runs off the main thread.
 *
 * @param flags of the caller, in the high half of the first byte
 */
export async function encodeText(text: string, flags = 0): Promise<Buffer> {
  const bytes = Buffer.from(text);
  if (bytes.length >= COMPRESS_FROM_BYTES) {
    const frame = await compress(bytes, {
      params: PARAMETERS,
      dictionary: PAYLOAD_DICTIONARY,
      // Its tables are as large as the text needs, and not as the largest text would.
      pledgedSrcSize: bytes.length,
    });
    const packed = frame.subarray(MAGIC_NUMBER.length);
    if (packed.length < bytes.length) return Buffer.concat([Buffer.of(CODEC.zstdDictionary1 | flags), packed]);
  }
  return Buffer.concat([Buffer.of(CODEC.plain | flags), bytes]);
}

/** @throws CodedError `malformed`, or an error of the decompressor, where the bytes are damaged */
export async function decodeText(stored: Buffer): Promise<string> {
  const [first] = stored;
  if (first === undefined) throw new CodedError("malformed", "the stored payload is empty");
  const body = stored.subarray(1);
  switch (first & CODEC_BITS) {
    case CODEC.plain:
      return body.toString("utf8");
    case CODEC.zstd:
      return (await decompress(body, { maxOutputLength: DECODED_BYTES_MAX })).toString("utf8");
    case CODEC.zstdDictionary1: {
      const options = { maxOutputLength: DECODED_BYTES_MAX, dictionary: PAYLOAD_DICTIONARY };
      return (await decompress(Buffer.concat([MAGIC_NUMBER, body]), options)).toString("utf8");
    }
    default:
      throw new CodedError("malformed", `unknown payload codec ${first & CODEC_BITS}`);
  }
}
