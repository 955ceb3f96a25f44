import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/**
 * Reads a body as it is, of at most so many bytes. What says that it is larger is not read at all, and what turns out to
 * be is read no further.
 *
 * @throws HttpError 413 with this message where the body is too large, 415 where it is encoded, 400 where it breaks off
 */
export async function readBytes(context: RequestContext, limitBytes: number, tooLarge: string): Promise<Buffer> {
  const encoding = (context.req.header("Content-Encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity") {
    throw new HttpError(415, "unsupported_encoding", "The Content-Encoding must be left out.");
  }
  if (Number(context.req.header("Content-Length") ?? 0) > limitBytes) {
    throw new HttpError(413, "body_too_large", tooLarge);
  }
  const reader = context.req.raw.body?.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      bytes += part.value.length;
      if (bytes > limitBytes) throw new HttpError(413, "body_too_large", tooLarge);
      chunks.push(part.value);
    }
  } catch (error) {
    // A stream that has failed cannot be cancelled any more, which is what was wanted.
    await reader?.cancel().catch(() => undefined);
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, "validation_failed", "The body ended before it was complete.", { cause: error });
  }
  return Buffer.concat(chunks);
}
