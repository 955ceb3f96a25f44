import type { KeyScope, Role } from "@shelflife/api-contract";

/** On whose behalf something is done. */
export type Actor =
  /** Somebody who presented a key. */
  | {
      readonly kind: "user";
      readonly userId: string;
      readonly keyId: string;
      readonly role: Role;
      readonly scope: KeyScope;
    }
  /** Somebody who has not been identified yet; may only present a key. */
  | { readonly kind: "anonymous" }
  /** The purge loop: it may do what a full tick needs, and nothing else. */
  | { readonly kind: "purger" }
  /** Whoever runs a command on the machine, with the database's own credentials in hand. */
  | { readonly kind: "operator" };
