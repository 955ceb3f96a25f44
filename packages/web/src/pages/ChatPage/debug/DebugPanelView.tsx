import { Button, Group, Stack, Text } from "@mantine/core";
import type { DebugRunSummary, UserDebugLogging } from "@shelflife/api-contract";
import { IconBug, IconDownload } from "@tabler/icons-react";
import type { JSX } from "react";

import { chatExportAddress } from "../../../api/chats.ts";
import type { DataState } from "../../../api/data-state.ts";
import { AsyncState } from "../../../components/AsyncState.tsx";
import { expiryOf } from "../../../components/expiry.ts";
import { LinkButton } from "../../../components/LinkButton.tsx";
import { Message } from "../../../components/Message.tsx";
import { TimeText } from "../../../components/TimeText.tsx";
import { RunRow, type UseRun } from "./RunRow.tsx";
import type { UseStep } from "./StepRow.tsx";

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
      empty={{
        when: (runs) => runs.length === 0,
        show: <NothingRecorded logging={logging} debugDays={debugDays} />,
      }}
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
              <RunRow key={run.id} run={run} debugDays={debugDays} useRun={props.useRun} useStep={props.useStep} />
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

function NothingRecorded({ logging, debugDays }: Pick<DebugPanelViewProps, "logging" | "debugDays">): JSX.Element {
  const isOff = logging !== undefined && !logging.debug_logging_enabled && !logging.forced_by_deployment;
  return (
    <Message
      icon={<IconBug />}
      title={isOff ? "Debug logging is off" : "Nothing is recorded here"}
      {...(isOff && logging.user_toggle_allowed
        ? { action: <LinkButton to="/settings">Switch it on in your settings</LinkButton> }
        : {})}
    >
      {isOff
        ? logging.user_toggle_allowed
          ? "Runs of this conversation are recorded from when you switch it on."
          : "An administrator has not allowed the recording of debug logs."
        : `Nothing has been recorded yet${mayHaveExpired(debugDays)}. A run appears here as soon as a model is called in this conversation.`}
    </Message>
  );
}

function mayHaveExpired(debugDays: number | undefined): string {
  if (debugDays === undefined || debugDays === 0) return "";
  return `, or it has expired: debug data is kept for ${debugDays === 1 ? "a day" : `${debugDays} days`}`;
}
