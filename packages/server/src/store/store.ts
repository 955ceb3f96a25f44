import type { Clock } from "../clock.ts";
import { apiKeysStore, type ApiKeysStore } from "./api-keys.ts";
import { archiveClocksStore, type ArchiveClocksStore } from "./archive-clocks.ts";
import { archivedChatPurgeStore, type ArchivedChatPurgeStore } from "./archived-chat-purge.ts";
import { archivedChatsStore, type ArchivedChatsStore } from "./archived-chats.ts";
import { auditPurgeStore, type AuditPurgeStore } from "./audit-purge.ts";
import { chatAutoArchiveStore, type ChatAutoArchiveStore } from "./chat-auto-archive.ts";
import { auditLogStore, type AuditLogStore } from "./audit-log.ts";
import { chatChangesStore, type ChatChangesStore } from "./chat-changes.ts";
import { chatDeletionStore, type ChatDeletionStore } from "./chat-deletion.ts";
import { chatFilePurgeStore, type ChatFilePurgeStore } from "./chat-file-purge.ts";
import { chatListStore, type ChatListStore } from "./chat-list.ts";
import { chatsStore, type ChatsStore } from "./chats.ts";
import type { Database } from "./database.ts";
import { debugIngestStore, type DebugIngestStore } from "./debug-ingest.ts";
import { debugLoggingStore, type DebugLoggingStore } from "./debug-logging.ts";
import { debugRunPreviewStore, type DebugRunPreviewStore } from "./debug-run-preview.ts";
import { debugRunPurgeStore, type DebugRunPurgeStore } from "./debug-run-purge.ts";
import { debugRunsStore, type DebugRunsStore } from "./debug-runs.ts";
import { deploymentSecretsStore, type DeploymentSecretsStore } from "./deployment-secrets.ts";
import { digestOutboxStore, type DigestOutboxStore } from "./digest-outbox.ts";
import { filesStore, type FilesStore } from "./files.ts";
import { inactiveChatsStore, type InactiveChatsStore } from "./inactive-chats.ts";
import { ledgerPurgeStore, type LedgerPurgeStore } from "./ledger-purge.ts";
import { ledgerPageStore, type LedgerPageStore } from "./ledger-page.ts";
import { messageEditsStore, type MessageEditsStore } from "./message-edits.ts";
import { messagesStore, type MessagesStore } from "./messages.ts";
import type { PartitionLength } from "./partition-ranges.ts";
import { passwordsStore, type PasswordsStore } from "./passwords.ts";
import { PayloadPartitions } from "./payload-partitions.ts";
import { payloadPreviewStore, type PayloadPreviewStore } from "./payload-preview.ts";
import { payloadPurgeStore, type PayloadPurgeStore } from "./payload-purge.ts";
import { purgeWindowsStore, type PurgeWindowsStore } from "./purge-windows.ts";
import { purgeLedgerStore, type PurgeLedgerStore } from "./purge-ledger.ts";
import { recordingFactsStore, type RecordingFactsStore } from "./recording-facts.ts";
import { retentionHistoryStore, type RetentionHistoryStore } from "./retention-history.ts";
import { retentionSettingsStore, type RetentionSettingsStore } from "./retention-settings.ts";
import { setUpStore, type SetUpStore } from "./set-up.ts";
import { signInAttemptsStore, type SignInAttemptsStore } from "./sign-in-attempts.ts";
import { traceNotesStore, type TraceNotesStore } from "./trace-notes.ts";
import { staleRunsStore, type StaleRunsStore } from "./stale-runs.ts";
import { usersStore, type UsersStore } from "./users.ts";

/** Everything that can be done to the data. Who may do it is decided around it, never in it. */
export type Store = ApiKeysStore &
  ArchiveClocksStore &
  ArchivedChatPurgeStore &
  ArchivedChatsStore &
  AuditPurgeStore &
  ChatAutoArchiveStore &
  AuditLogStore &
  ChatChangesStore &
  ChatDeletionStore &
  ChatFilePurgeStore &
  ChatListStore &
  ChatsStore &
  DebugIngestStore &
  DebugLoggingStore &
  DebugRunPreviewStore &
  DebugRunPurgeStore &
  DebugRunsStore &
  DeploymentSecretsStore &
  DigestOutboxStore &
  FilesStore &
  InactiveChatsStore &
  LedgerPurgeStore &
  LedgerPageStore &
  MessageEditsStore &
  MessagesStore &
  PasswordsStore &
  PayloadPreviewStore &
  PayloadPurgeStore &
  PurgeLedgerStore &
  PurgeWindowsStore &
  RecordingFactsStore &
  RetentionHistoryStore &
  RetentionSettingsStore &
  SetUpStore &
  SignInAttemptsStore &
  TraceNotesStore &
  StaleRunsStore &
  UsersStore;

export interface StoreParts {
  readonly database: Database;
  /** The same database without a pooler in between, for changes of the schema. */
  readonly directDatabase: Database;
  readonly clock: Clock;
  /** How much time a payload partition covers; a day unless told. */
  readonly partitionLength?: PartitionLength;
}

export function createStore({ database, directDatabase, clock, partitionLength = "day" }: StoreParts): Store {
  const partitions = new PayloadPartitions(directDatabase, partitionLength);
  return {
    ...apiKeysStore(database, clock),
    ...archiveClocksStore(database, clock),
    ...archivedChatPurgeStore(database, clock),
    ...archivedChatsStore(database),
    ...auditPurgeStore(database),
    ...chatAutoArchiveStore(database, clock),
    ...auditLogStore(database, clock),
    ...chatChangesStore(database, clock),
    ...chatDeletionStore(database, clock),
    ...chatFilePurgeStore(database),
    ...chatListStore(database),
    ...chatsStore(database, clock),
    ...debugIngestStore(database, partitions, clock),
    ...debugLoggingStore(database, clock),
    ...debugRunPreviewStore(database),
    ...debugRunPurgeStore(database),
    ...debugRunsStore(database),
    ...deploymentSecretsStore(database),
    ...digestOutboxStore(database),
    ...filesStore(database, clock),
    ...inactiveChatsStore(database),
    ...ledgerPurgeStore(database),
    ...ledgerPageStore(database),
    ...messageEditsStore(database, clock),
    ...messagesStore(database, clock),
    ...passwordsStore(database, clock),
    ...payloadPreviewStore(database),
    ...payloadPurgeStore(database, partitions),
    ...purgeLedgerStore(database, clock),
    ...purgeWindowsStore(database, clock),
    ...recordingFactsStore(database),
    ...retentionHistoryStore(database, partitions),
    ...retentionSettingsStore(database, clock),
    ...setUpStore(database, clock),
    ...signInAttemptsStore(database, clock),
    ...traceNotesStore(database, clock),
    ...staleRunsStore(database),
    ...usersStore(database, clock),
  };
}
