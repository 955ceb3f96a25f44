import { DEBUG_RUNS_LISTED, type RunKind, type RunStatus } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Database, OpenTransaction } from "./database.ts";
import {
  readChunks,
  readSteps,
  readStepsWithPayload,
  type PlacedRun,
  type StoredStep,
  type StoredStepWithPayload,
} from "./debug-steps.ts";
import { readPayloadSnapshot, readSnapshot } from "./read-snapshot.ts";

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

export interface StoredRunDetails extends StoredRun {
  readonly root_chat_id: string | null;
  readonly parent_chat_id: string | null;
  readonly model_config_id: string | null;
  readonly trigger_message_id: number | null;
  readonly history_tip_message_id: number | null;
}

export interface StoredRunWithSteps extends StoredRunDetails {
  readonly steps: readonly StoredStepWithPayload[];
}

export interface StoredRunSkeleton extends StoredRunDetails {
  readonly steps: readonly StoredStep[];
}

/** A step, and what the steps of its run contributed to what the run stores once. */
export interface StoredStepAlone {
  readonly step: StoredStepWithPayload;
  readonly chunks: readonly Pick<StoredStepWithPayload, "chunks" | "chunk_index">[];
}

/** Which chat, and on whose behalf it is read: a chat of another person does not exist for the reader. */
export interface ChatReading {
  readonly chatId: string;
  readonly readerId: string;
}

export type RunReading = ChatReading & { readonly runId: string };

export interface DebugRunsStore {
  /** The newest runs of a chat, small rows only; undefined where the reader has no such chat. */
  listDebugRuns(reading: ChatReading): Promise<StoredRun[] | undefined>;
  /** A run with its steps and their payloads; undefined where the reader has no such run. */
  readDebugRun(reading: RunReading): Promise<StoredRunWithSteps | undefined>;
  /** The same without payloads, which are not even looked at. */
  readDebugRunSkeleton(reading: RunReading): Promise<StoredRunSkeleton | undefined>;
  /** One step with its payloads; those of other steps are not read, but for what the run stores once. */
  readDebugStep(reading: RunReading & { stepId: string }): Promise<StoredStepAlone | undefined>;
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

    readDebugRun: (reading) =>
      readPayloadSnapshot(database, async (transaction) => {
        const run = await readRun(transaction, reading);
        return run && { ...run.details, steps: await readStepsWithPayload(transaction, run) };
      }),

    readDebugRunSkeleton: (reading) =>
      readSnapshot(database, async (transaction) => {
        const run = await readRun(transaction, reading);
        return run && { ...run.details, steps: await readSteps(transaction, run) };
      }),

    readDebugStep: ({ stepId, ...reading }) =>
      readPayloadSnapshot(database, async (transaction) => {
        const run = await readRun(transaction, reading);
        const [step] = run === undefined ? [] : await readStepsWithPayload(transaction, run, stepId);
        return run && step && { step, chunks: await readChunks(transaction, run) };
      }),
  };
}

async function readRun(
  transaction: OpenTransaction,
  { chatId, runId, readerId }: RunReading,
): Promise<(PlacedRun & { readonly details: StoredRunDetails }) | undefined> {
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
  const { payload_at, ...details } = found;
  return { id: runId, chatId, payloadAt: payload_at, details };
}
