import type {
  ChatStatus,
  KeyScope,
  MessageRole,
  Role,
  RunKind,
  RunStatus,
  StepOperation,
} from "@shelflife/api-contract";
import type { ColumnType, Generated } from "kysely";

import type { SignInTables } from "./sign-in-tables.ts";

/** The columns of every table that the store reads or writes, as the migrations define them. */

/** A column with a default: it may be left out of an insert. */
type Defaulted<T> = ColumnType<T, T | undefined, T>;
/** A JSON column: objects come out; text goes in, so that nothing depends on how the driver serialises. */
type Json<T> = ColumnType<T, string | undefined, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

export interface OrganizationsTable {
  id: string;
  name: string;
  created_at: Defaulted<Date>;
}

export interface UsersTable {
  id: string;
  email: string;
  email_verified: Defaulted<boolean>;
  name: Defaulted<string>;
  role: Defaulted<Role>;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
}

export interface ApiKeysTable {
  id: string;
  user_id: string;
  name: Defaulted<string>;
  scope: Defaulted<KeyScope>;
  key_hash: Buffer;
  key_start: string;
  created_at: Defaulted<Date>;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface ChatsTable {
  id: string;
  owner_id: string;
  organization_id: string;
  recorder_id: string | null;
  title: Defaulted<string>;
  status: Defaulted<ChatStatus>;
  parent_chat_id: string | null;
  root_chat_id: string | null;
  archived: Defaulted<boolean>;
  archived_at: Date | null;
  last_activity_at: Date | null;
  purging_at: Date | null;
  pin_order: Defaulted<number>;
  labels: Json<Record<string, string>>;
  last_read_message_id: number | null;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
}

export interface ChatMessagesTable {
  id: Generated<number>;
  chat_id: string;
  created_at: Defaulted<Date>;
  role: MessageRole;
  content: Json<StoredContent>;
  visibility: Defaulted<"both" | "user" | "model">;
  created_by: string | null;
  deleted: Defaulted<boolean>;
}

export interface ChatQueuedMessagesTable {
  id: Generated<number>;
  chat_id: string;
  content: Json<StoredContent>;
  created_at: Defaulted<Date>;
}

/** The parts of a message, as they were sent. */
export type StoredContent = readonly { readonly type: string; readonly [field: string]: unknown }[];

export interface ChatFilesTable {
  id: string;
  owner_id: string;
  organization_id: string;
  created_at: Defaulted<Date>;
  name: Defaulted<string>;
  mimetype: string;
  data: Buffer;
}

export interface ChatFileLinksTable {
  chat_id: string;
  file_id: string;
}

export interface ChatDebugRunsTable {
  id: string;
  chat_id: string;
  root_chat_id: string | null;
  parent_chat_id: string | null;
  model_config_id: string | null;
  trigger_message_id: number | null;
  history_tip_message_id: number | null;
  kind: Defaulted<RunKind>;
  status: Defaulted<RunStatus>;
  provider: string | null;
  model: string | null;
  summary: Json<Record<string, unknown>>;
  started_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
  finished_at: Date | null;
  payload_at: Date | null;
}

export interface ChatDebugStepsTable {
  id: string;
  run_id: string;
  chat_id: string;
  step_number: number;
  operation: Defaulted<StepOperation>;
  status: Defaulted<RunStatus>;
  history_tip_message_id: number | null;
  assistant_message_id: number | null;
  usage: NullableJson<Record<string, unknown>>;
  error: NullableJson<Record<string, unknown>>;
  metadata: Json<Record<string, unknown>>;
  started_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
  finished_at: Date | null;
  payload_bytes: Defaulted<number>;
}

export interface ChatDebugPayloadsTable {
  chat_id: string;
  run_id: string;
  step_id: string;
  recorded_at: Date;
  request: Buffer | null;
  response: Buffer | null;
  attempts: Buffer | null;
  chunks: Buffer | null;
  chunk_index: Buffer | null;
}

export interface TombstonesTable {
  kind: "chat" | "run";
  id: string;
  created_at: Defaulted<Date>;
}

export interface SiteConfigsTable {
  key: string;
  value: string;
}

export interface AuditLogsTable {
  id: string;
  time: Date;
  user_id: string | null;
  organization_id: string | null;
  ip: string | null;
  user_agent: string | null;
  resource_type: string;
  resource_id: Defaulted<string>;
  resource_target: Defaulted<string>;
  action: string;
  diff: Json<Record<string, { old: unknown; new: unknown }>>;
  status_code: Defaulted<number>;
  additional_fields: Json<Record<string, unknown>>;
  request_id: string | null;
}

export type LedgerOutcome = "running" | "success" | "failure" | "disabled" | "aborted";

export interface PurgeLedgerTable {
  id: string;
  tick_id: string;
  policy: string;
  record_type: string;
  outcome: Defaulted<LedgerOutcome>;
  window_days: number | null;
  cutoff: Date | null;
  expired: Defaulted<number>;
  deleted: Defaulted<number>;
  bytes: Defaulted<number>;
  batches: Defaulted<number>;
  remaining: Defaulted<number>;
  started_at: Date;
  finished_at: Date | null;
  duration_ms: number | null;
  error: string | null;
  replica: Defaulted<string>;
}

export interface Tables extends SignInTables {
  organizations: OrganizationsTable;
  users: UsersTable;
  api_keys: ApiKeysTable;
  chats: ChatsTable;
  chat_messages: ChatMessagesTable;
  chat_queued_messages: ChatQueuedMessagesTable;
  chat_files: ChatFilesTable;
  chat_file_links: ChatFileLinksTable;
  chat_debug_runs: ChatDebugRunsTable;
  chat_debug_steps: ChatDebugStepsTable;
  chat_debug_payloads: ChatDebugPayloadsTable;
  tombstones: TombstonesTable;
  site_configs: SiteConfigsTable;
  audit_logs: AuditLogsTable;
  purge_ledger: PurgeLedgerTable;
}
