import type { JSX } from "react";

import { formatRelative, formatTime } from "./format-time.ts";
import { useNow } from "./now.tsx";

interface TimeTextProps {
  /** A time as the API gives it, or null where it has not come. */
  readonly time: string | Date | null;
  /** `absolute` unless told: in the viewer's zone. `relative` is "3 minutes ago". */
  readonly format?: "absolute" | "relative";
  /** What stands where there is no time. */
  readonly none?: string;
}

/** A time in the viewer's own zone and language. Pointing at it shows it in full, and in UTC. */
export function TimeText({ time, format = "absolute", none = "–" }: TimeTextProps): JSX.Element {
  const now = useNow();
  if (time === null) return <span>{none}</span>;
  const date = new Date(time);
  const inFull = `${formatTime(date, "full")}\n${date
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "")} UTC`;
  return (
    <time dateTime={date.toISOString()} title={inFull}>
      {format === "relative" ? formatRelative(date, now) : formatTime(date, "short")}
    </time>
  );
}
