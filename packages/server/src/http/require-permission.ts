import type { MiddlewareHandler } from "hono";

import { may, type Permission } from "../authz/permissions.ts";
import type { Environment } from "./environment.ts";
import { HttpError, notFound } from "./http-error.ts";

/** Refuses an actor without the permission, before anything of the body is looked at. */
export function requirePermission(
  permission: Permission,
  { hidden }: { hidden: boolean },
): MiddlewareHandler<Environment> {
  return async (context, next) => {
    const actor = context.get("actor");
    if (!may(actor, permission)) {
      if (actor.kind === "user" && actor.scope === "ingest") {
        throw new HttpError(403, "insufficient_scope", "This key may only record.");
      }
      if (hidden) throw notFound("setting");
      throw new HttpError(403, "forbidden", "You may not do this.");
    }
    await next();
  };
}
