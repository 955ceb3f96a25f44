import { z } from "zod";

import { emailSchema, KEY_SCOPES, nameSchema, newPasswordSchema, ROLES } from "./users.ts";

const id = z.guid();
const time = z.iso.datetime();

/** Who is signed in: `GET /api/experimental/users/me`. */
export const personSchema = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  created_at: time,
});

/** What the signed-in person may do, for an interface that shows only what works. */
export const meSchema = personSchema.extend({
  may_read_deployment: z.boolean(),
  may_update_deployment: z.boolean(),
  may_read_retention: z.boolean(),
  may_run_purge: z.boolean(),
  may_manage_users: z.boolean(),
});

export const newPersonSchema = z.strictObject({
  email: emailSchema,
  name: nameSchema.max(200).optional(),
  role: z.enum(ROLES),
  password: newPasswordSchema.optional().describe("Left out, the person signs in with a key or by OpenID Connect."),
});

export const personChangeSchema = z.strictObject({ role: z.enum(ROLES) });

/** A key as it is listed; the key itself was shown once. */
export const apiKeySchema = z.object({
  id,
  name: z.string(),
  scope: z.enum(KEY_SCOPES),
  key_start: z.string().describe("Its first characters, to tell one from another."),
  created_at: time,
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});

export const newApiKeySchema = z.strictObject({ name: nameSchema.min(1).max(100), scope: z.enum(KEY_SCOPES) });

/** The one answer that holds a key. */
export const createdApiKeySchema = apiKeySchema.extend({ key: z.string() });

export type Person = z.infer<typeof personSchema>;
export type Me = z.infer<typeof meSchema>;
export type NewPerson = z.input<typeof newPersonSchema>;
export type ApiKey = z.infer<typeof apiKeySchema>;
export type NewApiKey = z.input<typeof newApiKeySchema>;
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;
