import { isMoreAggressive, type RetentionStatus } from "@shelflife/api-contract";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { client } from "../../api/client.ts";
import { dataState, problemOf } from "../../api/data-state.ts";
import { previewQuery, retentionStatusQuery, windowQuery } from "../../api/retention.ts";
import type { WindowSlice } from "./LifecyclePageView.tsx";
import type { SavingState, WindowState } from "./WindowForm.tsx";
import { defaultDaysOf, type WindowName } from "./window-texts.ts";

interface Asked {
  readonly kind: "shorter" | "unknown";
  readonly days: number;
}

/** One window: loads it, asks before it is shortened, notices that somebody else changed it, and saves it. */
export function useWindow(name: WindowName, status: RetentionStatus | undefined): WindowSlice {
  const queries = useQueryClient();
  const query = useQuery(windowQuery(name));
  const [saving, setSaving] = useState<SavingState>({ kind: "idle" });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [saves, setSaves] = useState(0);
  /** The value that this form's changes are changes of; somebody else's replaces it only where it was shown. */
  const [base, setBase] = useState<number | undefined>(undefined);
  const preview = useQuery({ ...previewQuery(name, asked?.days ?? 0), enabled: asked?.kind === "shorter" });

  const save = async (days: number): Promise<void> => {
    setAsked(null);
    setSaving({ kind: "saving" });
    try {
      await client.setRetentionDays(name, days);
      queries.setQueryData(windowQuery(name).queryKey, days);
      setBase(undefined);
      setSaves((count) => count + 1);
      setSaving({ kind: "saved" });
      await queries.invalidateQueries({ queryKey: retentionStatusQuery.queryKey });
    } catch (error) {
      setSaving({ kind: "failed", problem: problemOf(error) });
    }
  };

  const onSave = async (days: number): Promise<void> => {
    setSaving({ kind: "saving" });
    const current = await readCurrent();
    setSaving({ kind: "idle" });
    if (current === undefined) {
      setAsked({ kind: "unknown", days });
      return;
    }
    const seen = base ?? query.data;
    if (seen !== undefined && current !== seen) {
      setBase(current);
      setSaving({ kind: "conflict", theirDays: current });
      return;
    }
    if (isMoreAggressive(days, current)) setAsked({ kind: "shorter", days });
    else await save(days);
  };

  /** What is in force at this moment, whoever set it; undefined where it cannot be read. */
  const readCurrent = async (): Promise<number | undefined> => {
    try {
      return await client.getRetentionDays(name);
    } catch {
      return undefined;
    }
  };

  return {
    state: stateOf(),
    saving,
    saves,
    question:
      asked === null
        ? null
        : asked.kind === "unknown"
          ? { kind: "unknown", days: asked.days }
          : { kind: "shorter", days: asked.days, preview: dataState(preview) },
    onSave: (days) => void onSave(days),
    onEdit: () => {
      // What a change begins from is what was on the screen then, not what a later poll brings.
      setBase((before) => before ?? query.data);
      setSaving((before) => (before.kind === "saving" ? before : { kind: "idle" }));
    },
    onConfirm: () => void (asked !== null && save(asked.days)),
    onCancel: () => setAsked(null),
  };

  function stateOf(): WindowState {
    if (query.error !== null && query.data === undefined) {
      const retry = (): void => void query.refetch();
      return { kind: "load-error", defaultDays: defaultDaysOf(name), problem: problemOf(query.error), retry };
    }
    if (query.data === undefined) return { kind: "loading" };
    const policy = status?.policies.find(({ setting }) => setting === name);
    return {
      kind: "ready",
      days: query.data,
      isDefault: policy === undefined ? undefined : policy.window.source === "default",
      grace: policy?.grace ?? null,
    };
  }
}
