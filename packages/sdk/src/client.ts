import {
  type DebugBatch,
  type DebugBatchResult,
  type DebugRun,
  type DebugRunSkeleton,
  type DebugRunSummary,
  type DebugStep,
  RETENTION_SETTINGS,
  type RetentionSettingName,
  debugBatchResultSchema,
  debugRunSchema,
  debugRunSkeletonSchema,
  debugRunSummarySchema,
  debugStepSchema,
} from "@shelflife/api-contract";

import { ChatsClient } from "./chats-client.ts";
import { PeopleClient } from "./people-client.ts";
import type { AnswerSchema } from "./read-answer.ts";
import { RetentionClient } from "./retention-client.ts";
import { SignInClient } from "./sign-in-client.ts";
import { type RequestOptions, type ShelflifeClientOptions, Transport } from "./transport.ts";

const CHATS = "api/experimental/chats";

export interface RecordOptions extends RequestOptions {
  /** Compresses bodies above 1 KiB; true unless told. */
  gzip?: boolean;
}

/**
 * A typed client of the Shelflife API. Its methods reject with a `ShelflifeError`; the one exception is a body that
 * cannot be written as JSON, which is the caller's mistake and a `TypeError`.
 */
export class ShelflifeClient {
  /** Chats, their messages and their files. */
  readonly chats: ChatsClient;
  /** What the purge does and did: status, ledger, previews; and the switches of debug logging. */
  readonly retention: RetentionClient;
  /** The signed-in person, their keys, everybody's accounts, and the audit log. */
  readonly people: PeopleClient;
  /** Signing in and out by a page of the server itself. */
  readonly signIn: SignInClient;
  readonly #transport: Transport;

  /** @throws {TypeError} for a base URL or a key that no request could be made with. */
  constructor(options: ShelflifeClientOptions) {
    this.#transport = new Transport(options);
    this.chats = new ChatsClient(this.#transport);
    this.retention = new RetentionClient(this.#transport);
    this.people = new PeopleClient(this.#transport);
    this.signIn = new SignInClient(this.#transport);
  }

  /** The retention window in force, in days; 0 keeps the data for ever. */
  async getRetentionDays(name: RetentionSettingName, options?: RequestOptions): Promise<number> {
    const { field } = RETENTION_SETTINGS[name];
    const schema = daysSchema(field);
    return this.#transport.answer(`${CHATS}/config/${name}`, schema, { ...options });
  }

  /** Sets a retention window, in whole days from 0 (for ever) to 3650. Needs the right to update the deployment. */
  async setRetentionDays(name: RetentionSettingName, days: number, options?: RequestOptions): Promise<void> {
    const body = { [RETENTION_SETTINGS[name].field]: days };
    await this.#transport.call(`${CHATS}/config/${name}`, { ...options, method: "PUT", body });
  }

  /** How long debug runs are kept after their last write, in days; 0 keeps them for ever. */
  getDebugRetentionDays(options?: RequestOptions): Promise<number> {
    return this.getRetentionDays("debug-retention-days", options);
  }

  setDebugRetentionDays(days: number, options?: RequestOptions): Promise<void> {
    return this.setRetentionDays("debug-retention-days", days, options);
  }

  /** The newest debug runs of a chat, newest first, at most 100. A chat that is not the caller's is `not_found`. */
  listDebugRuns(chatId: string, options?: RequestOptions): Promise<DebugRunSummary[]> {
    const path = `${CHATS}/${encodeURIComponent(chatId)}/debug/runs`;
    return this.#transport.answer(path, debugRunSummarySchema.array(), { ...options });
  }

  /** One debug run with its steps, ordered by their number. */
  getDebugRun(chatId: string, runId: string, options?: RequestOptions): Promise<DebugRun> {
    return this.#transport.answer(runPath(chatId, runId), debugRunSchema, { ...options });
  }

  /** One debug run with its steps as `getDebugRun` answers it, without the payloads: a long run stays a small answer. */
  getDebugRunSkeleton(chatId: string, runId: string, options?: RequestOptions): Promise<DebugRunSkeleton> {
    return this.#transport.answer(`${runPath(chatId, runId)}?payloads=false`, debugRunSkeletonSchema, { ...options });
  }

  /** One step of a debug run with its payloads. */
  getDebugStep(chatId: string, runId: string, stepId: string, options?: RequestOptions): Promise<DebugStep> {
    const path = `${runPath(chatId, runId)}/steps/${encodeURIComponent(stepId)}`;
    return this.#transport.answer(path, debugStepSchema, { ...options });
  }

  /**
   * The newest runs of a chat, at most 100, with all their payloads, as one JSON document (`DebugChatExport`). It is
   * streamed: read it as it comes, or write it to a file.
   */
  exportChatDebug(chatId: string, options?: RequestOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.openStream(`${CHATS}/${encodeURIComponent(chatId)}/debug/export`, { ...options });
  }

  /** One run with all its payloads, as a JSON document (`DebugRunExport`). */
  exportDebugRun(chatId: string, runId: string, options?: RequestOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.openStream(`${runPath(chatId, runId)}/export`, { ...options });
  }

  /** Upserts chats, runs and steps by id. Sending a batch again changes nothing; a bad item is answered, not thrown. */
  recordDebugBatch(batch: DebugBatch, options?: RecordOptions): Promise<DebugBatchResult> {
    const call = { ...options, method: "POST" as const, body: batch, gzip: options?.gzip ?? true };
    return this.#transport.answer(`${CHATS}/debug/batch`, debugBatchResultSchema, call);
  }

  /** Whether the server is there and can serve; never rejects. */
  async isReady(options?: RequestOptions): Promise<boolean> {
    try {
      await this.#transport.call("readyz", { ...options });
      return true;
    } catch {
      return false;
    }
  }
}

function runPath(chatId: string, runId: string): string {
  return `${CHATS}/${encodeURIComponent(chatId)}/debug/runs/${encodeURIComponent(runId)}`;
}

/** Each setting's body has one field of its own name. */
function daysSchema(field: string): AnswerSchema<number> {
  return {
    safeParse(value) {
      const days: unknown = typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
      return Number.isInteger(days) ? { success: true, data: days as number } : { success: false };
    },
  };
}
