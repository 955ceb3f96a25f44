import { Button, Group, Stack, Text } from "@mantine/core";
import type { DebugRunSkeleton } from "@shelflife/api-contract";
import { IconDownload } from "@tabler/icons-react";
import { type JSX, useState } from "react";

import { runExportAddress } from "../../../api/chats.ts";
import { expiryOf } from "../../../components/expiry.ts";
import { useNow } from "../../../components/now.tsx";
import { TimeText } from "../../../components/TimeText.tsx";
import { StepRow, type UseStep } from "./StepRow.tsx";
import { describeTokens } from "./tokens.tsx";
import { Waterfall } from "./Waterfall.tsx";

/** How many steps are shown at first, and how many more each time: laying out a row takes a millisecond or two. */
const STEPS_A_TIME = 100;

interface RunDetailProps {
  readonly run: DebugRunSkeleton;
  /** Days that debug data is kept; undefined where that is not known. */
  readonly debugDays: number | undefined;
  readonly useStep: UseStep;
}

/** A run that has been opened: when it was, when it goes, its timeline and its steps. */
export function RunDetail({ run, debugDays, useStep }: RunDetailProps): JSX.Element {
  const [shown, setShown] = useState(STEPS_A_TIME);
  const more = Math.min(STEPS_A_TIME, run.steps.length - shown);
  const expiry = expiryOf(run.updated_at, debugDays);
  const tokens = describeTokens(run.summary);
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          Started <TimeText time={run.started_at} />
          {expiry !== null && (
            <>
              ; expires <TimeText time={expiry} format="relative" />
            </>
          )}
          {tokens !== "" && `; ${tokens}`}
        </Text>
        <Button
          component="a"
          href={runExportAddress(run.chat_id, run.id)}
          download={`shelflife-run-${run.id}.json`}
          size="compact-sm"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          Export this run
        </Button>
      </Group>
      <Waterfall run={run} now={useNow()} />
      {run.steps.length === 0 ? (
        <Text size="sm">No step has been recorded yet.</Text>
      ) : (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: "none" }} aria-label="Steps">
          {run.steps.slice(0, shown).map((step) => (
            <StepRow key={step.id} step={step} model={run.model} useStep={useStep} />
          ))}
        </Stack>
      )}
      {more > 0 && (
        <Button variant="default" onClick={() => setShown(shown + STEPS_A_TIME)}>
          Show {more} more of {run.steps.length} steps
        </Button>
      )}
    </Stack>
  );
}
