import { createHash, randomBytes } from "node:crypto";

import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";

/** How long a printed link can be used, in milliseconds. */
export const SET_UP_LINK_MS = 86_400_000;

export interface SetUpLink {
  readonly url: string;
  /** Makes the link worthless: whoever printed it is gone. */
  withdraw(): Promise<void>;
}

/**
 * The link by which the first administrator is made; undefined where somebody has an account already. Its token stands
 * behind `#`, which browsers send to no server, so that no log on the way ever holds it.
 */
export async function issueSetUpLink(
  store: Pick<Store, "isSetUpNeeded" | "issueSetUpToken" | "withdrawSetUpToken">,
  clock: Clock,
  baseUrl: string,
): Promise<SetUpLink | undefined> {
  if (!(await store.isSetUpNeeded())) return undefined;
  const token = randomBytes(32).toString("base64url");
  const tokenHash = hashSetUpToken(token);
  await store.issueSetUpToken({ tokenHash, expiresAt: new Date(clock.now().getTime() + SET_UP_LINK_MS) });
  return {
    url: new URL(`/set-up#token=${token}`, baseUrl).href,
    withdraw: () => store.withdrawSetUpToken(tokenHash),
  };
}

export function hashSetUpToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
