import type { AuditAction } from "@shelflife/api-contract";

import { newId, type OpenTransaction } from "./database.ts";

/** Who did something, and from where; written into every audit entry. */
export interface AuditOrigin {
  /** Null where the system or an operator at the command line acted. */
  readonly userId: string | null;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly requestId?: string | undefined;
  /** What the request was answered with; left out where nobody asked over HTTP. */
  readonly statusCode?: number | undefined;
  /** The part of the system that acted, where no person did. */
  readonly subsystem?: string | undefined;
}

export interface AuditEntry {
  readonly time: Date;
  readonly resourceType: "site_config" | "user_config" | "user" | "api_key" | "chat" | "purge";
  readonly resourceId?: string;
  readonly resourceTarget: string;
  readonly action: AuditAction;
  readonly diff: Record<string, { old: unknown; new: unknown }>;
}

/** Writes an audit entry in the transaction of the change that it records, so that neither can exist without the other. */
export async function writeAudit(transaction: OpenTransaction, origin: AuditOrigin, entry: AuditEntry): Promise<void> {
  await writeAuditEntries(transaction, origin, [entry]);
}

/** The same for several entries of one origin, at most a thousand. */
export async function writeAuditEntries(
  transaction: OpenTransaction,
  origin: AuditOrigin,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    id: newId(),
    time: entry.time,
    user_id: origin.userId,
    ip: origin.ip ?? null,
    user_agent: origin.userAgent?.slice(0, 500) ?? null,
    request_id: origin.requestId ?? null,
    resource_type: entry.resourceType,
    resource_id: entry.resourceId ?? "",
    resource_target: entry.resourceTarget,
    action: entry.action,
    diff: JSON.stringify(entry.diff),
    status_code: origin.statusCode ?? 0,
    additional_fields: JSON.stringify(origin.subsystem === undefined ? {} : { subsystem: origin.subsystem }),
  }));
  await transaction.insertInto("audit_logs").values(rows).execute();
}
