import type { NormalizedError } from "@shelflife/api-contract";

import { isAbort, normalizeError, readField } from "../normalize-error.ts";

/** Under this symbol LangChain marks the errors of providers' libraries. */
const RETRYABLE = Symbol.for("langchain.errors.retryable");

/** Providers' libraries throw errors whose class says what went wrong, and whose name does not. */
export function normalizeModelError(error: unknown): NormalizedError {
  const normalized = normalizeError(error);
  const name = nameOf(error) ?? normalized.name;
  const status = readField(error, "status");
  const retryable = readMark(error);
  return {
    ...normalized,
    ...(name !== undefined && { name }),
    ...(typeof status === "number" && Number.isInteger(status) && { status_code: status }),
    ...(typeof retryable === "boolean" && { retryable }),
  };
}

/** Whether the application ended the call, or its time limit did. LangChain may say so in the message and nowhere else. */
export function wasAborted(error: unknown): boolean {
  const message = readField(error, "message");
  return (
    isAbort(error) ||
    /Abort/.test(nameOf(error) ?? "") ||
    (typeof message === "string" && /^(?:AbortError|Aborted$|Cancel)/.test(message))
  );
}

function nameOf(error: unknown): string | undefined {
  const own = readField(error, "name");
  if (typeof own === "string" && own !== "Error") return own;
  const constructor = readField(error, "constructor");
  const className = typeof constructor === "function" ? constructor.name : undefined;
  return typeof className === "string" && className !== "Error" && className !== "Object" ? className : undefined;
}

function readMark(error: unknown): unknown {
  return typeof error === "object" && error !== null
    ? Object.getOwnPropertyDescriptor(error, RETRYABLE)?.value
    : undefined;
}
