import { errorBodySchema } from "@shelflife/api-contract";

import { ShelflifeError } from "./shelflife-error.ts";

/** What a schema of the contract offers; spelled out so that this package needs no dependency on the schema library. */
export interface AnswerSchema<Answer> {
  safeParse(value: unknown): { success: true; data: Answer } | { success: false };
}

/**
 * Reads a successful answer's JSON body.
 *
 * @throws {ShelflifeError} `unexpected_response` where the body is not what the contract says.
 */
export async function readAnswer<Answer>(response: Response, schema: AnswerSchema<Answer>): Promise<Answer> {
  const parsed = schema.safeParse(await readJson(response));
  if (parsed.success) return parsed.data;
  throw new ShelflifeError({
    code: "unexpected_response",
    status: response.status,
    message: "The server's answer does not have the shape that the API promises.",
  });
}

/** Turns an answer that is not a success into an error. */
export async function readError(response: Response): Promise<ShelflifeError> {
  const retryAfterMs = readRetryAfter(response.headers.get("Retry-After"), Date.now());
  const body = errorBodySchema.safeParse(await readJson(response));
  if (body.success) return new ShelflifeError({ ...body.data, status: response.status, retryAfterMs });
  return new ShelflifeError({
    code: "unexpected_response",
    status: response.status,
    message: `The server answered ${response.status} without saying why.`,
    retryAfterMs,
  });
}

/** `Retry-After` comes in seconds or as a date; anything else is as good as absent. */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const delay = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isFinite(delay) ? Math.max(0, delay) : undefined;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
