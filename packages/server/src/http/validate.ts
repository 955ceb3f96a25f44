import type { FieldError } from "@shelflife/api-contract";
import { z } from "zod";

import { describeIssue } from "./describe-issue.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

const idSchema = z.guid();

/** The UUID in a path, in lower case. @throws HttpError 400 with this message where it is none */
export function pathId(context: RequestContext, name: string, message: string): string {
  const parsed = idSchema.safeParse(context.req.param(name));
  if (!parsed.success) throw new HttpError(400, "invalid_id", message);
  return parsed.data.toLowerCase();
}

/** Checks the shape of a body. @throws HttpError 400 that names every field that is wrong */
export function validate<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body, { error: describeIssue });
  if (parsed.success) return parsed.data;
  throw invalid("The request body is not valid.", parsed.error);
}

/** Checks the parameters of a query; one that stands there twice counts the first time, unless it is a list. */
export function validateQuery<T>(schema: z.ZodType<T>, query: Record<string, string | string[] | undefined>): T {
  const parsed = schema.safeParse(query, { error: describeIssue });
  if (parsed.success) return parsed.data;
  throw invalid("The query is not valid.", parsed.error);
}

function invalid(message: string, { issues }: z.ZodError): HttpError {
  return new HttpError(400, "validation_failed", message, { validations: issues.flatMap(fieldErrors) });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  // What nobody knows is named by itself, so that a misspelt field is found.
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: [...issue.path, key].join("."), detail: "is not known here" }));
  }
  return [{ field: issue.path.join("."), detail: issue.message }];
}
