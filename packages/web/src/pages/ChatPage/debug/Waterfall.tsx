import { Text } from "@mantine/core";
import type { DebugRunSkeleton } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatDuration } from "../../../components/format-time.ts";
import classes from "./debug.module.css";
import { type Bar, barsOf } from "./waterfall-bars.ts";

/** When each step and each tool of a run was at work, on one line of time. */
export function Waterfall({ run, now }: { run: DebugRunSkeleton; now: Date }): JSX.Element | null {
  const { bars, spanMs } = barsOf(run, now);
  if (bars.length === 0) return null;
  return (
    <section aria-label="Timeline">
      <Text size="sm" mb={4}>
        Timeline, {formatDuration(spanMs)}
      </Text>
      {/* It scrolls where there are many, and a region that scrolls must be reachable by keyboard. */}
      <ol className={classes["bars"]} tabIndex={0} aria-label="Timeline">
        {bars.map((bar) => (
          <li key={bar.key} className={classes["line"]} title={describe(bar)}>
            <span className={classes["name"]} aria-hidden>
              {bar.label}
            </span>
            <span className={classes["track"]}>
              <span
                className={classes["bar"]}
                data-status={bar.kind === "tool" ? "tool" : bar.status}
                style={{ insetInlineStart: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
                role="img"
                aria-label={describe(bar)}
              />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function describe({ label, startMs, durationMs }: Bar): string {
  return `${label}: from ${formatDuration(startMs)} on, for ${formatDuration(durationMs)}`;
}
