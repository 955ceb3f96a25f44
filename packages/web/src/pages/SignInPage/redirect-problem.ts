import type { Problem } from "../../api/data-state.ts";

/** What a failed sign-in by OpenID Connect is told as; the address holds a code alone. */
export function problemOfRedirect(code: string | undefined): Problem | undefined {
  if (code === undefined) return undefined;
  const message = MESSAGES[code] ?? "Signing in did not succeed. Try again, or ask an administrator.";
  return { message, detail: undefined };
}

const MESSAGES: Record<string, string> = {
  access_denied: "The sign-in service did not let you in.",
  signup_disabled: "You have no account here. An administrator can make one.",
  email_not_verified: "The sign-in service has not verified your e-mail address.",
};
