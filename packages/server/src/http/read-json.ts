import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";
import { readBody } from "./read-body.ts";

/**
 * Reads a JSON body, compressed with gzip or not, of at most so many bytes after decompression.
 *
 * @throws HttpError 413 where the body is too large, 415 where its encoding is unknown, 400 where it is not JSON
 */
export async function readJson(context: RequestContext, limitBytes: number): Promise<unknown> {
  const body = await readBody(context, limitBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new HttpError(400, "invalid_json", "Request body must be valid JSON.", { cause: error });
  }
}
