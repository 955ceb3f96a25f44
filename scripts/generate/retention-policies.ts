import type { RetentionSettingName } from "@shelflife/api-contract";

import { RETENTION_POLICIES } from "../../packages/server/src/retention/policies/policy-list.ts";
import { table } from "./markdown-table.ts";

const LEAD = `# Retention policies

Every kind of data that goes by itself, in the order in which a [tick](purge.md) runs them. A policy that fails keeps no other
from running. Windows are days, counted from the clock; 0 keeps for ever, or archives nothing, and 3650 is the longest.`;

const HEADER = ["Policy", "What it does", "Record type", "Window", "Default", "Clock"];

/** The page of a setting, below `docs/settings/`. */
const PAGES: Record<RetentionSettingName, string> = {
  "retention-days": "chat-retention",
  "debug-retention-days": "debug-retention",
  "auto-archive-days": "auto-archive",
  "audit-retention-days": "audit-retention",
  "ledger-retention-days": "ledger-retention",
};

/** The page on the policies: a table of the list that the purge runs. */
export function retentionPoliciesMarkdown(): string {
  const rows = RETENTION_POLICIES.map(({ name, action, recordType, setting, clock }) => [
    `\`${name}\``,
    action === "delete" ? "deletes" : "archives",
    `\`${recordType}\``,
    `[\`${setting.name}\`](settings/${PAGES[setting.name]}.md)`,
    String(setting.defaultDays),
    clock,
  ]);
  return `${LEAD}\n\n${table([HEADER, ...rows])}\n`;
}
