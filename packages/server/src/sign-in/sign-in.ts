import type { Role } from "@shelflife/api-contract";
import { betterAuth } from "better-auth/minimal";

import { authorizedStore } from "../authz/authorized-store.ts";
import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { accountAdapter } from "./account-adapter.ts";
import { ADDRESS_HEADER, libraryOptions } from "./library-options.ts";
import { OPENID_CONNECT_PROVIDER, type OpenIdConnect } from "./openid-connect.ts";
import { BROWSER_SESSION_COOKIE } from "./session-cookie.ts";

/** How long an identity provider may take to answer, in milliseconds. */
const PROVIDER_PATIENCE_MS = 15_000;

/** What of a request matters to signing in. */
export interface Browser {
  readonly cookie: string | undefined;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
}

/** Somebody whose browser has a session. */
export interface SignedInPerson {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
}

export interface BrowserSession {
  readonly id: string;
  readonly expiresAt: Date;
  readonly person: SignedInPerson;
}

/** An answer to a browser, with the cookies that it has to take along, as values of `Set-Cookie`. */
export interface WithCookies<T> {
  readonly value: T;
  readonly cookies: readonly string[];
}

/** Signing people in, out of sight of whatever library does it. */
export interface SignIn {
  /** What the button says; undefined where there is no provider. */
  readonly openIdConnectName: string | undefined;
  /** The session of a browser; looking it up may prolong it, or take a cookie back that is worth nothing any more. */
  readSession(browser: Browser): Promise<WithCookies<BrowserSession | undefined>>;
  /** @throws CodedError `credentials_refused` where there is no such address, or the password is another */
  withPassword(
    credentials: { email: string; password: string },
    browser: Browser,
  ): Promise<WithCookies<SignedInPerson>>;
  signOut(browser: Browser): Promise<WithCookies<undefined>>;
  /**
   * Where to send a browser that wants to sign in by OpenID Connect.
   *
   * @throws CodedError `provider_unavailable` where the provider cannot be asked how
   */
  beginOpenIdConnect(paths: { success: string; failure: string }, browser: Browser): Promise<WithCookies<string>>;
  /** What to answer a browser that comes back from the provider with this query: it is always sent on. */
  finishOpenIdConnect(query: URLSearchParams, browser: Browser): Promise<Response>;
}

export interface SignInParts {
  readonly database: Database;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: string;
  /** Where browsers reach this server. Asked for when it is first needed, since a port may be known only by listening. */
  readonly baseUrl: () => string;
  readonly provider?: OpenIdConnect | undefined;
}

export function createSignIn(parts: SignInParts): SignIn {
  const { clock, provider } = parts;
  // Two instances: one that never waits for the provider, so that its failures are nobody's who has a password.
  const people = once(() => openLibrary(parts, undefined));
  const providers = once(() => openLibrary(parts, provider));

  return {
    openIdConnectName: provider?.name,

    async readSession(browser) {
      if (!hasSessionCookie(browser)) return { value: undefined, cookies: [] };
      const { api } = await people();
      const { response, headers } = await api.getSession({ headers: headersOf(browser), returnHeaders: true });
      const value =
        response === null
          ? undefined
          : { id: response.session.id, expiresAt: response.session.expiresAt, person: readPerson(response.user) };
      return { value, cookies: headers.getSetCookie() };
    },

    async withPassword(credentials, browser) {
      const { api } = await people();
      try {
        const { response, headers } = await api.signInEmail({
          body: credentials,
          headers: headersOf(browser),
          returnHeaders: true,
        });
        return { value: readPerson(response.user), cookies: headers.getSetCookie() };
      } catch (error) {
        if (statusOf(error) !== 401) throw error;
        throw new CodedError("credentials_refused", "The e-mail address or the password is wrong.", { cause: error });
      }
    },

    async signOut(browser) {
      const { api } = await people();
      const { headers } = await api.signOut({ headers: headersOf(browser), body: {}, returnHeaders: true });
      return { value: undefined, cookies: headers.getSetCookie() };
    },

    async beginOpenIdConnect({ success, failure }, browser) {
      const begin = async (): Promise<WithCookies<string>> => {
        const { api } = await providers();
        const { response, headers } = await api.signInSocial({
          body: {
            provider: OPENID_CONNECT_PROVIDER,
            callbackURL: success,
            errorCallbackURL: failure,
            disableRedirect: true,
          },
          headers: headersOf(browser),
          returnHeaders: true,
        });
        if (response.url === undefined) throw unavailable();
        return { value: response.url, cookies: headers.getSetCookie() };
      };
      try {
        return await withinPatience(begin());
      } catch (error) {
        // The library knows no such provider as long as it could not ask it for its endpoints.
        if (statusOf(error) === 404) throw unavailable(error);
        throw error;
      }
    },

    async finishOpenIdConnect(query, browser) {
      const finish = async (): Promise<Response> => {
        const { api } = await providers();
        return api.callbackOAuth({
          params: { id: OPENID_CONNECT_PROVIDER },
          query: Object.fromEntries(query),
          headers: headersOf(browser),
          method: "GET",
          asResponse: true,
        });
      };
      return withinPatience(finish());
    },
  };

  /** Nobody's request hangs because a provider does. */
  async function withinPatience<T>(answer: Promise<T>): Promise<T> {
    const answered = new AbortController();
    // Whoever is late has nobody left to tell.
    answer.catch(() => undefined);
    try {
      return await Promise.race([
        answer,
        clock.sleep(PROVIDER_PATIENCE_MS, answered.signal).then(() => Promise.reject(unavailable())),
      ]);
    } finally {
      answered.abort();
    }
  }
}

async function openLibrary(
  { database, store, baseUrl, secret, log }: SignInParts,
  provider: OpenIdConnect | undefined,
) {
  const options = libraryOptions({ baseUrl: baseUrl(), secret, log: log.child({ component: "sign-in" }), provider });
  const trusted = authorizedStore(store, { kind: "identity_provider" });
  const adapter = await accountAdapter(options, database, (member) =>
    trusted.createUser({ ...member, role: "member" }, { userId: null, subsystem: "openid_connect" }),
  );
  return betterAuth({ ...options, database: () => adapter });
}

/** Opened when it is first needed; an attempt that failed is made again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

function hasSessionCookie({ cookie }: Browser): boolean {
  return cookie?.includes(`${BROWSER_SESSION_COOKIE}=`) === true;
}

function headersOf({ cookie, userAgent, address }: Browser): Headers {
  const headers = new Headers();
  if (cookie !== undefined) headers.set("cookie", cookie);
  if (userAgent !== undefined) headers.set("user-agent", userAgent);
  if (address !== undefined) headers.set(ADDRESS_HEADER, address);
  return headers;
}

/** A person as the library answers them; the role is the one that is stored now. */
function readPerson(user: { id: string; email: string; name: string; createdAt: Date }): SignedInPerson {
  const { id, email, name, createdAt } = user;
  return { id, email, name, createdAt, role: (user as unknown as { role: Role }).role };
}

function unavailable(cause?: unknown): CodedError {
  return new CodedError("provider_unavailable", "The OpenID Connect provider does not answer.", { cause });
}

/** The status that an error of the library would be answered with. */
function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}
