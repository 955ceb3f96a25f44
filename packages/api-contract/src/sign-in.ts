import { z } from "zod";

import { PASSWORD_CHARACTERS_MAX } from "./limits.ts";
import { personSchema } from "./people.ts";
import { emailSchema, nameSchema, newPasswordSchema } from "./users.ts";

/** Whether nobody has an account yet: `GET /api/experimental/set-up`. */
export const setUpStateSchema = z.object({ needed: z.boolean() });

/** Whose chats are recorded to begin with: everybody's, those of whoever switches it on, or nobody's. */
export const DEBUG_LOGGING_CHOICES = ["everyone", "opt_in", "nobody"] as const;

/** What `POST /api/experimental/set-up` takes. It makes the first administrator, and signs them in. */
export const setUpSchema = z.strictObject({
  token: z.string().min(1).max(200).describe("What stands behind `#token=` in the link that the server printed."),
  email: emailSchema,
  name: nameSchema.max(200).optional(),
  password: newPasswordSchema,
  debug_logging: z.enum(DEBUG_LOGGING_CHOICES),
});

/** How one can sign in here: `GET /api/auth/methods`. */
export const signInMethodsSchema = z.object({
  password: z.boolean(),
  openid_connect: z
    .object({ provider_id: z.string(), name: z.string().describe("What to write on the button.") })
    .nullable(),
});

/*
 * Below `/api/auth` names are in camel case: these are endpoints of the library that signs people in, and clients made for
 * it may call them.
 */

/** `POST /api/auth/sign-in/email`. Its answer sets the session cookie. */
export const passwordSignInSchema = z.strictObject({
  email: emailSchema,
  password: z.string().min(1).max(PASSWORD_CHARACTERS_MAX),
});

/** A path of this server: one slash and then no other, so that it can never name another host. */
const ownPath = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[^\\\s]*$/, { error: "must be a path of this server, such as /chats" });

/** `POST /api/auth/sign-in/oauth2`. Its answer says where to send the browser. */
export const openIdConnectSignInSchema = z.strictObject({
  providerId: z.literal("oidc").optional(),
  callbackURL: ownPath.optional().describe("Where the browser is sent when somebody has signed in; / unless told."),
  errorCallbackURL: ownPath
    .optional()
    .describe("Where it is sent when that failed, with `?error=` and a code; /sign-in unless told."),
});

export const openIdConnectRedirectSchema = z.object({ url: z.url(), redirect: z.literal(true) });

/** `POST /api/auth/change-password`. Every other session of the person ends with it. */
export const passwordChangeSchema = z.strictObject({
  currentPassword: z.string().min(1).max(PASSWORD_CHARACTERS_MAX),
  newPassword: newPasswordSchema,
});

export const signedInSchema = z.object({ user: personSchema });

/** `GET /api/auth/get-session`: null where the browser has none. */
export const sessionSchema = z
  .object({ user: personSchema, session: z.object({ expiresAt: z.iso.datetime() }) })
  .nullable();

export type DebugLoggingChoice = (typeof DEBUG_LOGGING_CHOICES)[number];
export type SetUpState = z.infer<typeof setUpStateSchema>;
export type SetUp = z.input<typeof setUpSchema>;
export type SignInMethods = z.infer<typeof signInMethodsSchema>;
export type PasswordSignIn = z.input<typeof passwordSignInSchema>;
export type OpenIdConnectSignIn = z.input<typeof openIdConnectSignInSchema>;
export type PasswordChange = z.input<typeof passwordChangeSchema>;
export type SignedIn = z.infer<typeof signedInSchema>;
export type Session = z.infer<typeof sessionSchema>;
