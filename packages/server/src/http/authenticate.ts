import type { MiddlewareHandler } from "hono";

import type { Actor } from "../authz/actor.ts";
import { authorizedStore } from "../authz/authorized-store.ts";
import type { Store } from "../store/store.ts";
import type { Environment, RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** No key of ours is longer; a longer text is not worth hashing. */
const KEY_CHARACTERS_MAX = 256;

/** Finds out who calls. Without a key that is known and in force the answer is 401. */
export function authenticate(store: Store): MiddlewareHandler<Environment> {
  const anonymous = authorizedStore(store, { kind: "anonymous" });
  return async (context, next) => {
    const key = presentedKey(context);
    const holder = key === undefined ? undefined : await anonymous.findKeyHolder(key);
    if (holder === undefined) {
      throw new HttpError(401, "unauthenticated", "Sign in to use this API: the request carries no key that is in force.");
    }
    const actor: Actor = { kind: "user", ...holder };
    context.set("actor", actor);
    context.set("store", authorizedStore(store, actor));
    await next();
  };
}

function presentedKey(context: RequestContext): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  const key = context.req.header("Coder-Session-Token")?.trim() || bearer;
  return key !== undefined && key.length <= KEY_CHARACTERS_MAX ? key : undefined;
}
