import type { RetentionPolicy } from "../policy.ts";
import { createArchivedChatsPolicy } from "./archived-chats.ts";
import { createAuditLogPolicy } from "./audit-log.ts";
import { createChatFilesPolicy } from "./chat-files.ts";
import { createDebugPayloadsPolicy } from "./debug-payloads.ts";
import { createDebugRunsPolicy } from "./debug-runs.ts";
import { createInactiveChatsPolicy } from "./inactive-chats.ts";
import { createPurgeLedgerPolicy } from "./purge-ledger.ts";

/**
 * Every retention policy, in the order in which a tick runs them. Files come after the chats that link them, auto-archive
 * after the purge of archived chats, so that what it archives cannot go in the same tick, and payloads after their runs.
 */
export const RETENTION_POLICIES: readonly RetentionPolicy[] = [
  createArchivedChatsPolicy(),
  createChatFilesPolicy(),
  createInactiveChatsPolicy(),
  createDebugRunsPolicy(),
  createDebugPayloadsPolicy(),
  createAuditLogPolicy(),
  createPurgeLedgerPolicy(),
];
