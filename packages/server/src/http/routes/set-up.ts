import { JSON_BODY_BYTES, personSchema, setUpSchema, setUpStateSchema } from "@shelflife/api-contract";

import { authorizedStore } from "../../authz/authorized-store.ts";
import { hasCode } from "../../coded-error.ts";
import { hashPassword } from "../../sign-in/password-hash.ts";
import { hashSetUpToken } from "../../sign-in/set-up-link.ts";
import { anonymousOrigin } from "../audit-origin.ts";
import type { AuthenticationParts } from "../authenticate.ts";
import { browserOf, setCookies } from "../browser.ts";
import { HttpError } from "../http-error.ts";
import { limitAttempts, type Limit } from "../limit-attempts.ts";
import { requireOwnPage } from "../own-page.ts";
import { readJson } from "../read-json.ts";
import { renderPerson } from "../render-person.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

const SET_UP_LIMIT: Limit = { name: "set-up", max: 20, windowMs: 60_000 };

/** Making the first administrator, by the link that the server prints when nobody has an account. */
export function setUpRoutes(path: string, { store, signIn, publicUrl }: AuthenticationParts): Route[] {
  const anonymous = authorizedStore(store, { kind: "anonymous" });
  return [
    {
      method: "get",
      path,
      summary: "Whether nobody has an account yet.",
      permission: null,
      answers: { 200: { description: "Whether set-up is needed.", schema: setUpStateSchema } },
      handle: async (context) => context.json({ needed: await anonymous.isSetUpNeeded() }),
    },
    {
      method: "post",
      path,
      summary: "Make the first administrator, and sign them in. It succeeds once.",
      permission: null,
      body: { schema: setUpSchema, description: "The token of the printed link, the person, and who is recorded." },
      answers: {
        201: { description: "The administrator; the answer sets the session cookie.", schema: personSchema },
        403: { description: "The token is not in force." },
        409: { description: "Somebody has an account already." },
        429: { description: "Too many attempts; `Retry-After` says when to try again." },
      },
      async handle(context) {
        requireOwnPage(context, publicUrl);
        await limitAttempts(context, anonymous, SET_UP_LIMIT);
        if (!(await anonymous.isSetUpNeeded())) throw alreadySetUp();
        const body = validate(setUpSchema, await readJson(context, JSON_BODY_BYTES));
        const { email, name = "", password } = body;
        try {
          const person = await anonymous.completeSetUp(
            {
              tokenHash: hashSetUpToken(body.token),
              email,
              name,
              passwordHash: await hashPassword(password),
              debugLogging: body.debug_logging,
            },
            { ...anonymousOrigin(context), subsystem: "set_up" },
          );
          const { cookies } = await signIn.withPassword({ email, password }, browserOf(context));
          setCookies(context, cookies);
          return context.json(renderPerson(person), 201);
        } catch (error) {
          if (hasCode(error, "conflict")) throw alreadySetUp();
          if (!hasCode(error, "set_up_token_refused")) throw error;
          throw new HttpError(
            403,
            "forbidden",
            "This link is not in force. It can be used once, within 24 hours; start the server again to get another.",
          );
        }
      },
    },
  ];
}

function alreadySetUp(): HttpError {
  return new HttpError(409, "conflict", "This deployment has been set up already. Sign in, or ask its administrator.");
}
