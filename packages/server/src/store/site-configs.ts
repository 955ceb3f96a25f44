import { sql } from "kysely";

import { writeAudit, type AuditOrigin } from "./audit.ts";
import type { OpenTransaction } from "./database.ts";

/** A change of one stored setting. */
export interface SiteConfigChange {
  readonly key: string;
  /** What the audit calls it: its field on the wire. */
  readonly field: string;
  /** What stood there, or held without it. */
  readonly old: unknown;
  readonly new: boolean | number;
}

/** Lets two writers take turns, also where there is no row to lock yet; readers are not held up. */
export async function lockSiteConfigs(transaction: OpenTransaction): Promise<void> {
  await sql`LOCK TABLE site_configs IN SHARE ROW EXCLUSIVE MODE`.execute(transaction);
}

/** Stores a setting as text, and audits it with its old and its new value. */
export async function writeSiteConfig(
  transaction: OpenTransaction,
  change: SiteConfigChange,
  { origin, time }: { origin: AuditOrigin; time: Date },
): Promise<void> {
  const value = String(change.new);
  await transaction
    .insertInto("site_configs")
    .values({ key: change.key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
  await writeAudit(transaction, origin, {
    time,
    resourceType: "site_config",
    resourceTarget: change.key,
    action: "write",
    diff: { [change.field]: { old: change.old, new: change.new } },
  });
}
