import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { deleteOwnRuns } from "./adopt-trace-runs.ts";
import type { Database, OpenTransaction } from "./database.ts";
import type { IngestCaller } from "./ingest-batch.ts";
import { jsonText } from "./json-text.ts";
import { isFurtherOut } from "./trace-settlement.ts";
import type { OuterSpan, TraceRun } from "./trace-batch.ts";
import { traceRunId } from "./trace-ids.ts";

/** What the spans of one request say of a trace as a whole. */
export interface TraceNote {
  readonly traceId: string;
  readonly ownChatId: string;
  /** The chats that spans name, and what those spans call the person, in lower case and the most telling first. */
  readonly chats: readonly { readonly chatId: string; readonly people: readonly string[] }[];
  /** What spans that name no chat call the person. */
  readonly people: readonly string[];
  /** The chat that the root of the trace names. */
  readonly rootChatId: string | undefined;
  readonly outerSpans: readonly { readonly chatId: string | undefined; readonly span: OuterSpan }[];
}

export interface NotedChat {
  readonly chatId: string;
  readonly exists: boolean;
  /** Whose chat it is according to the spans; null where they name nobody who has an account. */
  readonly ownerId: string | null;
}

/** What is known of a trace, from this request and earlier ones. */
export interface NotedTrace {
  readonly traceId: string;
  readonly ownChatId: string;
  /** Where spans that name no chat are recorded. */
  readonly homeChatId: string;
  readonly chats: readonly NotedChat[];
  readonly runs: readonly (TraceRun & { readonly startedAt: Date })[];
}

export interface NotedTraces {
  readonly traces: ReadonlyMap<string, NotedTrace>;
  /** The accounts of the people that spans name. */
  readonly people: ReadonlyMap<string, string>;
}

export interface TraceNotesStore {
  /**
   * Remembers for a day what the spans of a trace say of all of it, since they arrive in several requests and in any
   * order, and answers what is known now. It holds ids and times, and nothing of what was said.
   */
  noteTraces(caller: IngestCaller, notes: readonly TraceNote[]): Promise<NotedTraces>;
  /**
   * Deletes what was recorded of traces before it was known that they belong to a chat which takes no records. What is
   * known of them stays, so that what still comes of them is refused.
   */
  dropRefusedTraces(
    caller: IngestCaller,
    traces: readonly { readonly traceId: string; readonly ownChatId: string }[],
  ): Promise<void>;
  /** Forgets traces of which nothing has come for a day. */
  forgetOldTraces(): Promise<void>;
}

/** Exporters give up on a span much earlier. */
const NOTES_KEPT_MS = 86_400_000;

const FORGOTTEN_A_STATEMENT = 10_000;

/** A trace that names more chats than this is no conversation's; the ones after these are not looked for again. */
const CHATS_A_TRACE = 100;

interface TraceRow {
  readonly trace_id: string;
  readonly home_chat_id: string | null;
  /** The owner's id, or null, by the chat's. */
  readonly chats: Readonly<Record<string, string | null>>;
  /** By the chat's id; empty where the span names none. */
  readonly outer_spans: Readonly<Record<string, OuterSpan>>;
}

export function traceNotesStore(database: Database, clock: Clock): TraceNotesStore {
  return {
    noteTraces: (caller, notes) =>
      database.transaction().execute(async (transaction) => {
        await sql`SELECT set_config('lock_timeout', '10s', true)`.execute(transaction);
        const people = await findPeople(transaction, caller, notes);
        const rows = await lockRows(transaction, { caller, notes, now: clock.now() });
        const noted = notes.map((note) => mergeNote(note, rows.get(note.traceId), people));
        await updateRows(transaction, caller, noted);
        return { traces: await describe(transaction, notes, noted), people };
      }),

    dropRefusedTraces: (caller, traces) =>
      database.transaction().execute(async (transaction) => {
        await sql`SELECT set_config('lock_timeout', '10s', true)`.execute(transaction);
        await deleteOwnRuns(transaction, { caller, traces });
      }),

    async forgetOldTraces() {
      const seenBefore = new Date(clock.now().getTime() - NOTES_KEPT_MS);
      for (let forgotten = FORGOTTEN_A_STATEMENT; forgotten === FORGOTTEN_A_STATEMENT;) {
        const result = await sql`
          DELETE FROM otlp_traces
          WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM otlp_traces WHERE seen_at < ${seenBefore} ORDER BY seen_at LIMIT ${FORGOTTEN_A_STATEMENT}
          ))
        `.execute(database);
        forgotten = Number(result.numAffectedRows ?? 0n);
      }
    },
  };
}

/** Only a key that records for many people may name them, and nobody else learns from it who has an account. */
async function findPeople(
  transaction: OpenTransaction,
  caller: IngestCaller,
  notes: readonly TraceNote[],
): Promise<ReadonlyMap<string, string>> {
  if (caller.scope !== "ingest") return new Map();
  const names = new Set(notes.flatMap((note) => [...note.people, ...note.chats.flatMap(({ people }) => people)]));
  if (names.size === 0) return new Map();
  const { rows } = await sql<{ name: string; id: string }>`
    SELECT named.name, person.id
    FROM unnest(${[...names]}::text[]) AS named (name)
    JOIN users AS person ON person.email = named.name OR person.id::text = named.name
  `.execute(transaction);
  return new Map(rows.map(({ name, id }) => [name, id]));
}

/** Makes the rows that are missing and locks all of them, in the order of their ids as every batch does. */
async function lockRows(
  transaction: OpenTransaction,
  { caller, notes, now }: { caller: IngestCaller; notes: readonly TraceNote[]; now: Date },
): Promise<Map<string, TraceRow>> {
  const ids = notes.map(({ traceId }) => traceId);
  await sql`
    INSERT INTO otlp_traces (sender_id, trace_id, seen_at)
    SELECT ${caller.userId}, trace_id, ${now} FROM unnest(${ids}::text[]) AS seen (trace_id)
    ORDER BY trace_id
    ON CONFLICT (sender_id, trace_id) DO UPDATE SET seen_at = greatest(otlp_traces.seen_at, excluded.seen_at)
  `.execute(transaction);
  const { rows } = await sql<TraceRow>`
    SELECT trace_id, home_chat_id, chats, outer_spans
    FROM otlp_traces
    WHERE sender_id = ${caller.userId} AND trace_id = ANY (${ids}::text[])
  `.execute(transaction);
  return new Map(rows.map((row) => [row.trace_id, row]));
}

function mergeNote(note: TraceNote, stored: TraceRow | undefined, people: ReadonlyMap<string, string>): TraceRow {
  const chats: Record<string, string | null> = { ...stored?.chats };
  for (const { chatId, people: names } of note.chats) {
    if (chatId in chats || Object.keys(chats).length < CHATS_A_TRACE) chats[chatId] ??= firstKnown(names, people);
  }
  const outerSpans: Record<string, OuterSpan> = { ...stored?.outer_spans };
  for (const { chatId = "", span } of note.outerSpans) {
    const known = outerSpans[chatId];
    if (known === undefined || isFurtherOut(span, known)) outerSpans[chatId] = span;
  }
  return {
    trace_id: note.traceId,
    home_chat_id: stored?.home_chat_id ?? homeOf(note, Object.keys(chats)),
    chats,
    outer_spans: outerSpans,
  };
}

function firstKnown(names: readonly string[], people: ReadonlyMap<string, string>): string | null {
  return names.map((name) => people.get(name)).find((id) => id !== undefined) ?? null;
}

/**
 * Spans that name no chat belong to the one that the rest of their trace is about. Where several are named at once, that
 * is the root's; where the root names none either, such spans stay by themselves, since they might be another person's.
 */
function homeOf({ rootChatId, ownChatId }: TraceNote, chats: readonly string[]): string | null {
  if (chats.length === 0) return null;
  return rootChatId ?? (chats.length === 1 ? (chats[0] ?? null) : ownChatId);
}

async function updateRows(
  transaction: OpenTransaction,
  caller: IngestCaller,
  rows: readonly TraceRow[],
): Promise<void> {
  await sql`
    UPDATE otlp_traces AS trace
    SET home_chat_id = item.home_chat_id, chats = item.chats, outer_spans = item.outer_spans
    FROM jsonb_to_recordset(${jsonText(rows)}::jsonb) AS item (
      trace_id text, home_chat_id uuid, chats jsonb, outer_spans jsonb
    )
    WHERE trace.sender_id = ${caller.userId} AND trace.trace_id = item.trace_id
      AND (trace.home_chat_id, trace.chats, trace.outer_spans)
        IS DISTINCT FROM (item.home_chat_id, item.chats, item.outer_spans)
  `.execute(transaction);
}

async function describe(
  transaction: OpenTransaction,
  notes: readonly TraceNote[],
  rows: readonly TraceRow[],
): Promise<Map<string, NotedTrace>> {
  const ownChats = new Map(notes.map(({ traceId, ownChatId }) => [traceId, ownChatId]));
  const places = rows.flatMap((row) => {
    const ownChatId = ownChats.get(row.trace_id) ?? "";
    return [...new Set([ownChatId, ...Object.keys(row.chats)])].map((chatId) => ({
      traceId: row.trace_id,
      chatId,
      runId: traceRunId(row.trace_id, chatId),
      ownerId: row.chats[chatId] ?? null,
    }));
  });
  const { rows: chats } = await sql<{ id: string }>`
    SELECT id FROM chats WHERE id = ANY (${places.map(({ chatId }) => chatId)}::uuid[])
  `.execute(transaction);
  const existing = new Set(chats.map(({ id }) => id));
  const { rows: runs } = await sql<{ id: string; started_at: Date }>`
    SELECT id, started_at FROM chat_debug_runs WHERE id = ANY (${places.map(({ runId }) => runId)}::uuid[])
  `.execute(transaction);
  const startOf = new Map(runs.map(({ id, started_at }) => [id, started_at]));
  const placesOf = Map.groupBy(places, ({ traceId }) => traceId);
  return new Map(
    rows.map(({ trace_id: traceId, home_chat_id }) => {
      const ofTrace = placesOf.get(traceId) ?? [];
      const ownChatId = ownChats.get(traceId) ?? "";
      return [
        traceId,
        {
          traceId,
          ownChatId,
          homeChatId: home_chat_id ?? ownChatId,
          chats: ofTrace.map(({ chatId, ownerId }) => ({ chatId, ownerId, exists: existing.has(chatId) })),
          runs: ofTrace.flatMap(({ runId, chatId }) => {
            const startedAt = startOf.get(runId);
            return startedAt === undefined ? [] : [{ id: runId, chatId, startedAt }];
          }),
        },
      ];
    }),
  );
}
