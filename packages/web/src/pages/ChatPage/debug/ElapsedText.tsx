import { Text } from "@mantine/core";
import type { DebugRunSummary } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatDuration } from "../../../components/format-time.ts";
import { useNow } from "../../../components/now.tsx";

/** How long a run or a step took, or for how long it has been at work. */
export function ElapsedText({
  of: { started_at: start, finished_at: end },
}: {
  of: Pick<DebugRunSummary, "started_at" | "finished_at">;
}): JSX.Element {
  const now = useNow();
  const elapsedMs = (end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(start);
  return (
    <Text size="sm" c="dimmed">
      {/* The clock of the machine that recorded may be ahead of this one. */}
      {formatDuration(Math.max(0, elapsedMs))}
      {end === undefined && " so far"}
    </Text>
  );
}
