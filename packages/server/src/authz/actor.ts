import type { KeyScope, Role } from "@shelflife/api-contract";

/** On whose behalf something is done. */
export type Actor =
  /** Somebody who presented a key, or whose browser has a session; a session has the scope full. */
  | {
      readonly kind: "user";
      readonly userId: string;
      readonly keyId?: string;
      readonly sessionId?: string;
      readonly role: Role;
      readonly scope: KeyScope;
    }
  /** Somebody who has not been identified yet; may only try to be, or set a deployment up that nobody has an account of. */
  | { readonly kind: "anonymous" }
  /** The OpenID Connect provider that the deployment trusts: it may bring in members, and nothing else. */
  | { readonly kind: "identity_provider" }
  /** The purge loop: it may do what a full tick needs, and nothing else. */
  | { readonly kind: "purger" }
  /** The stale finaliser: it may close what was left unfinished, and nothing else. */
  | { readonly kind: "finaliser" }
  /** Whoever runs a command on the machine, with the database's own credentials in hand. */
  | { readonly kind: "operator" };
