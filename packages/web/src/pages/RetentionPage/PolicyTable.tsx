import { Button, Card, Group, Progress, Stack, Table, Text, Title } from "@mantine/core";
import type { PolicyStatus, RetentionSettingName } from "@shelflife/api-contract";
import { type JSX, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { Count } from "../../components/Count.tsx";
import { DurationText } from "../../components/DurationText.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { StatusBadge } from "../../components/StatusBadge.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";
import { recordName } from "./record-names.ts";

interface PolicyTableProps {
  readonly policies: readonly PolicyStatus[];
  readonly mayWaive: boolean;
  readonly waiving: ActionState;
  readonly onWaive: (setting: RetentionSettingName) => void;
}

/** What each policy keeps and for how long, how far behind it is, and what waits for its grace period. */
export function PolicyTable({ policies, mayWaive, waiving, onWaive }: PolicyTableProps): JSX.Element {
  const [asked, setAsked] = useState<PolicyStatus | null>(null);
  return (
    <Card component="section" withBorder aria-labelledby="policies-heading">
      <WaiveDialog
        policy={asked}
        onConfirm={() => {
          if (asked !== null) onWaive(asked.setting);
          setAsked(null);
        }}
        onCancel={() => setAsked(null)}
      />
      <Title order={2} size="h4" id="policies-heading" mb="sm">
        Policies
      </Title>
      {waiving.kind === "failed" && <ProblemAlert problem={waiving.problem} />}
      <ScrollTable
        label="Policies"
        scrollsBelow={760}
        verticalSpacing="sm"
        columns={["What", "Window", "Overdue by", "Backlog", "Last", "Last success"]}
      >
        {policies.map((policy) => (
          <Table.Tr key={policy.policy}>
            <Table.Th scope="row">
              {policy.policy}
              <Text size="sm" c="dimmed" fw="normal">
                {policy.action === "archive" ? "archives" : "deletes"} {recordName(policy.record_type)}
              </Text>
            </Table.Th>
            <Table.Td>
              <Stack gap={4} align="flex-start">
                <WindowText policy={policy} />
                {policy.grace !== null && mayWaive && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    loading={waiving.kind === "busy"}
                    onClick={() => setAsked(policy)}
                    aria-label={`Apply now: ${policy.setting}`}
                  >
                    Apply now
                  </Button>
                )}
              </Stack>
            </Table.Td>
            <Table.Td>
              <Overdue seconds={policy.oldest_overdue_seconds} />
            </Table.Td>
            <Table.Td>{policy.backlog === null ? "not measured" : <Count count={policy.backlog} />}</Table.Td>
            <Table.Td>
              <LastWork policy={policy} />
            </Table.Td>
            <Table.Td>
              <TimeText time={policy.last_success_at} format="relative" none="never" />
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
    </Card>
  );
}

function Overdue({ seconds }: { seconds: number | null }): JSX.Element {
  if (seconds === null) return <>not measured</>;
  return seconds === 0 ? <>not at all</> : <DurationText ms={seconds * 1_000} />;
}

interface WaiveDialogProps {
  readonly policy: PolicyStatus | null;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before a grace period is given up: it is the last time at which nothing is lost. */
function WaiveDialog({ policy, onConfirm, onCancel }: WaiveDialogProps): JSX.Element {
  return (
    <ConfirmDialog
      opened={policy?.grace != null}
      title="Apply the new window now?"
      confirmLabel="Apply now"
      dangerous
      state={{ kind: "asking" }}
      onConfirm={onConfirm}
      onCancel={onCancel}
    >
      {policy?.grace != null && (
        <Text>
          The next purge goes by {windowText(policy.grace.waiting_days, policy.action)} instead of{" "}
          {policy.grace.effective_days === 0
            ? "keeping everything"
            : windowText(policy.grace.effective_days, policy.action)}
          , without waiting until <TimeText time={policy.grace.due_at} />.{" "}
          {policy.action === "delete" && "What it deletes cannot be brought back."}
        </Text>
      )}
    </ConfirmDialog>
  );
}

function WindowText({ policy: { window, grace, action } }: { policy: PolicyStatus }): JSX.Element {
  if (window.days === null) {
    return (
      <Text size="sm" c="red">
        cannot be read; nothing of it is purged until it is set again
      </Text>
    );
  }
  return (
    <div>
      <Text size="sm">
        {windowText(window.days, action)}
        {window.source === "default" && " (default)"}
      </Text>
      {grace !== null && (
        <Text size="sm" c="dimmed">
          waits for its grace period, due <TimeText time={grace.due_at} format="relative" />
        </Text>
      )}
    </div>
  );
}

function LastWork({ policy: { last, policy, backlog } }: { policy: PolicyStatus }): JSX.Element {
  if (last === null) return <Text size="sm">never ran</Text>;
  const isRunning = last.outcome === "running";
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <StatusBadge status={last.outcome} />
        {last.outcome !== "disabled" && (
          <Text size="sm">
            <Count count={last.deleted} />
            {isRunning ? (
              " so far"
            ) : (
              <>
                {" "}
                of <Count count={last.expired} />
              </>
            )}
          </Text>
        )}
      </Group>
      {isRunning && backlog !== null && (
        <Progress value={shareDone(last.deleted, backlog)} aria-label={`Progress of ${policy}`} />
      )}
      {last.error !== null && (
        <Text size="sm" c="red">
          {last.error}
        </Text>
      )}
    </Stack>
  );
}

/** How much of it is done, in whole percent. How much there was is known to the ledger only when all of it is done. */
function shareDone(done: number, backlog: number): number {
  return done + backlog === 0 ? 0 : Math.floor((done / (done + backlog)) * 100);
}

function windowText(days: number, action: PolicyStatus["action"]): string {
  if (days === 0) return action === "archive" ? "off" : "kept for ever";
  return days === 1 ? "1 day" : `${days} days`;
}
