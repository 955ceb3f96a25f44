import { Button, Card, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import type { DebugRunSkeleton, DebugRunSummary, UserDebugLogging } from "@shelflife/api-contract";
import { IconBug, IconChevronDown, IconChevronRight, IconDownload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";

import { chatExportAddress } from "../../../api/chats.ts";
import type { DataState } from "../../../api/data-state.ts";
import { AsyncState } from "../../../components/AsyncState.tsx";
import { DurationText } from "../../../components/DurationText.tsx";
import { expiryOf } from "../../../components/expiry.ts";
import { Message } from "../../../components/Message.tsx";
import { StatusBadge } from "../../../components/StatusBadge.tsx";
import { TimeText } from "../../../components/TimeText.tsx";
import classes from "./debug.module.css";
import { RunDetail } from "./RunDetail.tsx";
import type { UseStep } from "./StepRow.tsx";
import { tokenText } from "./tokens.tsx";

/** Loads a run's steps; called only by a run that is open. */
export type UseRun = (runId: string) => DataState<DebugRunSkeleton>;

interface DebugPanelViewProps {
  readonly chatId: string;
  readonly state: DataState<readonly DebugRunSummary[]>;
  /** Whether the chat's owner is recorded; undefined where that is not known. */
  readonly logging: UserDebugLogging | undefined;
  readonly debugDays: number | undefined;
  readonly useRun: UseRun;
  readonly useStep: UseStep;
}

/** What was recorded of a conversation: runs, newest first, each closed until somebody opens it. */
export function DebugPanelView(props: DebugPanelViewProps): JSX.Element {
  const { chatId, state, logging, debugDays } = props;
  return (
    <AsyncState
      state={state}
      empty={{ when: (runs) => runs.length === 0, show: <NothingRecorded logging={logging} /> }}
    >
      {(runs) => (
        <Stack>
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              <Expiry runs={runs} debugDays={debugDays} />
            </Text>
            <Button
              component="a"
              href={chatExportAddress(chatId)}
              download={`shelflife-chat-${chatId}.json`}
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              Export debug logs
            </Button>
          </Group>
          <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: "none" }} aria-label="Debug runs">
            {runs.map((run) => (
              <RunRow key={run.id} run={run} {...props} />
            ))}
          </Stack>
        </Stack>
      )}
    </AsyncState>
  );
}

function Expiry({
  runs,
  debugDays,
}: {
  runs: readonly DebugRunSummary[];
  debugDays: number | undefined;
}): JSX.Element | null {
  if (debugDays === undefined) return null;
  if (debugDays === 0) return <>Debug data is kept for ever.</>;
  const newest = runs
    .map(({ updated_at }) => updated_at)
    .toSorted()
    .at(-1);
  const expiry = expiryOf(newest, debugDays);
  return expiry === null ? null : (
    <>
      The newest debug data expires <TimeText time={expiry} format="relative" />.
    </>
  );
}

function NothingRecorded({ logging }: { logging: UserDebugLogging | undefined }): JSX.Element {
  const isOff = logging !== undefined && !logging.debug_logging_enabled && !logging.forced_by_deployment;
  return (
    <Message
      icon={<IconBug />}
      title={isOff ? "Debug logging is off" : "Nothing has been recorded yet"}
      {...(isOff && logging.user_toggle_allowed
        ? { action: <Link to="/settings">Switch it on in your settings</Link> }
        : {})}
    >
      {isOff
        ? logging.user_toggle_allowed
          ? "Runs of this conversation are recorded from when you switch it on."
          : "An administrator has not allowed the recording of debug logs."
        : "Runs appear here as soon as a model is called in this conversation, and go after their retention window."}
    </Message>
  );
}

function RunRow({ run, useRun, useStep, debugDays }: DebugPanelViewProps & { run: DebugRunSummary }): JSX.Element {
  const [opened, setOpened] = useState(false);
  const { summary } = run;
  const durationMs = run.finished_at === undefined ? null : Date.parse(run.finished_at) - Date.parse(run.started_at);
  return (
    <Card component="li" withBorder padding="sm">
      <UnstyledButton w="100%" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Group gap="sm" wrap="nowrap" align="flex-start">
          {opened ? <IconChevronDown size={18} aria-hidden /> : <IconChevronRight size={18} aria-hidden />}
          <div style={{ minWidth: 0, flex: 1 }}>
            <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
              <Text fw={600} lineClamp={2} style={{ overflowWrap: "anywhere" }}>
                {summary.first_message ?? run.kind.replaceAll("_", " ")}
              </Text>
              <StatusBadge status={run.status} />
            </Group>
            <Group gap="2 12" mt={4}>
              {run.model !== undefined && <Text size="sm">{run.model}</Text>}
              {summary.step_count !== undefined && (
                <Text size="sm" c="dimmed">
                  {summary.step_count === 1 ? "1 step" : `${summary.step_count} steps`}
                </Text>
              )}
              <Text size="sm" c="dimmed">
                <DurationText ms={durationMs} />
              </Text>
              <Text size="sm" c="dimmed">
                {tokenText(summary.total_input_tokens, summary.total_output_tokens)}
              </Text>
              <Text size="sm" c="dimmed">
                <TimeText time={run.started_at} format="relative" />
              </Text>
            </Group>
          </div>
        </Group>
      </UnstyledButton>
      {opened && (
        <div className={classes["detail"]}>
          <OpenRun runId={run.id} useRun={useRun} useStep={useStep} debugDays={debugDays} />
        </div>
      )}
    </Card>
  );
}

function OpenRun({
  runId,
  useRun,
  useStep,
  debugDays,
}: Pick<DebugPanelViewProps, "useRun" | "useStep" | "debugDays"> & { runId: string }): JSX.Element {
  return (
    <AsyncState state={useRun(runId)}>
      {(run) => <RunDetail run={run} debugDays={debugDays} useStep={useStep} />}
    </AsyncState>
  );
}
