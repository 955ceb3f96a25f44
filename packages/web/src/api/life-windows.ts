import { useQuery } from "@tanstack/react-query";

import { windowQuery } from "./retention.ts";

/** The windows that decide over a conversation, in days; undefined where one is not known. */
export interface LifeWindows {
  /** That an archived chat is kept. */
  readonly retentionDays: number | undefined;
  /** Without activity, after which a chat is archived by itself. */
  readonly autoArchiveDays: number | undefined;
  /** That debug data is kept. */
  readonly debugDays: number | undefined;
}

export function useLifeWindows(): LifeWindows {
  return {
    retentionDays: useQuery(windowQuery("retention-days")).data,
    autoArchiveDays: useQuery(windowQuery("auto-archive-days")).data,
    debugDays: useQuery(windowQuery("debug-retention-days")).data,
  };
}
