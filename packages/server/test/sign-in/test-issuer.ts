import { Events, OAuth2Server } from "oauth2-mock-server";
import { onTestFinished } from "vitest";

import type { OpenIdConnect } from "../../src/sign-in/openid-connect.ts";
import type { TestApp } from "../test-app.ts";
import type { TestBrowser } from "./test-browser.ts";

/** What an identity provider says about somebody. */
export interface Claims {
  sub: string;
  email?: string;
  email_verified?: unknown;
  name?: string;
  [claim: string]: unknown;
}

/** A real OpenID Connect provider on the loopback, which signs its tokens and believes everybody to be who they say. */
export class TestIssuer {
  readonly server = new OAuth2Server();
  /** Who signs in next. */
  claims: Claims = { sub: "subject-1", email: "new@example.com", email_verified: true, name: "New Member" };
  /** What it was asked, by the name of the endpoint. */
  readonly authorized: URL[] = [];
  readonly exchanged: Record<string, unknown>[] = [];

  static async start(): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    const { server } = issuer;
    await server.issuer.keys.generate("RS256");
    server.service.on(Events.BeforeWellKnownOpenIdConfiguration, ({ body }) => {
      Object.assign(body as object, { id_token_signing_alg_values_supported: ["RS256"] });
    });
    server.service.on(Events.BeforeAuthorizeRedirect, (_redirect, request) => {
      issuer.authorized.push(new URL(request.url ?? "", "http://issuer"));
    });
    server.service.on(Events.BeforeTokenSigning, (token, request) => {
      issuer.exchanged.push({ ...(request.body as object), authorization: request.headers.authorization });
      Object.assign(token.payload, issuer.claims);
    });
    await server.start(0, "127.0.0.1");
    // Not by a name of several addresses, of which Node gives up the first one after a quarter of a second.
    server.issuer.url = `http://127.0.0.1:${server.address().port}`;
    onTestFinished(() => issuer.stop());
    return issuer;
  }

  async stop(): Promise<void> {
    if (this.server.listening) await this.server.stop();
  }

  /** How a deployment is told about it. */
  provider(changes: Partial<OpenIdConnect> = {}): OpenIdConnect {
    return {
      issuer: this.server.issuer.url ?? "",
      clientId: "shelflife",
      clientSecret: "the secret of the client",
      name: "Example",
      scopes: ["openid", "email", "profile"],
      emailDomains: undefined,
      signUps: true,
      ...changes,
    };
  }
}

export interface RoundTrip {
  /** Where the provider sent the browser back to, and what the server answered it there. */
  readonly callback: URL;
  readonly response: Response;
  /** Where the browser ends up. */
  readonly location: string | null;
}

/** The whole way of a browser that signs in: to the provider, and back. */
export async function signInByProvider(browser: TestBrowser, paths: object = {}): Promise<RoundTrip> {
  const begun = await browser.request("POST", "/api/auth/sign-in/oauth2", { json: paths });
  const { url } = (await begun.json()) as { url: string };
  const authorized = await fetch(url, { redirect: "manual" });
  const callback = new URL(authorized.headers.get("Location") ?? "");
  const response = await comeBack(browser, callback);
  return { callback, response, location: response.headers.get("Location") };
}

/** A top-level navigation from the provider's site, with the cookies that a browser sends along with one. */
export function comeBack(browser: TestBrowser, callback: URL): Promise<Response> {
  const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  return browser.request("GET", callback.pathname + callback.search, { headers });
}

/** Everything that any table for signing in holds, as text. */
export async function everythingStored({ pool }: TestApp): Promise<string> {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT u::text AS text FROM users u UNION ALL SELECT a::text FROM accounts a UNION ALL SELECT s::text FROM sessions s
     UNION ALL SELECT v::text FROM verifications v UNION ALL SELECT l::text FROM audit_logs l`,
  );
  return rows.map(({ text }) => text).join("\n");
}
