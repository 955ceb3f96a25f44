import type { OuterSpan } from "../../store/trace-batch.ts";
import { traceChatId } from "../../store/trace-ids.ts";
import type { TraceNote } from "../../store/trace-notes.ts";
import { conversationOf, personNamesOf } from "./conversation.ts";
import { roleOf, type SpanRole } from "./span-role.ts";
import { statusOf } from "./span-status.ts";
import type { Span } from "./span.ts";
import { withoutFuture } from "./without-future.ts";

/** A span with what decides where it goes. */
export interface PlacedSpan {
  readonly span: Span;
  readonly role: SpanRole;
  /** The chat that it names by itself. */
  readonly chatId: string | undefined;
  /** What it calls the person, in lower case. */
  readonly people: readonly string[];
}

/** The spans of one trace in one request, without those that recording has no use for. */
export interface TraceSpans {
  readonly traceId: string;
  readonly ownChatId: string;
  readonly spans: readonly PlacedSpan[];
  /** Whether the span is among them, of use or not, that the trace began with: it ends last. */
  readonly hasRoot: boolean;
}

/** @param now no time may lie after it: the clock of a sender may be ahead */
export function groupByTrace(spans: readonly Span[], now: string): TraceSpans[] {
  const placed = withoutFuture(spans, now).map(place).filter(isOfUse);
  const begun = new Set(spans.flatMap(({ traceId, parentSpanId }) => (parentSpanId === undefined ? [traceId] : [])));
  return [...Map.groupBy(placed, ({ span }) => span.traceId)].map(([traceId, ofTrace]) => ({
    traceId,
    ownChatId: traceChatId(traceId),
    spans: ofTrace,
    hasRoot: begun.has(traceId),
  }));
}

function place(span: Span): PlacedSpan {
  return { span, role: roleOf(span), chatId: conversationOf(span)?.chatId, people: personNamesOf(span) };
}

/** Besides what is recorded, a span is of use where it says which chat its trace belongs to. */
function isOfUse({ role, chatId }: PlacedSpan): boolean {
  return role !== "other" || chatId !== undefined;
}

export function noteOf({ traceId, ownChatId, spans }: TraceSpans, now: string): TraceNote {
  const named = Map.groupBy(
    spans.filter(({ chatId }) => chatId !== undefined),
    ({ chatId }) => chatId ?? "",
  );
  return {
    traceId,
    ownChatId,
    chats: [...named].map(([chatId, ofChat]) => ({ chatId, people: peopleOf(ofChat) })),
    people: peopleOf(spans.filter(({ chatId }) => chatId === undefined)),
    rootChatId: spans.find(({ span, chatId }) => span.parentSpanId === undefined && chatId !== undefined)?.chatId,
    outerSpans: spans
      .filter(({ role }) => role === "agent")
      .map(({ span, chatId }) => ({ chatId, span: outerSpanOf(span, now) })),
  };
}

/** The names in the order of the spans that say them. */
export function peopleOf(spans: readonly PlacedSpan[]): string[] {
  return [...new Set(spans.flatMap(({ people }) => people))];
}

function outerSpanOf(span: Span, now: string): OuterSpan {
  return {
    span_id: span.spanId,
    is_root: span.parentSpanId === undefined,
    started_at: span.startedAt ?? span.finishedAt ?? now,
    finished_at: span.finishedAt ?? null,
    status: statusOf(span),
  };
}
