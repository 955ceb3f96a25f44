import type { RetentionSettingName } from "@shelflife/api-contract";
import { queryOptions } from "@tanstack/react-query";

import { client } from "./client.ts";

/** How often what the purge does is asked for while it is looked at, in milliseconds. */
const STATUS_INTERVAL_MS = 5_000;

/** A window in force, in days. */
export function windowQuery(name: RetentionSettingName) {
  return queryOptions({
    queryKey: ["retention-window", name],
    queryFn: ({ signal }) => client.getRetentionDays(name, { signal }),
  });
}

/** What a purge with another window would take now; asked anew each time. */
export function previewQuery(name: RetentionSettingName, days: number) {
  return queryOptions({
    queryKey: ["retention-preview", name, days],
    queryFn: ({ signal }) => client.retention.preview(name, days, { signal }),
    gcTime: 0,
    staleTime: 0,
  });
}

export const retentionStatusQuery = queryOptions({
  queryKey: ["retention-status"],
  queryFn: ({ signal }) => client.retention.status({ signal }),
  refetchInterval: STATUS_INTERVAL_MS,
});

export const debugLoggingQuery = queryOptions({
  queryKey: ["debug-logging"],
  queryFn: ({ signal }) => client.retention.getDebugLogging({ signal }),
});
