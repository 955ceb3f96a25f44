import { z } from "zod";

import { PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from "./limits.ts";

/** `owner` is the administrator of the deployment; it opens nobody else's chats. */
export const ROLES = ["member", "auditor", "owner"] as const;

/** `ingest` keys may only record. */
export const KEY_SCOPES = ["full", "ingest"] as const;

export type Role = (typeof ROLES)[number];
export type KeyScope = (typeof KEY_SCOPES)[number];

export const emailSchema = z.email().max(254).toLowerCase();

/** A password that somebody chooses. */
export const newPasswordSchema = z.string().min(PASSWORD_CHARACTERS_MIN).max(PASSWORD_CHARACTERS_MAX);

/** A name as people write it. No text column of the database takes the character U+0000. */
export const nameSchema = z
  .string()
  .trim()
  .refine((text) => !text.includes("\0"), { error: "must not hold the character U+0000" });
