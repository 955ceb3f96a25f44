import type { LedgerOutcome, RetentionSettingName } from "@shelflife/api-contract";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { client } from "./client.ts";

/** How often what the purge does is asked for while it is looked at, in milliseconds. */
const STATUS_INTERVAL_MS = 5_000;

/** The same while it is at work, so that its progress is seen. */
const RUNNING_INTERVAL_MS = 1_000;

/** How often the ledger is asked for while it is looked at, in milliseconds; it grows a few times an hour. */
const LEDGER_INTERVAL_MS = 15_000;

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
  refetchInterval: ({ state: { data } }) => (data?.running === true ? RUNNING_INTERVAL_MS : STATUS_INTERVAL_MS),
});

export const debugLoggingQuery = queryOptions({
  queryKey: ["debug-logging"],
  queryFn: ({ signal }) => client.retention.getDebugLogging({ signal }),
});

export interface LedgerFilter {
  readonly policy?: string;
  readonly outcome?: LedgerOutcome;
}

/** What every policy did in every tick, a page at a time, newest first. */
export function ledgerQuery(filter: LedgerFilter) {
  return infiniteQueryOptions({
    queryKey: ["retention-ledger", filter],
    refetchInterval: LEDGER_INTERVAL_MS,
    queryFn: ({ signal, pageParam }) =>
      client.retention.ledger({ ...filter, ...(pageParam === null ? {} : { before: pageParam }), signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
  });
}

/** The ledger as a table for other programs; the browser downloads it with the session's cookie. */
export function ledgerCsvAddress(filter: LedgerFilter): string {
  const parameters = new URLSearchParams({ format: "csv", ...filter });
  return `/api/experimental/chats/retention/ledger?${parameters.toString()}`;
}

/** Stored bytes by age, and what was purged by day; they move slowly. */
export const retentionHistoryQuery = queryOptions({
  queryKey: ["retention-history"],
  queryFn: ({ signal }) => client.retention.history({ signal }),
  staleTime: 60_000,
});
