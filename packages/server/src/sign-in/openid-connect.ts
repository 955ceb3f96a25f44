import type { BetterAuthOptions } from "better-auth";
import { genericOAuth } from "better-auth/plugins/generic-oauth";

/** What the deployment says about its OpenID Connect provider. */
export interface OpenIdConnect {
  /** The issuer's URL; its endpoints are found below it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What to write on the button. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Domains of e-mail addresses that may sign in; undefined for any. */
  readonly emailDomains: readonly string[] | undefined;
  /** Whether somebody who has no account yet gets one. */
  readonly signUps: boolean;
}

/** What the provider is called in accounts and in the address that it sends browsers back to. */
export const OPENID_CONNECT_PROVIDER = "oidc";

/** The library's plug-in for the provider: discovery, PKCE, and an ID token whose signature and nonce are checked. */
export function openIdConnectPlugin(provider: OpenIdConnect): NonNullable<BetterAuthOptions["plugins"]>[number] {
  return genericOAuth({
    config: [
      {
        providerId: OPENID_CONNECT_PROVIDER,
        discoveryUrl: `${provider.issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`,
        requireIdTokenVerification: true,
        clientId: provider.clientId,
        clientSecret: provider.clientSecret,
        scopes: [...provider.scopes],
        pkce: true,
        disableSignUp: !provider.signUps,
        overrideUserInfo: false,
        // By the standard's claim alone, whatever other claims are called.
        mapProfileToUser: ({ email_verified: verified }) => ({
          emailVerified: verified === true || verified === "true",
        }),
        // Signing out here ends the session here; whoever wants to leave the provider does so there.
        disableProviderLogout: true,
      },
    ],
  });
}

type CheckPerson = NonNullable<NonNullable<BetterAuthOptions["user"]>["validateUserInfo"]>;

/** Refuses, at every sign-in by the provider, whom it does not vouch for and whose address is not of an allowed domain. */
export function checkPerson({ emailDomains }: OpenIdConnect): CheckPerson {
  return ({ user, source }) => {
    if (source.method !== "oauth") return { error: "method_not_allowed" };
    // Whoever may name any address at the provider could otherwise take over the account that has it here.
    if (user.emailVerified !== true) return { error: "email_not_verified" };
    const domain = user.email?.split("@").at(-1)?.toLowerCase();
    if (emailDomains !== undefined && (domain === undefined || !emailDomains.includes(domain))) {
      return { error: "email_domain_not_allowed" };
    }
    return undefined;
  };
}
