const NAMES: Record<string, string> = {
  chats: "archived conversations",
  chat_files: "unused files",
  chats_auto_archived: "inactive conversations",
  chat_debug_runs: "debug runs",
  chat_debug_payload_partitions: "partitions of debug payloads",
  audit_logs: "entries of the audit log",
  purge_ledger: "rows of the ledger",
};

/** What one kind of record is called; a kind that this page does not know yet is called by its own name. */
export function recordName(recordType: string): string {
  return NAMES[recordType] ?? recordType.replaceAll("_", " ");
}
