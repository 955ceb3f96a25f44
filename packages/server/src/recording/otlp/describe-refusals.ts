import type { TraceIngestResult } from "./ingest-traces.ts";

/** An exporter writes the message into the application's log: it must be short enough to be read there. */
const REASONS_SHOWN = 5;

/** @param reasons how many spans were rejected, by the reason */
export function describeRefusals(reasons: ReadonlyMap<string, number>): TraceIngestResult {
  const sorted = [...reasons].toSorted(([, a], [, b]) => b - a);
  const rejectedSpans = sorted.reduce((sum, [, count]) => sum + count, 0);
  const shown = sorted.slice(0, REASONS_SHOWN).map(([reason, count]) => `${count} not recorded: ${reason}`);
  const left = sorted.length - shown.length;
  return { rejectedSpans, errorMessage: [...shown, ...(left > 0 ? [`${left} further reasons.`] : [])].join(" ") };
}
