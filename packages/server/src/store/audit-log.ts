import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import type { Database } from "./database.ts";
import { pageOf, type Page, type PageCursor } from "./page-cursor.ts";

/** An entry of the audit log, with the address of whoever acted as far as they are still there. */
export interface AuditRow {
  readonly id: string;
  readonly time: Date;
  readonly user_id: string | null;
  readonly user_email: string | null;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly resource_target: string;
  readonly action: string;
  readonly diff: Record<string, { old: unknown; new: unknown }>;
  readonly additional_fields: Record<string, unknown>;
  readonly request_id: string | null;
}

export interface AuditQuery {
  readonly resourceType?: string | undefined;
  readonly limit: number;
  readonly before?: PageCursor | undefined;
}

export interface AuditLogStore {
  /** Who changed what, newest first. */
  listAuditLog(query: AuditQuery): Promise<Page<AuditRow>>;
  /** Writes down that somebody starts a purge. */
  auditPurgeStart(origin: AuditOrigin): Promise<void>;
}

export function auditLogStore(database: Database, clock: Clock): AuditLogStore {
  return {
    async listAuditLog({ resourceType, limit, before }) {
      const conditions = [
        resourceType === undefined ? undefined : sql`entry.resource_type = ${resourceType}`,
        before === undefined
          ? undefined
          : sql`(entry.time, entry.id) < (${before.time}::timestamptz, ${before.id}::uuid)`,
      ].filter((condition) => condition !== undefined);
      const { rows } = await sql<AuditRow & { cursor_time: string }>`
        SELECT
          entry.id, entry.time, entry.user_id, users.email AS user_email, host(entry.ip) AS ip, entry.user_agent,
          entry.resource_type, entry.resource_id, entry.resource_target, entry.action, entry.diff, entry.additional_fields,
          entry.request_id, entry.time::text AS cursor_time
        FROM audit_logs AS entry
        LEFT JOIN users ON users.id = entry.user_id
        ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.join(conditions, sql` AND `)}`}
        ORDER BY entry.time DESC, entry.id DESC
        LIMIT ${limit + 1}
      `.execute(database);
      return pageOf(rows, limit);
    },

    async auditPurgeStart(origin) {
      await database.transaction().execute((transaction) =>
        writeAudit(transaction, origin, {
          time: clock.now(),
          resourceType: "purge",
          resourceTarget: "purge",
          action: "start",
          diff: {},
        }),
      );
    },
  };
}
