import { Card, Group, Text, UnstyledButton } from "@mantine/core";
import type { DebugRunSkeleton, DebugRunSummary } from "@shelflife/api-contract";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type JSX, useState } from "react";

import type { DataState } from "../../../api/data-state.ts";
import { AsyncState } from "../../../components/AsyncState.tsx";
import { StatusBadge } from "../../../components/StatusBadge.tsx";
import { TimeText } from "../../../components/TimeText.tsx";
import classes from "./debug.module.css";
import { ElapsedText } from "./ElapsedText.tsx";
import { RunDetail } from "./RunDetail.tsx";
import type { UseStep } from "./StepRow.tsx";
import { TokenText } from "./tokens.tsx";

/** Loads a run's steps; called only by a run that is open. */
export type UseRun = (run: DebugRunSummary) => DataState<DebugRunSkeleton>;

interface RunRowProps {
  readonly run: DebugRunSummary;
  readonly debugDays: number | undefined;
  readonly useRun: UseRun;
  readonly useStep: UseStep;
}

/** A run as it stands in the list, which opens to its timeline and its steps. */
export function RunRow({ run, useRun, useStep, debugDays }: RunRowProps): JSX.Element {
  const [opened, setOpened] = useState(false);
  const { summary } = run;
  const kind = run.kind.replaceAll("_", " ");
  const label = summary.first_message ?? kind;
  return (
    <Card component="li" withBorder padding="sm">
      <UnstyledButton w="100%" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Group gap="sm" wrap="nowrap" align="flex-start">
          {opened ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
          <div style={{ minWidth: 0, flex: 1 }}>
            <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
              <Text fw={600} {...(opened ? {} : { lineClamp: 2 })} style={{ overflowWrap: "anywhere" }}>
                {label}
              </Text>
              <StatusBadge status={run.status} />
            </Group>
            <Group gap="2 12" mt={4}>
              {/* A title is made of the same message as the turn beside it. */}
              {run.kind !== "chat_turn" && label !== kind && <Text size="sm">{kind}</Text>}
              {run.model !== undefined && <Text size="sm">{run.model}</Text>}
              {summary.step_count !== undefined && (
                <Text size="sm" c="dimmed">
                  {summary.step_count === 1 ? "1 step" : `${summary.step_count} steps`}
                </Text>
              )}
              <ElapsedText of={run} />
              <TokenText input={summary.total_input_tokens} output={summary.total_output_tokens} />
              <Text size="sm" c="dimmed">
                <TimeText time={run.started_at} format="relative" />
              </Text>
            </Group>
          </div>
        </Group>
      </UnstyledButton>
      {opened && (
        <div className={classes["detail"]}>
          <OpenRun run={run} useRun={useRun} useStep={useStep} debugDays={debugDays} />
        </div>
      )}
    </Card>
  );
}

function OpenRun({ run, useRun, useStep, debugDays }: RunRowProps): JSX.Element {
  return (
    <AsyncState state={useRun(run)}>
      {(whole) => <RunDetail run={whole} debugDays={debugDays} useStep={useStep} />}
    </AsyncState>
  );
}
