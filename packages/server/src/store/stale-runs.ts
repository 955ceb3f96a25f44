import { sql, type RawBuilder } from "kysely";

import { cancellableTransaction } from "./cancellable-transaction.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { summarizeEndedRuns } from "./ingest-runs.ts";

export interface StaleRequest {
  /** What was last written to before this moment is stale. */
  readonly touchedBefore: Date;
  /** What was last written to before this moment is left alone, for now. */
  readonly touchedSince: Date;
  /** At most so many rows in one short transaction. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Ends what a recorder that died has left unfinished. Rows that somebody is writing to are passed over, so that any
 * number of replicas may do this at once. No retention clock is moved by it.
 */
export interface StaleRunsStore {
  /** Closes stale runs as interrupted, the longest untouched first, with their unfinished steps, and sums them up. */
  closeStaleRuns(request: StaleRequest): Promise<{ runs: number; steps: number }>;
  /** Closes stale steps whose run goes on without them, or has ended without them. */
  closeStaleSteps(request: StaleRequest): Promise<number>;
  /** Ends the status `running` of chats in which nothing has happened and no run goes on. */
  endDeadChats(request: Omit<StaleRequest, "touchedSince">): Promise<number>;
}

interface RunKey {
  readonly id: string;
  readonly chat_id: string;
}

export function staleRunsStore(database: Database): StaleRunsStore {
  return {
    closeStaleRuns({ touchedBefore, touchedSince, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows: runs } = await sql<RunKey>`
          SELECT id, chat_id FROM chat_debug_runs
          WHERE finished_at IS NULL AND updated_at < ${touchedBefore} AND updated_at >= ${touchedSince}
          ORDER BY updated_at
          LIMIT ${limit}
          FOR UPDATE SKIP LOCKED
        `.execute(transaction);
        if (runs.length === 0) return { runs: 0, steps: 0 };
        await sql`
          UPDATE chat_debug_runs AS run
          SET ${interrupted("run")}
          FROM ${chosenRuns(runs)}
          WHERE run.id = chosen.id AND run.chat_id = chosen.chat_id
        `.execute(transaction);
        const { numAffectedRows: steps = 0n } = await sql`
          UPDATE chat_debug_steps AS step
          SET ${interrupted("step")}
          FROM ${chosenRuns(runs)}
          WHERE step.run_id = chosen.id AND step.chat_id = chosen.chat_id AND step.finished_at IS NULL
        `.execute(transaction);
        await summarizeEndedRuns(transaction, runs);
        return { runs: runs.length, steps: Number(steps) };
      });
    },

    closeStaleSteps({ touchedBefore, touchedSince, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const runs = await lockRunsOfStaleSteps(transaction, { touchedBefore, touchedSince, limit });
        if (runs.length === 0) return 0;
        const { numAffectedRows: steps = 0n } = await sql`
          UPDATE chat_debug_steps AS step
          SET ${interrupted("step")}
          FROM ${chosenRuns(runs)}
          WHERE step.run_id = chosen.id AND step.chat_id = chosen.chat_id
            AND step.finished_at IS NULL AND step.updated_at < ${touchedBefore}
        `.execute(transaction);
        await summarizeEndedRuns(transaction, runs);
        return Number(steps);
      });
    },

    endDeadChats({ touchedBefore, limit, signal }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const { rows: chats } = await sql<{ id: string }>`
          SELECT chat.id FROM chats AS chat
          WHERE ${isDead(touchedBefore)}
          ORDER BY chat.updated_at
          LIMIT ${limit}
          FOR NO KEY UPDATE SKIP LOCKED
        `.execute(transaction);
        if (chats.length === 0) return 0;
        // Asked again now that they are locked: a run may have begun in between.
        const { numAffectedRows: ended = 0n } = await sql`
          UPDATE chats AS chat
          SET status = 'waiting'
          WHERE chat.id = ANY (${chats.map(({ id }) => id)}::uuid[]) AND ${isDead(touchedBefore)}
        `.execute(transaction);
        return Number(ended);
      });
    },
  };
}

/** It ended when it was last written to, as far as anybody knows. */
function interrupted(table: "run" | "step"): RawBuilder<unknown> {
  const status = sql.ref(`${table}.status`);
  return sql`
    status = CASE WHEN ${status} = 'in_progress' THEN 'interrupted' ELSE ${status} END,
    finished_at = ${sql.ref(`${table}.updated_at`)}`;
}

function chosenRuns(runs: readonly RunKey[]): RawBuilder<unknown> {
  return sql`unnest(${runs.map((run) => run.id)}::uuid[], ${runs.map((run) => run.chat_id)}::uuid[]) AS chosen (id, chat_id)`;
}

/** Runs are locked before their steps, as every writer does; a step is never locked by itself. */
async function lockRunsOfStaleSteps(
  transaction: OpenTransaction,
  { touchedBefore, touchedSince, limit }: Omit<StaleRequest, "signal">,
): Promise<readonly RunKey[]> {
  const { rows } = await sql<RunKey>`
    SELECT run.id, run.chat_id
    FROM chat_debug_runs AS run
    JOIN (
      SELECT DISTINCT run_id, chat_id
      FROM (
        SELECT run_id, chat_id FROM chat_debug_steps
        WHERE finished_at IS NULL AND updated_at < ${touchedBefore} AND updated_at >= ${touchedSince}
        ORDER BY updated_at
        LIMIT ${limit}
      ) AS stale
    ) AS left_behind ON left_behind.run_id = run.id AND left_behind.chat_id = run.chat_id
    ORDER BY run.id
    FOR UPDATE OF run SKIP LOCKED
  `.execute(transaction);
  return rows;
}

/** Runs that go on are few in a whole deployment, and those of one chat may be many: so the former are looked through. */
function isDead(touchedBefore: Date): RawBuilder<boolean> {
  return sql`
    chat.status = 'running' AND chat.updated_at < ${touchedBefore}
    AND chat.id <> ALL (ARRAY(SELECT chat_id FROM chat_debug_runs WHERE finished_at IS NULL))
    AND NOT EXISTS (
      SELECT FROM (
        SELECT run.updated_at FROM chat_debug_runs AS run
        WHERE run.chat_id = chat.id
        ORDER BY run.started_at DESC, run.id DESC
        LIMIT ${NEWEST_RUNS}
      ) AS newest
      WHERE newest.updated_at >= ${touchedBefore}
    )`;
}

/** So many of a chat's newest runs are looked at for one that has only just ended. */
const NEWEST_RUNS = 10;
