import type { Span } from "./span.ts";

/** A clock that is further ahead is not set at all, and says nothing about when things were. */
const AHEAD_MS_MAX = 86_400_000;

/**
 * Brings spans back that lie in the future, since nothing is recorded there. Where the clock of their process is merely
 * ahead, all that it says of a trace goes back by the same amount, so that its spans keep their order and their length.
 */
export function withoutFuture(spans: readonly Span[], now: string): Span[] {
  const ofProcess = Map.groupBy(spans, ({ resource }) => resource);
  return [...ofProcess.values()].flatMap((ofOne) =>
    [...Map.groupBy(ofOne, ({ traceId }) => traceId).values()].flatMap((ofTrace) => {
      const ahead = aheadOf(ofTrace, now);
      return ofTrace.map((span) => clamped(ahead === 0 ? span : earlier(span, ahead), now));
    }),
  );
}

/** By how many milliseconds the clock behind these spans is ahead, at the least. */
function aheadOf(spans: readonly Span[], now: string): number {
  const times = spans.flatMap(({ startedAt, finishedAt }) => [startedAt ?? now, finishedAt ?? now]);
  const latest = times.reduce((a, b) => (a > b ? a : b), now);
  const ahead = Date.parse(latest) - Date.parse(now);
  return ahead <= AHEAD_MS_MAX ? ahead : 0;
}

function earlier(span: Span, milliseconds: number): Span {
  const move = (time: string | undefined): string | undefined =>
    time === undefined ? undefined : new Date(Math.max(0, Date.parse(time) - milliseconds)).toISOString();
  return { ...span, startedAt: move(span.startedAt), finishedAt: move(span.finishedAt) };
}

function clamped(span: Span, now: string): Span {
  const clamp = (time: string | undefined): string | undefined => (time !== undefined && time > now ? now : time);
  const [startedAt, finishedAt] = [clamp(span.startedAt), clamp(span.finishedAt)];
  // A span that ends before it starts ends as it starts.
  const ends = startedAt !== undefined && finishedAt !== undefined && finishedAt < startedAt ? startedAt : finishedAt;
  return { ...span, startedAt, finishedAt: ends };
}
