import { sql } from "kysely";

import { CodedError } from "../coded-error.ts";
import { deleteEmptyOwnChats } from "./adopt-trace-runs.ts";
import type { OpenTransaction } from "./database.ts";
import type { IngestCaller, PreparedStep } from "./ingest-batch.ts";
import type { LockedRun } from "./ingest-runs.ts";
import { traceRunId } from "./trace-ids.ts";
import { isFurtherOut, isToolsStep, settleTrace } from "./trace-settlement.ts";
import { deleteEmptyRuns, deleteSteps, writeRuns, writeSteps } from "./write-settled-runs.ts";
import type { KnownStep, OuterSpan, PreparedTrace } from "./trace-batch.ts";

/** What is remembered of traces, locked to the end of the transaction. */
export type LockedTraces = ReadonlyMap<string, LockedTrace>;

interface LockedTrace {
  readonly home_chat_id: string | null;
  readonly chats: Readonly<Record<string, unknown>>;
  readonly outer_spans: Readonly<Record<string, OuterSpan>>;
}

/**
 * Locks what is remembered of the traces of a batch, so that their batches are stored one after the other.
 *
 * @throws CodedError `trace_moved` where the batch was made before another one told where a trace belongs, or gave it a
 * run: a batch has to know all runs of a trace, since what it brings may change each of them
 */
export async function lockTraces(
  transaction: OpenTransaction,
  caller: IngestCaller,
  traces: readonly PreparedTrace[],
): Promise<LockedTraces> {
  if (traces.length === 0) return new Map();
  const { rows } = await sql<LockedTrace & { trace_id: string }>`
    SELECT trace_id, home_chat_id, chats, outer_spans
    FROM otlp_traces
    WHERE sender_id = ${caller.userId} AND trace_id = ANY (${traces.map(({ traceId }) => traceId)}::text[])
    ORDER BY trace_id
    FOR UPDATE
  `.execute(transaction);
  const locked = new Map(rows.map((row) => [row.trace_id, row]));
  const unknownRuns: string[] = [];
  for (const trace of traces) {
    const row = locked.get(trace.traceId);
    if (row === undefined || (row.home_chat_id ?? trace.ownChatId) !== trace.homeChatId) throw new TraceMoved();
    unknownRuns.push(...runsNotIn(trace, Object.keys(row.chats)));
  }
  const { rows: runs } = await sql<{ id: string }>`
    SELECT id FROM chat_debug_runs WHERE id = ANY (${unknownRuns}::uuid[]) LIMIT 1
  `.execute(transaction);
  if (runs.length > 0) throw new TraceMoved();
  return locked;
}

class TraceMoved extends CodedError {
  constructor() {
    super("trace_moved", "Another batch of a trace was stored since this one was made.");
  }
}

/** The ids of the runs that a trace may have besides those which its batch knows. */
function runsNotIn({ traceId, ownChatId, homeChatId, runs }: PreparedTrace, chatIds: readonly string[]): string[] {
  const known = new Set(runs.map(({ chatId }) => chatId));
  // A run in the trace's own chat is taken over by the one at home, if the batch brings that one.
  if (known.has(homeChatId)) known.add(ownChatId);
  return [ownChatId, ...chatIds].filter((chatId) => !known.has(chatId)).map((chatId) => traceRunId(traceId, chatId));
}

/**
 * Brings the runs of traces to what everything known of them comes to: the order of their steps, the steps that tools
 * belong to, when they started and ended, and how.
 *
 * @returns the runs of the batch as they are now
 */
export async function settleTraces(
  transaction: OpenTransaction,
  input: {
    traces: readonly PreparedTrace[];
    locked: LockedTraces;
    runs: ReadonlyMap<string, LockedRun>;
    steps: readonly PreparedStep[];
  },
): Promise<ReadonlyMap<string, LockedRun>> {
  const { traces, locked, runs } = input;
  if (traces.length === 0) return runs;
  const known = await readKnownSteps(
    transaction,
    traces.flatMap((trace) => trace.runs.flatMap(({ id }) => runs.get(id) ?? [])),
  );
  const stepsOf = Map.groupBy(known, (step) => step.run_id);
  const labels = new Map(input.steps.flatMap(({ id, firstMessage }) => (firstMessage ? [[id, firstMessage]] : [])));
  const settled = traces.flatMap((trace) => {
    const ofTrace = trace.runs.filter(({ id }) => runs.has(id));
    return settleTrace({
      runs: ofTrace,
      steps: ofTrace.flatMap(({ id }) => stepsOf.get(id) ?? []),
      tools: trace.tools.filter(({ runId }) => runs.has(runId)),
      labels,
      outerSpans: outerSpansByRun(trace, locked.get(trace.traceId)),
    });
  });
  const needed = new Set(settled.map(({ toolsStep }) => toolsStep?.id));
  await deleteSteps(
    transaction,
    known.filter((step) => isToolsStep(step) && !needed.has(step.id)),
  );
  await writeSteps(transaction, settled);
  await writeRuns(transaction, settled);
  const now = new Map(runs);
  const empty = traces.flatMap((trace) =>
    trace.runs.filter(({ id }) => runs.has(id) && !settled.some((run) => run.id === id)),
  );
  await deleteEmptyRuns(transaction, empty);
  const ownChats = new Set(traces.map(({ ownChatId }) => ownChatId));
  await deleteEmptyOwnChats(
    transaction,
    empty.map(({ chatId }) => chatId).filter((chatId) => ownChats.has(chatId)),
  );
  for (const { id } of empty) now.delete(id);
  for (const { id, status, finished_at } of settled) {
    const run = now.get(id);
    if (run !== undefined)
      now.set(id, { ...run, status, finished_at: finished_at === null ? null : new Date(finished_at) });
  }
  return now;
}

/** A span that names no chat is around the one run of its trace; where there are several, it is around none alone. */
function outerSpansByRun(
  { traceId, homeChatId }: PreparedTrace,
  { chats, outer_spans: { "": unnamed, ...named } }: LockedTrace = { home_chat_id: null, chats: {}, outer_spans: {} },
): ReadonlyMap<string, OuterSpan> {
  const byRun = new Map(Object.entries(named).map(([chatId, span]) => [traceRunId(traceId, chatId), span]));
  if (unnamed === undefined || Object.keys(chats).length > 1) return byRun;
  const homeRunId = traceRunId(traceId, homeChatId);
  const ofHome = byRun.get(homeRunId);
  return ofHome !== undefined && !isFurtherOut(unnamed, ofHome) ? byRun : byRun.set(homeRunId, unnamed);
}

async function readKnownSteps(
  transaction: OpenTransaction,
  runs: readonly LockedRun[],
): Promise<(KnownStep & { readonly chat_id: string })[]> {
  if (runs.length === 0) return [];
  const { rows } = await sql<
    Omit<KnownStep, "started_at" | "finished_at"> & { chat_id: string; started_at: Date; finished_at: Date | null }
  >`
    SELECT step.id, step.chat_id, step.run_id, step.step_number, step.status, step.started_at, step.finished_at, step.metadata
    FROM unnest(
      ${runs.map((run) => run.chat_id)}::uuid[],
      ${runs.map((run) => run.id)}::uuid[]
    ) AS concerned (chat_id, run_id)
    JOIN chat_debug_steps AS step USING (chat_id, run_id)
  `.execute(transaction);
  return rows.map((row) => ({
    ...row,
    started_at: row.started_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  }));
}
