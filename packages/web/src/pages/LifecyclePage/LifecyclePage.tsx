import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { JSX } from "react";

import { client } from "../../api/client.ts";
import { dataState, problemOf } from "../../api/data-state.ts";
import { debugLoggingQuery, retentionStatusQuery } from "../../api/retention.ts";
import { LifecyclePageView } from "./LifecyclePageView.tsx";
import { useWindow } from "./use-window.ts";

export function LifecyclePage(): JSX.Element {
  const queries = useQueryClient();
  // Where a value comes from and what waits is an addition: the forms work without it.
  const status = useQuery(retentionStatusQuery).data;
  const logging = useQuery(debugLoggingQuery);
  const allow = useMutation({
    mutationFn: (allowUsers: boolean) => client.retention.setDebugLogging(allowUsers),
    onSettled: () => queries.invalidateQueries({ queryKey: debugLoggingQuery.queryKey }),
  });
  return (
    <LifecyclePageView
      windows={{
        "auto-archive-days": useWindow("auto-archive-days", status),
        "retention-days": useWindow("retention-days", status),
        "debug-retention-days": useWindow("debug-retention-days", status),
      }}
      recording={{
        setting: dataState(logging),
        saving: allow.isError
          ? { kind: "failed", problem: problemOf(allow.error) }
          : { kind: allow.isPending ? "saving" : "idle" },
      }}
      onAllowUsers={(allowUsers) => allow.mutate(allowUsers)}
    />
  );
}
