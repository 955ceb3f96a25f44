import type { ErrorBody } from "@shelflife/api-contract";
import type { ContentfulStatusCode } from "hono/utils/http-status";

import { hasCode } from "../coded-error.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** The one place where a failure becomes an answer. What is not an answer already is logged, and told to nobody. */
export function renderError(error: unknown, context: RequestContext): Response {
  const answer = error instanceof HttpError ? error : toHttpError(error);
  if (answer.status >= 500) {
    context.get("log").error({ err: answer.cause ?? error, path: context.req.routePath }, "request failed");
  }
  const body: ErrorBody = {
    message: answer.message,
    code: answer.code,
    ...(answer.status >= 500 ? { detail: `Request ${context.get("requestId")}; the server's log says more.` } : {}),
    ...(answer.validations === undefined ? {} : { validations: [...answer.validations] }),
  };
  return context.json(body, answer.status satisfies ContentfulStatusCode);
}

function toHttpError(error: unknown): HttpError {
  if (hasCode(error, "forbidden")) return new HttpError(403, "forbidden", "You may not do this.", { cause: error });
  return new HttpError(500, "internal", "Something went wrong on the server.", { cause: error });
}
