import { type NormalizedError, truncateCharacters } from "@shelflife/api-contract";

/** Normalises whatever was thrown. Never throws, even where the error's own fields do. */
export function normalizeError(error: unknown): NormalizedError {
  const cause = lastOfRetries(error);
  const name = readField(cause, "name");
  const message = typeof cause === "string" ? cause : readField(cause, "message");
  const statusCode = readField(cause, "statusCode");
  const retryable = readField(cause, "isRetryable");
  return {
    ...(typeof name === "string" && { name }),
    message: truncateCharacters(typeof message === "string" ? message : "The error does not say what went wrong."),
    ...(typeof statusCode === "number" && Number.isInteger(statusCode) && { status_code: statusCode }),
    ...(typeof retryable === "boolean" && { retryable }),
  };
}

/** The AI SDK wraps the errors of several tries; the last one is what the call ended with. */
export function lastOfRetries(error: unknown): unknown {
  return readField(error, "lastError") ?? error;
}

const ABORT_NAMES = ["AbortError", "TimeoutError", "ResponseAborted", "APIUserAbortError"];

/** Whether a call ended because somebody ended it: the user, the application or its time limit. */
export function isAbort(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth += 1) {
    // The libraries of OpenAI and Anthropic give their errors no names of their own.
    const names = [readField(current, "name"), readField(readField(current, "constructor"), "name")];
    if (names.some((name) => typeof name === "string" && ABORT_NAMES.includes(name))) return true;
    current = readField(current, "cause");
  }
  return false;
}

/**
 * Whether a provider says of its stream that it ended without the finish part. That makes the call interrupted, whether
 * a provider makes up a finish part or an error; only its message tells this error from an answer that makes no sense.
 */
export function isBrokenOff(error: unknown): boolean {
  const message = readField(error, "message");
  return (
    readField(error, "name") === "AI_InvalidResponseDataError" &&
    typeof message === "string" &&
    message.includes("without a finish reason")
  );
}

/** Reads a field of anything. */
export function readField(owner: unknown, field: string): unknown {
  try {
    const hasFields = (typeof owner === "object" && owner !== null) || typeof owner === "function";
    return hasFields ? Reflect.get(owner, field) : undefined;
  } catch {
    return undefined;
  }
}
