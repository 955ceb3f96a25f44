import {
  JSON_BODY_BYTES,
  openIdConnectRedirectSchema,
  openIdConnectSignInSchema,
  passwordSignInSchema,
  sessionSchema,
  signedInSchema,
  signInMethodsSchema,
} from "@shelflife/api-contract";
import { z } from "zod";

import { authorizedStore } from "../../authz/authorized-store.ts";
import { hasCode } from "../../coded-error.ts";
import { OPENID_CONNECT_PROVIDER } from "../../sign-in/openid-connect.ts";
import type { AuthenticationParts } from "../authenticate.ts";
import { browserOf, setCookies } from "../browser.ts";
import { HttpError, notFound } from "../http-error.ts";
import { limitAttempts, type Limit } from "../limit-attempts.ts";
import { requireOwnPage } from "../own-page.ts";
import { readJson } from "../read-json.ts";
import { renderPerson } from "../render-person.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

const MINUTE_MS = 60_000;

/** How often one address may try to sign in. */
const PASSWORD_LIMIT: Limit = { name: "password", max: 20, windowMs: MINUTE_MS };
const OPENID_CONNECT_LIMIT: Limit = { name: "openid-connect", max: 30, windowMs: MINUTE_MS };

/** What a browser needs that is not signed in. Nothing else of the library below is reachable. */
export function signInRoutes(prefix: string, { store, signIn, publicUrl }: AuthenticationParts): Route[] {
  const anonymous = authorizedStore(store, { kind: "anonymous" });
  return [
    {
      method: "get",
      path: `${prefix}/methods`,
      summary: "How one can sign in here.",
      permission: null,
      answers: { 200: { description: "The methods.", schema: signInMethodsSchema } },
      handle(context) {
        const name = signIn.openIdConnectName;
        return context.json({
          password: true,
          openid_connect: name === undefined ? null : { provider_id: OPENID_CONNECT_PROVIDER, name },
        });
      },
    },
    {
      method: "post",
      path: `${prefix}/sign-in/email`,
      summary: "Sign in with a password. The answer sets the session cookie. At most 20 attempts a minute.",
      permission: null,
      body: { schema: passwordSignInSchema, description: "The address and the password." },
      answers: {
        200: { description: "Signed in.", schema: signedInSchema },
        401: { description: "There is no such address, or the password is another." },
        429: { description: "Too many attempts; `Retry-After` says when to try again." },
      },
      async handle(context) {
        requireOwnPage(context, publicUrl);
        await limitAttempts(context, anonymous, PASSWORD_LIMIT);
        const credentials = validate(passwordSignInSchema, await readJson(context, JSON_BODY_BYTES));
        try {
          const { value, cookies } = await signIn.withPassword(credentials, browserOf(context));
          setCookies(context, cookies);
          return context.json({ user: renderPerson(value) });
        } catch (error) {
          if (!hasCode(error, "credentials_refused")) throw error;
          throw new HttpError(401, "unauthenticated", "The e-mail address or the password is wrong.");
        }
      },
    },
    {
      method: "post",
      path: `${prefix}/sign-in/oauth2`,
      summary: "Begin to sign in by OpenID Connect. The answer says where to send the browser.",
      permission: null,
      body: { schema: openIdConnectSignInSchema, description: "Where to come back to, as paths of this server." },
      answers: {
        200: { description: "Where to send the browser.", schema: openIdConnectRedirectSchema },
        404: { description: "No provider is configured." },
        503: { description: "The provider does not answer." },
      },
      async handle(context) {
        if (signIn.openIdConnectName === undefined) throw notFound("way to sign in");
        requireOwnPage(context, publicUrl);
        await limitAttempts(context, anonymous, OPENID_CONNECT_LIMIT);
        const body = validate(openIdConnectSignInSchema, await readJson(context, JSON_BODY_BYTES));
        const paths = { success: body.callbackURL ?? "/", failure: body.errorCallbackURL ?? "/sign-in" };
        try {
          const { value: url, cookies } = await signIn.beginOpenIdConnect(paths, browserOf(context));
          setCookies(context, cookies);
          return context.json({ url, redirect: true });
        } catch (error) {
          if (!hasCode(error, "provider_unavailable")) throw error;
          const message = "The OpenID Connect provider does not answer; try again.";
          throw new HttpError(503, "unavailable", message, { cause: error });
        }
      },
    },
    {
      method: "get",
      path: `${prefix}/callback/${OPENID_CONNECT_PROVIDER}`,
      summary: "Where the OpenID Connect provider sends the browser back to.",
      permission: null,
      query: {
        code: { description: "What the provider gives for its tokens.", schema: z.string() },
        state: { description: "What this server gave the browser to take along.", schema: z.string() },
        iss: { description: "The provider's issuer.", schema: z.string() },
        error: { description: "Why the provider refused.", schema: z.string() },
        error_description: { description: "The same in words.", schema: z.string() },
      },
      answers: {
        302: { description: "To the page that was asked for, or with `?error=` to the one for failures." },
        404: { description: "No provider is configured." },
      },
      async handle(context) {
        if (signIn.openIdConnectName === undefined) throw notFound("way to sign in");
        const query = new URL(context.req.url).searchParams;
        try {
          return await signIn.finishOpenIdConnect(query, browserOf(context));
        } catch (error) {
          if (!hasCode(error, "provider_unavailable")) throw error;
          // Nobody but a browser comes here, and a browser is shown a page.
          return context.redirect("/sign-in?error=provider_unavailable");
        }
      },
    },
    {
      method: "post",
      path: `${prefix}/sign-out`,
      summary: "End the session of this browser.",
      permission: null,
      answers: { 200: { description: "The session is over.", schema: z.object({ success: z.literal(true) }) } },
      async handle(context) {
        requireOwnPage(context, publicUrl);
        const { cookies } = await signIn.signOut(browserOf(context));
        setCookies(context, cookies);
        return context.json({ success: true });
      },
    },
    {
      method: "get",
      path: `${prefix}/get-session`,
      summary: "The session of this browser, or null.",
      permission: null,
      answers: { 200: { description: "The session.", schema: sessionSchema } },
      async handle(context) {
        const { value, cookies } = await signIn.readSession(browserOf(context));
        setCookies(context, cookies);
        if (value === undefined) return context.json(null);
        return context.json({
          user: renderPerson(value.person),
          session: { expiresAt: value.expiresAt.toISOString() },
        });
      },
    },
  ];
}
