import { PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from "@shelflife/api-contract";
import type { BetterAuthOptions } from "better-auth";

import type { Log } from "../log.ts";
import { newId } from "../store/database.ts";
import { libraryLogger } from "./library-log.ts";
import { checkPerson, openIdConnectPlugin, type OpenIdConnect } from "./openid-connect.ts";
import { COOKIE_PREFIX } from "./session-cookie.ts";

const SECONDS_PER_DAY = 86_400;

/** How long a session lasts after it was last used, in days. */
const SESSION_DAYS = 7;

/** The header by which the library is told the client's address. Requests are made anew for it, so nobody else sets it. */
export const ADDRESS_HEADER = "x-shelflife-client-address";

const TIMES = { createdAt: "created_at", updatedAt: "updated_at" };

/**
 * How better-auth is used: over our tables, with ids of ours, for passwords, and for OpenID Connect where a provider is
 * given. What depends on the environment there, such as production or test, is said outright.
 */
export function libraryOptions(use: {
  baseUrl: string;
  secret: string;
  log: Log;
  provider?: OpenIdConnect | undefined;
}): BetterAuthOptions {
  const { baseUrl, secret, log, provider } = use;
  return {
    appName: "Shelflife",
    baseURL: baseUrl,
    basePath: "/api/auth",
    secret,
    // Where the environment has secrets for the library, this one counts all the same.
    secrets: [{ version: 1, value: secret }],
    telemetry: { enabled: false },
    logger: libraryLogger(log),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_CHARACTERS_MIN,
      maxPasswordLength: PASSWORD_CHARACTERS_MAX,
    },
    user: {
      modelName: "users",
      fields: { emailVerified: "email_verified", ...TIMES },
      additionalFields: { role: { type: "string", required: false, input: false } },
      ...(provider === undefined ? {} : { validateUserInfo: checkPerson(provider) }),
    },
    session: {
      modelName: "sessions",
      fields: {
        userId: "user_id",
        expiresAt: "expires_at",
        ipAddress: "ip_address",
        userAgent: "user_agent",
        ...TIMES,
      },
      expiresIn: SESSION_DAYS * SECONDS_PER_DAY,
      updateAge: SECONDS_PER_DAY,
    },
    account: {
      modelName: "accounts",
      fields: { userId: "user_id", providerId: "provider_id", accountId: "account_id", ...TIMES },
      updateAccountOnSignIn: false,
      storeStateStrategy: "database",
      accountLinking: {
        enabled: true,
        // Accounts are made by administrators, who vouch for the address; that the provider does so too is checked.
        requireLocalEmailVerified: false,
        trustedProviders: [],
      },
    },
    verification: { modelName: "verifications", fields: { expiresAt: "expires_at", ...TIMES } },
    // Attempts are counted by the routes, which set-up and changing a password need as well.
    rateLimit: { enabled: false },
    onAPIError: { errorURL: new URL("/sign-in", baseUrl).href },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: baseUrl.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
      database: { generateId: () => newId() },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER], ipv6Subnet: 128 },
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    plugins: provider === undefined ? [] : [openIdConnectPlugin(provider)],
  };
}
