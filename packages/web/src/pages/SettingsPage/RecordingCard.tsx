import { Card, Stack, Switch, Text, Title } from "@mantine/core";
import type { UserDebugLogging } from "@shelflife/api-contract";
import type { JSX } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

interface RecordingCardProps {
  readonly state: DataState<UserDebugLogging>;
  readonly saving: ActionState;
  readonly onChange: (enabled: boolean) => void;
}

/** Whether one's own chats are recorded. The switch is there only where it does something. */
export function RecordingCard({ state, saving, onChange }: RecordingCardProps): JSX.Element {
  return (
    <Card component="section" withBorder aria-labelledby="recording-heading">
      <Title order={2} size="h4" id="recording-heading" mb="sm">
        Record debug logs for my chats
      </Title>
      <AsyncState state={state}>
        {({ debug_logging_enabled, user_toggle_allowed, forced_by_deployment }) => (
          <Stack gap="xs">
            {user_toggle_allowed && !forced_by_deployment && (
              <Switch
                label="Enable personal chat debug logging"
                checked={debug_logging_enabled}
                disabled={saving.kind === "busy"}
                onChange={(event) => onChange(event.currentTarget.checked)}
              />
            )}
            <Text size="sm">{explain(user_toggle_allowed, forced_by_deployment)}</Text>
            {saving.kind === "failed" && (
              <ProblemAlert title="Failed to save the debug logging setting." problem={saving.problem} />
            )}
          </Stack>
        )}
      </AsyncState>
    </Card>
  );
}

function explain(allowed: boolean, forced: boolean): string {
  if (forced) return "This deployment records every conversation; it cannot be switched off here.";
  if (!allowed) return "An administrator has not allowed the recording of debug logs, so that nothing is recorded.";
  return "Every request to a model and every answer in your conversations is then kept for a while, for you alone.";
}
