import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";

import type { Actor } from "../authz/actor.ts";
import { authorizedStore } from "../authz/authorized-store.ts";
import type { SignIn } from "../sign-in/sign-in.ts";
import type { Store } from "../store/store.ts";
import { browserOf, setCookies } from "./browser.ts";
import type { Environment, RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";
import { requireOwnPage } from "./own-page.ts";

/** No key of ours is longer; a longer text is not worth hashing. */
const KEY_CHARACTERS_MAX = 256;

export const SESSION_HEADER = "Coder-Session-Token";
export const SESSION_COOKIE = "coder_session_token";

export interface AuthenticationParts {
  readonly store: Store;
  readonly signIn: SignIn;
  /** Where browsers reach this server, as its operator says. */
  readonly publicUrl?: string | undefined;
}

/**
 * Finds out who calls: by a key in a header, else by the session of a browser, else by a key in a cookie. Where none is
 * in force the answer is 401; 403 where a browser brings a cookie along for a change that another site's page asked for.
 */
export function authenticate({ store, signIn, publicUrl }: AuthenticationParts): MiddlewareHandler<Environment> {
  const anonymous = authorizedStore(store, { kind: "anonymous" });
  return async (context, next) => {
    const sent = sentKey(context);
    const actor = await (sent === undefined ? identifyByCookie(context) : identifyByKey(sent));
    if (actor === undefined) {
      throw new HttpError(
        401,
        "unauthenticated",
        "Sign in to use this API: the request carries no key or session that is in force.",
      );
    }
    // A browser sends a cookie by itself, whoever's page made it ask.
    if (sent === undefined && !isRead(context)) requireOwnPage(context, publicUrl);
    context.set("actor", actor);
    context.set("store", authorizedStore(store, actor));
    await next();
  };

  async function identifyByKey(key: string): Promise<Actor | undefined> {
    if (key === "" || key.length > KEY_CHARACTERS_MAX) return undefined;
    const holder = await anonymous.findKeyHolder(key);
    return holder === undefined ? undefined : { kind: "user", ...holder };
  }

  async function identifyByCookie(context: RequestContext): Promise<Actor | undefined> {
    const { value: session, cookies } = await signIn.readSession(browserOf(context));
    setCookies(context, cookies);
    if (session === undefined) return identifyByKey(getCookie(context, SESSION_COOKIE) ?? "");
    const { id: userId, role } = session.person;
    return { kind: "user", userId, role, scope: "full", sessionId: session.id };
  }
}

function sentKey(context: RequestContext): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(context.req.header("Authorization") ?? "")?.[1];
  return context.req.header(SESSION_HEADER)?.trim() || bearer;
}

function isRead({ req }: RequestContext): boolean {
  return req.method === "GET" || req.method === "HEAD";
}
