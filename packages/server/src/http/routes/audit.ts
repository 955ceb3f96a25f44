import { auditPageSchema, pageLimitSchema, type AuditPage } from "@shelflife/api-contract";
import { z } from "zod";

import { beforeSchema, filterSchema, PAGE_PARAMETERS, writeCursor } from "../page-query.ts";
import type { Route } from "../route.ts";
import { validateQuery } from "../validate.ts";

const querySchema = z.object({
  resource_type: filterSchema,
  limit: pageLimitSchema,
  before: beforeSchema,
});

/** Who changed what. */
export function auditRoute(path: string): Route {
  return {
    method: "get",
    path,
    summary: "The audit log, newest first.",
    permission: "audit:read",
    query: {
      resource_type: { description: "Only this kind of resource, such as `site_config`.", schema: z.string() },
      ...PAGE_PARAMETERS,
    },
    answers: { 200: { description: "A page, newest first.", schema: auditPageSchema } },
    async handle(context) {
      const { resource_type: resourceType, limit, before } = validateQuery(querySchema, context.req.query());
      const { rows, next } = await context.get("store").listAuditLog({ resourceType, limit, before });
      const page: AuditPage = {
        entries: rows.map((row) => ({
          id: row.id,
          time: row.time.toISOString(),
          user_id: row.user_id,
          user_email: row.user_email,
          ip: row.ip,
          user_agent: row.user_agent,
          resource_type: row.resource_type,
          resource_id: row.resource_id,
          resource_target: row.resource_target,
          action: row.action,
          diff: row.diff,
          additional_fields: row.additional_fields,
          request_id: row.request_id,
        })),
        next_before: writeCursor(next),
      };
      return context.json(page);
    },
  };
}
