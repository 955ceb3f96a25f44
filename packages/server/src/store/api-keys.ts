import { createHash, randomBytes } from "node:crypto";

import type { KeyScope, Role } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { newId, type Database } from "./database.ts";

/** What is shown of a key after it was made; the key itself is shown once. */
export interface ApiKey {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly scope: KeyScope;
  /** Its first characters, by which its owner tells one from another. */
  readonly start: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** Whom a key stands for. */
export interface KeyHolder {
  readonly keyId: string;
  readonly userId: string;
  readonly role: Role;
  readonly scope: KeyScope;
}

export interface ApiKeysStore {
  /** Makes a key. Only its hash is stored, so this answer is the only time that it can be shown. */
  createApiKey(
    input: { userId: string; name: string; scope: KeyScope },
    origin: AuditOrigin,
  ): Promise<{ key: string; apiKey: ApiKey }>;
  listApiKeys(userId: string): Promise<ApiKey[]>;
  /** Revokes a key of a person; false where that person has no such key in force. */
  revokeApiKey(input: { userId: string; keyId: string }, origin: AuditOrigin): Promise<boolean>;
  /** Whom a presented key stands for, if it is known and in force. */
  findKeyHolder(key: string): Promise<KeyHolder | undefined>;
}

const KEY_PREFIX = "slf_";
const KEY_START_CHARACTERS = 12;

/** How stale `last_used_at` may be: a write for every request would cost more than the figure is worth. */
const LAST_USED_PRECISION_MS = 60_000;

export function apiKeysStore(database: Database, clock: Clock): ApiKeysStore {
  return {
    async createApiKey({ userId, name, scope }, origin) {
      const key = KEY_PREFIX + randomBytes(32).toString("base64url");
      const start = key.slice(0, KEY_START_CHARACTERS);
      const id = newId();
      const createdAt = clock.now();
      await database.transaction().execute(async (transaction) => {
        await transaction
          .insertInto("api_keys")
          .values({ id, user_id: userId, name, scope, key_hash: hash(key), key_start: start, created_at: createdAt })
          .execute();
        await writeAudit(transaction, origin, {
          time: createdAt,
          resourceType: "api_key",
          resourceId: id,
          resourceTarget: name,
          action: "create",
          diff: { scope: { old: null, new: scope } },
        });
      });
      return { key, apiKey: { id, userId, name, scope, start, createdAt, lastUsedAt: null, revokedAt: null } };
    },

    listApiKeys(userId) {
      return database
        .selectFrom("api_keys")
        .select([
          "id",
          "user_id as userId",
          "name",
          "scope",
          "key_start as start",
          "created_at as createdAt",
          "last_used_at as lastUsedAt",
          "revoked_at as revokedAt",
        ])
        .where("user_id", "=", userId)
        .orderBy("created_at")
        .execute();
    },

    revokeApiKey({ userId, keyId }, origin) {
      return database.transaction().execute(async (transaction) => {
        const now = clock.now();
        const revoked = await transaction
          .updateTable("api_keys")
          .set({ revoked_at: now })
          .where("id", "=", keyId)
          .where("user_id", "=", userId)
          .where("revoked_at", "is", null)
          .returning("name")
          .executeTakeFirst();
        if (revoked === undefined) return false;
        await writeAudit(transaction, origin, {
          time: now,
          resourceType: "api_key",
          resourceId: keyId,
          resourceTarget: revoked.name,
          action: "delete",
          diff: { revoked_at: { old: null, new: now.toISOString() } },
        });
        return true;
      });
    },

    async findKeyHolder(key) {
      const holder = await database
        .selectFrom("api_keys as key")
        .innerJoin("users as person", "person.id", "key.user_id")
        .select([
          "key.id as keyId",
          "person.id as userId",
          "person.role",
          "key.scope",
          "key.last_used_at as lastUsedAt",
        ])
        .where("key.key_hash", "=", hash(key))
        .where("key.revoked_at", "is", null)
        .executeTakeFirst();
      if (holder === undefined) return undefined;
      const { lastUsedAt, ...found } = holder;
      const now = clock.now();
      if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > LAST_USED_PRECISION_MS) {
        await database.updateTable("api_keys").set({ last_used_at: now }).where("id", "=", found.keyId).execute();
      }
      return found;
    },
  };
}

function hash(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
