import type { AuditOrigin } from "../store/audit.ts";
import type { RequestContext } from "./environment.ts";

/** Who makes this request and from where, for the audit. */
export function auditOrigin(context: RequestContext): AuditOrigin {
  const actor = context.get("actor");
  return { ...anonymousOrigin(context), userId: actor.kind === "user" ? actor.userId : null };
}

/** From where a request comes of somebody who has not been identified. */
export function anonymousOrigin(context: RequestContext): AuditOrigin {
  return {
    userId: null,
    ip: context.get("clientAddress"),
    userAgent: context.req.header("User-Agent"),
    requestId: context.get("requestId"),
    statusCode: context.get("successStatus"),
  };
}
