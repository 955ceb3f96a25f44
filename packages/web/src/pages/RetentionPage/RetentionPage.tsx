import type { RetentionSettingName, RetentionStatus } from "@shelflife/api-contract";
import { type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type JSX, useEffect, useRef, useState } from "react";

import { actionState } from "../../api/action-state.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { useMe } from "../../api/me.ts";
import {
  ledgerCsvAddress,
  type LedgerFilter,
  ledgerQuery,
  retentionHistoryQuery,
  retentionStatusQuery,
} from "../../api/retention.ts";
import { RetentionPageView } from "./RetentionPageView.tsx";

export function RetentionPage(): JSX.Element {
  const me = useMe();
  const queries = useQueryClient();
  const [filter, setFilter] = useState<LedgerFilter>({});
  const status = useQuery(retentionStatusQuery);
  const history = useQuery(retentionHistoryQuery);
  const ledger = useInfiniteQuery(ledgerQuery(filter));
  useNewsAfterTick(status.data, queries);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: retentionStatusQuery.queryKey });
  const run = useMutation({ mutationFn: () => client.retention.run(), onSettled: refresh });
  const waive = useMutation({
    mutationFn: (setting: RetentionSettingName) => client.retention.waiveGrace(setting),
    onSettled: refresh,
  });
  const pages = dataState(ledger);
  return (
    <RetentionPageView
      status={dataState(status)}
      history={dataState(history)}
      ledger={{
        state: pages.kind === "ready" ? { ...pages, data: pages.data.pages.flatMap(({ entries }) => entries) } : pages,
        filter,
        policies: status.data?.policies.map(({ policy }) => policy) ?? [],
        csvAddress: ledgerCsvAddress(filter),
        more: ledger.isFetchingNextPage ? "loading" : ledger.hasNextPage ? "there" : "none",
        onFilter: setFilter,
        onMore: () => void ledger.fetchNextPage(),
      }}
      mayRun={me.may_run_purge}
      mayWaive={me.may_update_deployment}
      running={actionState(run)}
      waiving={actionState(waive)}
      onRun={() => run.mutate()}
      onWaive={(setting) => waive.mutate(setting)}
    />
  );
}

/** Asks anew for what a tick changes once one has ended: the ledger, and the figures of the charts. */
function useNewsAfterTick(status: RetentionStatus | undefined, queries: QueryClient): void {
  // Null until the first tick of all has ended; undefined as long as nobody has answered.
  const ended = status && (status.last_tick?.finished_at == null ? null : status.last_tick.tick_id);
  const before = useRef<string | null>(undefined);
  useEffect(() => {
    if (ended === undefined) return;
    // What the page loaded with is as new as the first tick that it knows of.
    if (before.current !== undefined && ended !== null && before.current !== ended) {
      void queries.invalidateQueries({ queryKey: ["retention-ledger"] });
      void queries.invalidateQueries({ queryKey: retentionHistoryQuery.queryKey });
    }
    before.current = ended;
  }, [ended, queries]);
}
