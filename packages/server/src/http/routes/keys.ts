import {
  apiKeySchema,
  createdApiKeySchema,
  JSON_BODY_BYTES,
  newApiKeySchema,
  type ApiKey as ListedKey,
} from "@shelflife/api-contract";

import type { ApiKey } from "../../store/api-keys.ts";
import { auditOrigin } from "../audit-origin.ts";
import { callerOf } from "../caller.ts";
import { notFound } from "../http-error.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { pathId, validate } from "../validate.ts";

/** One's own API keys. */
export function keyRoutes(prefix: string): Route[] {
  return [
    {
      method: "get",
      path: `${prefix}/me/keys`,
      summary: "One's keys, revoked ones included; the keys themselves are never shown again.",
      permission: "own_keys:manage",
      answers: { 200: { description: "The oldest first.", schema: apiKeySchema.array() } },
      async handle(context) {
        const keys = await context.get("store").listApiKeys(callerOf(context).userId);
        return context.json(keys.map(renderKey));
      },
    },
    {
      method: "post",
      path: `${prefix}/me/keys`,
      summary: "Make oneself a key.",
      permission: "own_keys:manage",
      body: { schema: newApiKeySchema, description: "What it is for, and what it may do." },
      answers: { 201: { description: "The key; no other answer ever holds it.", schema: createdApiKeySchema } },
      async handle(context) {
        const { name, scope } = validate(newApiKeySchema, await readJson(context, JSON_BODY_BYTES));
        const { userId } = callerOf(context);
        const { key, apiKey } = await context.get("store").createApiKey({ userId, name, scope }, auditOrigin(context));
        return context.json({ ...renderKey(apiKey), key }, 201);
      },
    },
    {
      method: "delete",
      path: `${prefix}/me/keys/{key}`,
      summary: "Revoke one of one's keys, at once.",
      permission: "own_keys:manage",
      answers: {
        204: { description: "Revoked." },
        404: { description: "One has no such key in force." },
      },
      async handle(context) {
        const keyId = pathId(context, "key", "Invalid key ID.");
        const { userId } = callerOf(context);
        const revoked = await context.get("store").revokeApiKey({ userId, keyId }, auditOrigin(context));
        if (!revoked) throw notFound("key");
        return context.body(null, 204);
      },
    },
  ];
}

function renderKey({ id, name, scope, start, createdAt, lastUsedAt, revokedAt }: ApiKey): ListedKey {
  return {
    id,
    name,
    scope,
    key_start: start,
    created_at: createdAt.toISOString(),
    last_used_at: lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}
