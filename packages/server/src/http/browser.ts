import type { Browser } from "../sign-in/sign-in.ts";
import type { RequestContext } from "./environment.ts";

/** What of a request matters to signing in. */
export function browserOf(context: RequestContext): Browser {
  return {
    cookie: context.req.header("Cookie"),
    userAgent: context.req.header("User-Agent")?.slice(0, 500),
    address: context.get("clientAddress"),
  };
}

/** Hands the browser its cookies, whatever the answer turns out to be. */
export function setCookies(context: RequestContext, cookies: readonly string[]): void {
  for (const cookie of cookies) context.header("Set-Cookie", cookie, { append: true });
}
