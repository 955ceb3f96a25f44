import { useInfiniteQuery } from "@tanstack/react-query";
import type { JSX } from "react";

import { dataState } from "../../api/data-state.ts";
import { auditQuery } from "../../api/people.ts";
import { AuditPageView } from "./AuditPageView.tsx";

export function AuditPage(): JSX.Element {
  const audit = useInfiniteQuery(auditQuery);
  const pages = dataState(audit);
  return (
    <AuditPageView
      state={pages.kind === "ready" ? { ...pages, data: pages.data.pages.flatMap(({ entries }) => entries) } : pages}
      more={audit.isFetchingNextPage ? "loading" : audit.hasNextPage ? "there" : "none"}
      onMore={() => void audit.fetchNextPage()}
    />
  );
}
