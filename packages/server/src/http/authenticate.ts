import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";

import type { Actor } from "../authz/actor.ts";
import { authorizedStore } from "../authz/authorized-store.ts";
import type { Store } from "../store/store.ts";
import type { Environment, RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** No key of ours is longer; a longer text is not worth hashing. */
const KEY_CHARACTERS_MAX = 256;

export const SESSION_HEADER = "Coder-Session-Token";
export const SESSION_COOKIE = "coder_session_token";

interface PresentedKey {
  readonly key: string;
  /** A browser sends a cookie by itself, whoever's page made it ask. */
  readonly byCookie: boolean;
}

/**
 * Finds out who calls. Without a key that is known and in force the answer is 401; 403 where a browser brings the key
 * along for a change that another site's page asked for.
 */
export function authenticate(store: Store): MiddlewareHandler<Environment> {
  const anonymous = authorizedStore(store, { kind: "anonymous" });
  return async (context, next) => {
    const presented = presentedKey(context);
    const holder = presented === undefined ? undefined : await anonymous.findKeyHolder(presented.key);
    if (presented === undefined || holder === undefined) {
      throw new HttpError(
        401,
        "unauthenticated",
        "Sign in to use this API: the request carries no key that is in force.",
      );
    }
    if (presented.byCookie && !isRead(context) && !isFromOwnPage(context)) {
      throw new HttpError(403, "forbidden", "A change with a session cookie must come from a page of this server.");
    }
    const actor: Actor = { kind: "user", ...holder };
    context.set("actor", actor);
    context.set("store", authorizedStore(store, actor));
    await next();
  };
}

function presentedKey(context: RequestContext): PresentedKey | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  const sent = context.req.header(SESSION_HEADER)?.trim() || bearer;
  const key = sent ?? getCookie(context, SESSION_COOKIE);
  if (key === undefined || key === "" || key.length > KEY_CHARACTERS_MAX) return undefined;
  return { key, byCookie: sent === undefined };
}

function isRead({ req }: RequestContext): boolean {
  return req.method === "GET" || req.method === "HEAD";
}

/** What sends neither header is no browser, and nobody can make it send a cookie that it should not. */
function isFromOwnPage({ req }: RequestContext): boolean {
  const site = req.header("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin";
  const origin = req.header("Origin");
  if (origin === undefined) return true;
  // Only the host is compared: behind a proxy that ends TLS the scheme differs.
  const host = URL.parse(origin)?.host;
  return host !== undefined && host === req.header("Host");
}
