import {
  type DebugLogging,
  type LedgerPage,
  type RetentionHistory,
  type RetentionPreview,
  type RetentionRun,
  type RetentionSettingName,
  type RetentionStatus,
  type UserDebugLogging,
  debugLoggingSchema,
  ledgerPageSchema,
  retentionHistorySchema,
  retentionPreviewSchema,
  retentionRunSchema,
  retentionStatusSchema,
  userDebugLoggingSchema,
} from "@shelflife/api-contract";

import { type RequestOptions, type Transport, queryOf } from "./transport.ts";

const CHATS = "api/experimental/chats";

export interface LedgerListing extends RequestOptions {
  policy?: string;
  outcome?: string;
  limit?: number;
  /** The `next_before` of the page before. */
  before?: string;
}

/** What the purge does and did, and whether debug data is recorded. */
export class RetentionClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What a purge with this window would delete or archive now, next to what the window in force would. */
  preview(name: RetentionSettingName, days: number, options?: RequestOptions): Promise<RetentionPreview> {
    const path = `${CHATS}/config/${name}/preview${queryOf({ days })}`;
    return this.#transport.answer(path, retentionPreviewSchema, { ...options });
  }

  status(options?: RequestOptions): Promise<RetentionStatus> {
    return this.#transport.answer(`${CHATS}/retention/status`, retentionStatusSchema, { ...options });
  }

  /** What every policy did in every tick, newest first. */
  ledger({ signal, ...query }: LedgerListing = {}): Promise<LedgerPage> {
    return this.#transport.answer(`${CHATS}/retention/ledger${queryOf(query)}`, ledgerPageSchema, { signal });
  }

  /** Stored payload bytes by age, and records purged by day. */
  history(options?: RequestOptions): Promise<RetentionHistory> {
    return this.#transport.answer(`${CHATS}/retention/history`, retentionHistorySchema, { ...options });
  }

  /** Starts a tick now, unless one is running. */
  run(options?: RequestOptions): Promise<RetentionRun> {
    return this.#transport.answer(`${CHATS}/retention/run`, retentionRunSchema, { ...options, method: "POST" });
  }

  /** Brings a window that waits for its grace period into force at once. */
  async waiveGrace(setting: RetentionSettingName, options?: RequestOptions): Promise<void> {
    const path = `${CHATS}/retention/waive-grace`;
    await this.#transport.call(path, { ...options, method: "POST", body: { setting } });
  }

  /** Whether people may record their own chats; for who may read the deployment's configuration. */
  getDebugLogging(options?: RequestOptions): Promise<DebugLogging> {
    return this.#transport.answer(`${CHATS}/config/debug-logging`, debugLoggingSchema, { ...options });
  }

  async setDebugLogging(allowUsers: boolean, options?: RequestOptions): Promise<void> {
    const body = { allow_users: allowUsers };
    await this.#transport.call(`${CHATS}/config/debug-logging`, { ...options, method: "PUT", body });
  }

  /** Whether the caller's own chats are recorded. */
  getUserDebugLogging(options?: RequestOptions): Promise<UserDebugLogging> {
    return this.#transport.answer(`${CHATS}/config/user-debug-logging`, userDebugLoggingSchema, { ...options });
  }

  async setUserDebugLogging(enabled: boolean, options?: RequestOptions): Promise<void> {
    const body = { debug_logging_enabled: enabled };
    await this.#transport.call(`${CHATS}/config/user-debug-logging`, { ...options, method: "PUT", body });
  }
}
