import type { Actor } from "../authz/actor.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** The person who makes this request. @throws HttpError 403 where nobody in person does */
export function callerOf(context: RequestContext): Extract<Actor, { kind: "user" }> {
  const actor = context.get("actor");
  if (actor.kind !== "user") throw new HttpError(403, "forbidden", "You may not do this.");
  return actor;
}
