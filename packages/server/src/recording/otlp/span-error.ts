import { truncateCharacters, type NormalizedError } from "@shelflife/api-contract";

import { numberOf, textOf } from "./attribute-values.ts";
import type { Span } from "./span.ts";

/** What went wrong in a span; undefined where nothing did. Stack traces are left out: they are no part of a record. */
export function errorOf({ isError, statusMessage, attributes, events }: Span): NormalizedError | undefined {
  if (!isError) return undefined;
  const exception = events.findLast(({ name }) => name === "exception")?.attributes;
  const name = (exception && textOf(exception, "exception.type")) ?? textOf(attributes, "error.type", "exception.type");
  const message =
    (exception && textOf(exception, "exception.message")) ??
    (statusMessage === "" ? undefined : statusMessage) ??
    textOf(attributes, "error.message", "exception.message");
  const status = numberOf(attributes, "http.response.status_code", "http.status_code", "error.type");
  return {
    ...(name !== undefined && { name }),
    message: truncateCharacters(message ?? "The span does not say what went wrong."),
    ...(status !== undefined && Number.isInteger(status) && { status_code: status }),
  };
}
