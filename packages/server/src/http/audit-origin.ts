import { isIP } from "node:net";

import { getConnInfo } from "@hono/node-server/conninfo";

import type { AuditOrigin } from "../store/audit.ts";
import type { RequestContext } from "./environment.ts";

/** Who makes this request and from where, for the audit. */
export function auditOrigin(context: RequestContext): AuditOrigin {
  const actor = context.get("actor");
  return {
    userId: actor.kind === "user" ? actor.userId : null,
    ip: remoteAddress(context),
    userAgent: context.req.header("User-Agent"),
    requestId: context.get("requestId"),
  };
}

/** The database takes only plain addresses: no zone, as a link-local one carries it, and nothing else. */
function remoteAddress(context: RequestContext): string | undefined {
  try {
    const address = getConnInfo(context).remote.address?.replace(/%.*$/, "") ?? "";
    return isIP(address) === 0 ? undefined : address;
  } catch {
    // A request that did not come through a socket has no address.
    return undefined;
  }
}
