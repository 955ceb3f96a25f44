import { Alert, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { RetentionStatus } from "@shelflife/api-contract";
import { IconPlayerPlay, IconPower } from "@tabler/icons-react";
import type { JSX, ReactNode } from "react";

import type { ActionState } from "../../api/action-state.ts";
import { DurationText } from "../../components/DurationText.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { StatusBadge } from "../../components/StatusBadge.tsx";
import { TimeText } from "../../components/TimeText.tsx";

interface PurgeSummaryProps {
  readonly status: RetentionStatus;
  readonly mayRun: boolean;
  readonly running: ActionState;
  readonly onRun: () => void;
}

/** Whether the purge runs, when it last did and when it will. */
export function PurgeSummary({ status, mayRun, running, onRun }: PurgeSummaryProps): JSX.Element {
  const { enabled, last_tick: last, next_tick_at: next, grace_seconds: grace } = status;
  return (
    <Card component="section" withBorder aria-labelledby="purge-heading">
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="xs">
            <Title order={2} size="h4" id="purge-heading">
              Purge
            </Title>
            <span role="status">
              {status.running ? (
                <StatusBadge status="running" />
              ) : (
                <Badge variant="light" color="gray" tt="none">
                  {enabled ? "Waiting" : "Switched off"}
                </Badge>
              )}
            </span>
          </Group>
          {mayRun && enabled && (
            <Button
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              loading={running.kind === "busy"}
              disabled={status.running}
              onClick={onRun}
            >
              Run now
            </Button>
          )}
        </Group>
        {!enabled && (
          <Alert color="yellow" icon={<IconPower />} title="The purge is switched off">
            Nothing is deleted or archived until the server is started without SHELFLIFE_PURGE=off.
          </Alert>
        )}
        {running.kind === "failed" && <ProblemAlert problem={running.problem} />}
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="dl" m={0}>
          <Fact name="Last run">
            {last === null ? (
              "never"
            ) : (
              <Group gap="xs">
                <TimeText time={last.started_at} format="relative" />
                <StatusBadge status={last.outcome} />
              </Group>
            )}
          </Fact>
          <Fact name="It took">
            <DurationText
              ms={
                last?.finished_at == null
                  ? null
                  : new Date(last.finished_at).getTime() - new Date(last.started_at).getTime()
              }
            />
          </Fact>
          <Fact name="Next run">
            {status.running ? (
              "running now"
            ) : (
              <TimeText time={next} format="relative" none={enabled ? "soon" : "never"} />
            )}
          </Fact>
          <Fact name="Grace period">
            {grace === 0 ? (
              "none"
            ) : (
              <>
                <DurationText ms={grace * 1_000} />
                <Text size="sm" c="dimmed" span>
                  , which owners may waive
                </Text>
              </>
            )}
          </Fact>
        </SimpleGrid>
      </Stack>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): JSX.Element {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0}>
        {children}
      </Text>
    </div>
  );
}
