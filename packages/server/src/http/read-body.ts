import { Readable, type Transform } from "node:stream";
import { createGunzip } from "node:zlib";

import { codeOf } from "../coded-error.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/**
 * Reads a body, compressed with gzip or not, of at most so many bytes after decompression. What is larger is refused as
 * soon as that is known, and never held in memory whole.
 *
 * @throws HttpError 413 where the body is too large, 415 where its encoding is unknown, 400 where it is damaged
 */
export async function readBody(context: RequestContext, limitBytes: number): Promise<Buffer> {
  const encoding = (context.req.header("Content-Encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new HttpError(415, "unsupported_encoding", "The Content-Encoding must be gzip, or left out.");
  }
  const { body } = context.req.raw;
  if (body === null) return Buffer.alloc(0);
  const source = Readable.fromWeb(body);
  const gunzip: Transform | undefined = encoding === "gzip" ? createGunzip() : undefined;
  // The source's failure must reach whoever reads the decompressed stream.
  if (gunzip !== undefined) source.on("error", (error) => gunzip.destroy(error));
  const stream: Readable = gunzip === undefined ? source : source.pipe(gunzip);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        throw new HttpError(413, "body_too_large", `The body must not exceed ${limitBytes} bytes after decompression.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof HttpError) throw error;
    const isDamaged = codeOf(error)?.startsWith("Z_") === true;
    const message = isDamaged ? "The body is not valid gzip." : "The body ended before it was complete.";
    throw new HttpError(400, "invalid_json", message, { cause: error });
  } finally {
    stream.destroy();
    source.destroy();
  }
}
