import { Skeleton, Stack } from "@mantine/core";
import type { RetentionHistory, RetentionSettingName, RetentionStatus } from "@shelflife/api-contract";
import { type JSX, lazy, Suspense } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { LedgerTable, type LedgerSlice } from "./LedgerTable.tsx";
import { PolicyTable } from "./PolicyTable.tsx";
import { PurgeSummary } from "./PurgeSummary.tsx";

// The charts are as heavy as everything else on the page.
const HistoryCharts = lazy(async () => ({ default: (await import("./HistoryCharts.tsx")).HistoryCharts }));

interface RetentionPageViewProps {
  readonly status: DataState<RetentionStatus>;
  readonly history: DataState<RetentionHistory>;
  readonly ledger: LedgerSlice;
  readonly mayRun: boolean;
  readonly mayWaive: boolean;
  readonly running: ActionState;
  readonly waiving: ActionState;
  readonly onRun: () => void;
  readonly onWaive: (setting: RetentionSettingName) => void;
}

/** What the purge does, what it has done, and what is stored. */
export function RetentionPageView(props: RetentionPageViewProps): JSX.Element {
  const { status, history, ledger, mayRun, mayWaive, running, waiving, onRun, onWaive } = props;
  return (
    <>
      <PageHeading>Retention</PageHeading>
      <Stack>
        <AsyncState state={status}>
          {(current) => (
            <Stack>
              <PurgeSummary status={current} mayRun={mayRun} running={running} onRun={onRun} />
              <PolicyTable policies={current.policies} mayWaive={mayWaive} waiving={waiving} onWaive={onWaive} />
            </Stack>
          )}
        </AsyncState>
        <AsyncState state={history}>
          {(figures) => (
            <Suspense fallback={<Skeleton height={320} />}>
              <HistoryCharts history={figures} debugDays={debugDaysOf(status)} />
            </Suspense>
          )}
        </AsyncState>
        <LedgerTable ledger={ledger} />
      </Stack>
    </>
  );
}

/** The window that the purge of debug data goes by now, which is another than the one that waits for its grace period. */
function debugDaysOf(status: DataState<RetentionStatus>): number | null {
  if (status.kind !== "ready") return null;
  const policy = status.data.policies.find(({ setting }) => setting === "debug-retention-days");
  return policy?.grace?.effective_days ?? policy?.window.days ?? null;
}
