export interface TraceIngestResult {
  /** Spans of model calls and tools that were not recorded, and spans that could not be read. */
  readonly rejectedSpans: number;
  /** Why, or, where nothing was rejected, what the sender could do better; empty where all is well. */
  readonly errorMessage: string;
}

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
