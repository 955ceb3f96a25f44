import { z } from "zod";

export const AUDIT_ACTIONS = ["create", "write", "delete", "start"] as const;

/** Who changed what. Values are those of settings and states, never recorded content. */
export const auditEntrySchema = z.object({
  id: z.guid(),
  time: z.iso.datetime(),
  user_id: z.guid().nullable().describe("Null where the system or an operator at the command line acted."),
  user_email: z.string().nullable(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  resource_type: z.string(),
  resource_id: z.string(),
  resource_target: z.string(),
  action: z.string(),
  diff: z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() })),
  additional_fields: z.record(z.string(), z.unknown()),
  request_id: z.guid().nullable(),
});

/** A page of the audit log, newest first. */
export const auditPageSchema = z.object({ entries: z.array(auditEntrySchema), next_before: z.string().nullable() });

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
export type AuditEntry = z.infer<typeof auditEntrySchema>;
export type AuditPage = z.infer<typeof auditPageSchema>;
