import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";

import { runQuery, runsQuery, stepQuery } from "../../../api/chats.ts";
import { dataState } from "../../../api/data-state.ts";
import { userDebugLoggingQuery } from "../../../api/people.ts";
import { windowQuery } from "../../../api/retention.ts";
import { DebugPanelView } from "./DebugPanelView.tsx";
import type { UseRun } from "./RunRow.tsx";
import type { UseStep } from "./StepRow.tsx";

/** Asks for the runs while the tab is looked at, for a run when it is opened, and for a step's payloads when it is. */
export function DebugPanel({ chatId }: { chatId: string }): JSX.Element {
  const runs = useQuery(runsQuery(chatId));
  const logging = useQuery(userDebugLoggingQuery).data;
  const debugDays = useQuery(windowQuery("debug-retention-days")).data;
  const useRun: UseRun = (run) => dataState(useQuery(runQuery(run)));
  const useStep: UseStep = (step) =>
    dataState(useQuery(stepQuery(chatId, step.run_id, { id: step.id, version: step.updated_at })));
  return (
    <DebugPanelView
      chatId={chatId}
      state={dataState(runs)}
      logging={logging}
      debugDays={debugDays}
      useRun={useRun}
      useStep={useStep}
    />
  );
}
