import { CodedError } from "../../coded-error.ts";

/** How long the reason may be that a decoder gives: it may quote the body. */
const REASON_CHARACTERS = 300;

/** A body that is no OTLP request. The message says what is wrong and what to do, and goes to the sender. */
export function malformedRequest(message: string, cause?: unknown): CodedError {
  return new CodedError("malformed_otlp", message, { cause });
}

/** What a decoder found wrong, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.slice(0, REASON_CHARACTERS).replace(/\.?$/, ".");
}
