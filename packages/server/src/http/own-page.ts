import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/**
 * Refuses what a browser was made to send by a page of another site. What sends neither header is no browser, and nobody
 * can make it send a cookie that it should not.
 *
 * @throws HttpError 403
 */
export function requireOwnPage({ req }: RequestContext, publicUrl: string | undefined): void {
  const site = req.header("Sec-Fetch-Site");
  if (site === "same-origin") return;
  const origin = req.header("Origin");
  if (site === undefined && (origin === undefined || isOwnOrigin(origin, req.header("Host"), publicUrl))) return;
  throw new HttpError(403, "forbidden", "A change with a session cookie must come from a page of this server.");
}

function isOwnOrigin(origin: string, host: string | undefined, publicUrl: string | undefined): boolean {
  // Only the host is compared: behind a proxy that ends TLS the scheme differs, and one may rewrite the header Host.
  const asked = URL.parse(origin)?.host;
  if (asked === undefined) return false;
  return asked === host || (publicUrl !== undefined && asked === URL.parse(publicUrl)?.host);
}
