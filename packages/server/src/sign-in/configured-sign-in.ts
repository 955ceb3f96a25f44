import { authorizedStore } from "../authz/authorized-store.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { findDeploymentSecret } from "./deployment-secret.ts";
import type { OpenIdConnect } from "./openid-connect.ts";
import { createSignIn, type SignIn } from "./sign-in.ts";

/** Signing in as the configuration says. */
export async function configuredSignIn(
  config: Config,
  parts: { database: Database; store: Store; clock: Clock; log: Log; listeningUrl: () => string },
): Promise<SignIn> {
  const { listeningUrl, ...rest } = parts;
  const operator = authorizedStore(parts.store, { kind: "operator" });
  return createSignIn({
    ...rest,
    secret: await findDeploymentSecret(config.SHELFLIFE_SECRET, operator),
    baseUrl: () => config.SHELFLIFE_PUBLIC_URL ?? listeningUrl(),
    provider: configuredProvider(config),
  });
}

/** The configuration was checked: where there is an issuer, there is a client. */
function configuredProvider(config: Config): OpenIdConnect | undefined {
  const { SHELFLIFE_OIDC_ISSUER: issuer, SHELFLIFE_OIDC_CLIENT_ID: clientId } = config;
  const clientSecret = config.SHELFLIFE_OIDC_CLIENT_SECRET;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret,
    name: config.SHELFLIFE_OIDC_NAME,
    scopes: config.SHELFLIFE_OIDC_SCOPES,
    emailDomains: config.SHELFLIFE_OIDC_EMAIL_DOMAINS,
    signUps: config.SHELFLIFE_OIDC_SIGN_UPS,
  };
}
