import { randomBytes } from "node:crypto";

import type { Store } from "../store/store.ts";

/** The secret that signs session cookies: the configured one, or one that is made once and that replicas share. */
export function findDeploymentSecret(
  configured: string | undefined,
  store: Pick<Store, "readOrKeepSecret">,
): Promise<string> {
  if (configured !== undefined) return Promise.resolve(configured);
  return store.readOrKeepSecret("session_signing", randomBytes(32).toString("base64url"));
}
