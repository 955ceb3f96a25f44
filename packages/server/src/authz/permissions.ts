import type { Role } from "@shelflife/api-contract";

import type { Actor } from "./actor.ts";

/**
 * What somebody may do, apart from whose data it is done to: own chats are a question of the row, answered by the store's
 * own predicate. Nobody has a permission to read another person's debug content.
 */
export type Permission =
  | "identify"
  | "set_up"
  | "attempts:count"
  | "ingest"
  | "stale:close"
  | "own_chats:use"
  | "others_chats:list"
  | "own_keys:manage"
  | "retention_windows:read"
  | "deployment_config:read"
  | "deployment_config:update"
  | "audit:read"
  | "purge:read"
  | "purge:start"
  | "users:manage"
  | "members:admit"
  | "passwords:set"
  | "deployment:start"
  | "chats:delete"
  | "purge:run";

const MEMBER: readonly Permission[] = [
  "ingest",
  "own_chats:use",
  "own_keys:manage",
  "attempts:count",
  "retention_windows:read",
];

const OF_ROLE: Record<Role, readonly Permission[]> = {
  member: MEMBER,
  auditor: [...MEMBER, "others_chats:list", "deployment_config:read", "audit:read", "purge:read"],
  owner: [
    ...MEMBER,
    "others_chats:list",
    "deployment_config:read",
    "deployment_config:update",
    "audit:read",
    "purge:read",
    "purge:start",
    "users:manage",
  ],
};

const OF_KIND: Record<Exclude<Actor["kind"], "user">, readonly Permission[]> = {
  anonymous: ["identify", "set_up", "attempts:count"],
  identity_provider: ["members:admit"],
  finaliser: ["stale:close"],
  purger: ["retention_windows:read", "purge:read", "purge:run"],
  operator: [
    "retention_windows:read",
    "deployment_config:read",
    "deployment_config:update",
    "users:manage",
    "passwords:set",
    "deployment:start",
    "chats:delete",
    "audit:read",
    "purge:read",
    "purge:start",
    "purge:run",
  ],
};

/** Whether an actor has a permission. */
export function may(actor: Actor, permission: Permission): boolean {
  if (actor.kind !== "user") return OF_KIND[actor.kind].includes(permission);
  // A key that may only record opens nothing else, whatever the role of its holder.
  if (actor.scope === "ingest") return permission === "ingest";
  return OF_ROLE[actor.role].includes(permission);
}
