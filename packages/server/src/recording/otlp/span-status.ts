import { textOf } from "./attribute-values.ts";
import type { Span } from "./span.ts";

/** The names of errors that say that somebody ended the work: the user, the application or its time limit. */
const ABORTS = new Set(["AbortError", "TimeoutError", "ResponseAborted", "CancelledError", "context canceled"]);

export function statusOf(span: Span): "completed" | "error" | "interrupted" | "in_progress" {
  if (span.isError) return isAbort(span) ? "interrupted" : "error";
  return span.finishedAt === undefined ? "in_progress" : "completed";
}

function isAbort({ attributes, events }: Span): boolean {
  const exception = events.findLast(({ name }) => name === "exception")?.attributes;
  const name = (exception && textOf(exception, "exception.type")) ?? textOf(attributes, "error.type");
  return name !== undefined && ABORTS.has(name);
}
