import { z } from "zod";

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
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const validations = parsed.error.issues.map((issue) => ({ field: issue.path.join("."), detail: issue.message }));
  throw new HttpError(400, "validation_failed", "The request body is not valid.", { validations });
}
