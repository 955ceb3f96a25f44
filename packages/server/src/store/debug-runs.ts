import { DEBUG_RUNS_LISTED, type RunKind, type RunStatus, type StepOperation } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Database } from "./database.ts";

/** A debug run as it is stored, without its steps. */
export interface StoredRun {
  readonly id: string;
  readonly chat_id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly provider: string | null;
  readonly model: string | null;
  readonly summary: Record<string, unknown>;
  readonly started_at: Date;
  readonly updated_at: Date;
  readonly finished_at: Date | null;
}

export interface StoredStep {
  readonly id: string;
  readonly run_id: string;
  readonly chat_id: string;
  readonly step_number: number;
  readonly operation: StepOperation;
  readonly status: RunStatus;
  readonly history_tip_message_id: number | null;
  readonly assistant_message_id: number | null;
  readonly usage: Record<string, unknown> | null;
  readonly error: Record<string, unknown> | null;
  readonly metadata: Record<string, unknown>;
  readonly started_at: Date;
  readonly updated_at: Date;
  readonly finished_at: Date | null;
  /** Compressed JSON, as it is stored; null where that part was never recorded. */
  readonly request: Buffer | null;
  readonly response: Buffer | null;
  readonly attempts: Buffer | null;
}

export interface StoredRunWithSteps extends StoredRun {
  readonly root_chat_id: string | null;
  readonly parent_chat_id: string | null;
  readonly model_config_id: string | null;
  readonly trigger_message_id: number | null;
  readonly history_tip_message_id: number | null;
  readonly steps: readonly StoredStep[];
}

/** Which chat, and on whose behalf it is read: a chat of another person does not exist for the reader. */
export interface ChatReading {
  readonly chatId: string;
  readonly readerId: string;
}

export interface DebugRunsStore {
  /** The newest runs of a chat, small rows only; undefined where the reader has no such chat. */
  listDebugRuns(reading: ChatReading): Promise<StoredRun[] | undefined>;
  /** A run with its steps and their payloads; undefined where the reader has no such run. */
  readDebugRun(reading: ChatReading & { runId: string }): Promise<StoredRunWithSteps | undefined>;
}

const SUMMARY_COLUMNS = [
  "run.id",
  "run.chat_id",
  "run.kind",
  "run.status",
  "run.provider",
  "run.model",
  "run.summary",
  "run.started_at",
  "run.updated_at",
  "run.finished_at",
] as const;

export function debugRunsStore(database: Database): DebugRunsStore {
  return {
    async listDebugRuns({ chatId, readerId }) {
      const chat = await database
        .selectFrom("chats")
        .select("id")
        .where("id", "=", chatId)
        .where("owner_id", "=", readerId)
        .where("purging_at", "is", null)
        .executeTakeFirst();
      if (chat === undefined) return undefined;
      return database
        .selectFrom("chat_debug_runs as run")
        .select(SUMMARY_COLUMNS)
        .where("run.chat_id", "=", chatId)
        .orderBy("run.started_at", "desc")
        .orderBy("run.id", "desc")
        .limit(DEBUG_RUNS_LISTED)
        .execute();
    },

    async readDebugRun({ chatId, runId, readerId }) {
      // One snapshot for the run, its steps and their payloads, so that a purge in between cannot tear them apart.
      return database
        .transaction()
        .setIsolationLevel("repeatable read")
        .setAccessMode("read only")
        .execute(async (transaction) => {
          const found = await transaction
            .selectFrom("chat_debug_runs as run")
            .innerJoin("chats as chat", "chat.id", "run.chat_id")
            .select([
              ...SUMMARY_COLUMNS,
              "run.root_chat_id",
              "run.parent_chat_id",
              "run.model_config_id",
              "run.trigger_message_id",
              "run.history_tip_message_id",
              sql<string>`coalesce(run.payload_at, run.started_at)::text`.as("payload_at"),
            ])
            .where("run.id", "=", runId)
            .where("run.chat_id", "=", chatId)
            .where("chat.owner_id", "=", readerId)
            .where("chat.purging_at", "is", null)
            .executeTakeFirst();
          if (found === undefined) return undefined;
          const { payload_at, ...run } = found;
          // The payload is found by the moment that the run fixes: without it every partition would be locked.
          const { rows: steps } = await sql<StoredStep>`
            SELECT
              step.id, step.run_id, step.chat_id, step.step_number, step.operation, step.status,
              step.history_tip_message_id, step.assistant_message_id, step.usage, step.error, step.metadata,
              step.started_at, step.updated_at, step.finished_at,
              payload.request, payload.response, payload.attempts
            FROM chat_debug_steps AS step
            LEFT JOIN chat_debug_payloads AS payload
              ON payload.chat_id = step.chat_id
              AND payload.run_id = step.run_id
              AND payload.step_id = step.id
              AND payload.recorded_at = ${payload_at}::timestamptz
            WHERE step.chat_id = ${chatId} AND step.run_id = ${runId}
            ORDER BY step.step_number
          `.execute(transaction);
          return { ...run, steps };
        });
    },
  };
}
