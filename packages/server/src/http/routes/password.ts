import { JSON_BODY_BYTES, passwordChangeSchema } from "@shelflife/api-contract";
import { z } from "zod";

import { hashPassword, isPasswordOf } from "../../sign-in/password-hash.ts";
import { auditOrigin } from "../audit-origin.ts";
import { callerOf } from "../caller.ts";
import { HttpError } from "../http-error.ts";
import { limitAttempts, type Limit } from "../limit-attempts.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

/** How often one person may try: whoever finds an open browser must not guess the password there. */
const CHANGE_LIMIT: Limit = { name: "password-change", max: 10, windowMs: 900_000 };

/** Changing one's own password, which ends all of one's other sessions. */
export function passwordRoute(prefix: string): Route {
  return {
    method: "post",
    path: `${prefix}/change-password`,
    summary: "Change one's password, and sign out everywhere else. At most 10 attempts in 15 minutes.",
    permission: "own_keys:manage",
    body: { schema: passwordChangeSchema, description: "The password that one has, and the one to have." },
    answers: {
      200: { description: "Changed.", schema: z.object({ success: z.literal(true) }) },
      400: { description: "The current password is another." },
      409: { description: "The person has no password." },
      429: { description: "Too many attempts; `Retry-After` says when to try again." },
    },
    async handle(context) {
      const store = context.get("store");
      const { userId, sessionId } = callerOf(context);
      await limitAttempts(context, store, CHANGE_LIMIT, userId);
      const { currentPassword, newPassword } = validate(passwordChangeSchema, await readJson(context, JSON_BODY_BYTES));
      const current = await store.readPasswordHash(userId);
      if (current === undefined) {
        throw new HttpError(409, "conflict", "You sign in without a password, so that there is none to change.");
      }
      if (!(await isPasswordOf(current, currentPassword))) {
        const message = "The current password is wrong.";
        throw new HttpError(400, "validation_failed", message, {
          validations: [{ field: "currentPassword", detail: message }],
        });
      }
      const passwordHash = await hashPassword(newPassword);
      await store.changePassword({ userId, passwordHash, keptSessionId: sessionId }, auditOrigin(context));
      return context.json({ success: true });
    },
  };
}
