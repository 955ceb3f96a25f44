const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "always" });
const NOW = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(0, "second");

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time in the viewer's zone and language. */
export function formatTime(time: Date, style: "full" | "short"): string {
  return (style === "full" ? FULL : SHORT).format(time);
}

/**
 * How far a time is from now, to the nearest of its largest unit up to days: "3 minutes ago", "in 2 days", "now". Never
 * "tomorrow", which is a day of the calendar and not a length of time.
 */
export function formatRelative(time: Date, now: Date): string {
  const distance = time.getTime() - now.getTime();
  if (Math.abs(distance) < 10 * SECOND) return NOW;
  for (const [unit, size, next] of [
    ["second", SECOND, MINUTE],
    ["minute", MINUTE, HOUR],
    ["hour", HOUR, DAY],
  ] as const) {
    const count = Math.round(distance / size);
    // Rounded first, so that 59 minutes and a half do not become "60 minutes".
    if (Math.abs(count) < next / size) return RELATIVE.format(count, unit);
  }
  return RELATIVE.format(Math.round(distance / DAY), "day");
}

/** A length of time in at most two units: "420 ms", "3.2 s", "4 min 12 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  // Rounded first, so that 59.96 s does not become "60.0 s".
  const tenths = Math.round(ms / 100) / 10;
  if (tenths < 60) return `${tenths} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3_600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 1_440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(ms / HOUR);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
