import type { JSX } from "react";

import { formatDuration } from "./format-time.ts";

/** How long something took, in milliseconds; null where it has not ended. */
export function DurationText({ ms }: { ms: number | null }): JSX.Element {
  return <span>{ms === null ? "–" : formatDuration(ms)}</span>;
}
