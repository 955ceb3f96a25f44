import type { BetterAuthOptions } from "better-auth";

import type { Log } from "../log.ts";

type LibraryLogger = NonNullable<BetterAuthOptions["logger"]>;

/** What an answer of an identity provider may say of a failure without holding a secret. */
const TELLING_FIELDS = ["status", "error", "error_description", "expected", "received", "providerId"] as const;

/**
 * Takes what the library logs into the server's own log. What it passes along may be anything, requests and tokens
 * included, so that only errors and a few fields by name are kept.
 */
export function libraryLogger(log: Log): LibraryLogger {
  return {
    level: "warn",
    disableColors: true,
    log(level, message, ...details: unknown[]) {
      const kept = Object.assign({}, ...details.map(describe)) as Record<string, unknown>;
      // A wrong password is a warning there; here it is the everyday business of signing in.
      if (level === "error") log.error(kept, message);
      else log.debug(kept, message);
    },
  };
}

function describe(detail: unknown): Record<string, unknown> {
  if (detail instanceof Error) return { err: detail };
  if (typeof detail !== "object" || detail === null) return {};
  const entries = TELLING_FIELDS.map((field) => [field, Reflect.get(detail, field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => typeof value === "string" || typeof value === "number"));
}
