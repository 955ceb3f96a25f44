import { isIP } from "node:net";

import { z } from "zod";

/** What the variables for signing in accept. */

/** Where browsers reach the server, as an origin. */
export const publicUrl = z.string().transform((text, context) => {
  const url = URL.parse(text.trim());
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/";
  if (!isOrigin || url.search + url.hash + url.username + url.password !== "") {
    context.addIssue({
      code: "custom",
      message: "must be a URL without a path, such as https://shelflife.example.com",
    });
    return z.NEVER;
  }
  return url.origin;
});

/** A provider is asked over https; only one on this machine, for trying things out, over http. */
export const issuer = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    if (url === null || url.search + url.hash + url.username + url.password !== "") return false;
    return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  },
  { error: "must be an https URL, such as https://accounts.example.com" },
);

export const secret = z.string().min(32, { error: "must have at least 32 characters" });

export const anyText = z.string().trim().min(1, { error: "must not be blank" });

export const scopes = z
  .string()
  .transform((text) => text.trim().split(/[\s,]+/))
  .refine((words) => words.includes("openid"), { error: "must be names with spaces between them, openid among them" });

export const emailDomains = z
  .string()
  .transform((text) =>
    text
      .toLowerCase()
      .trim()
      .split(/[\s,]+/),
  )
  .refine((domains) => domains.every((domain) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)), {
    error: "must be domains such as example.com, with commas between them",
  });

/** Addresses, or ranges of them such as 10.0.0.0/8. */
export const addresses = z
  .string()
  .transform((text) => text.trim().split(/[\s,]+/))
  .refine((list) => list.every(isAddressOrRange), {
    error: "must be addresses or ranges such as 10.0.0.0/8, with commas between them",
  });

function isAddressOrRange(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** Variables that mean something together only. */
export const OIDC_TOGETHER = [
  "SHELFLIFE_OIDC_ISSUER",
  "SHELFLIFE_OIDC_CLIENT_ID",
  "SHELFLIFE_OIDC_CLIENT_SECRET",
] as const;
