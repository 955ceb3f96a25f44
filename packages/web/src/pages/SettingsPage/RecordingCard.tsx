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

/** Whether one's own chats are recorded. It is there only where that is one's own choice, or where it is no choice. */
export function RecordingCard({ state, saving, onChange }: RecordingCardProps): JSX.Element | null {
  if (state.kind === "ready" && !state.data.user_toggle_allowed && !state.data.forced_by_deployment) return null;
  return (
    <Card component="section" withBorder aria-labelledby="recording-heading">
      <Title order={2} size="h4" id="recording-heading" mb="sm">
        Record debug logs for my chats
      </Title>
      <AsyncState state={state}>
        {({ debug_logging_enabled, forced_by_deployment }) => (
          <Stack gap="xs">
            {!forced_by_deployment && (
              <Switch
                label="Enable personal chat debug logging"
                checked={debug_logging_enabled}
                // Not disabled, which would take the focus away from whoever uses the keyboard.
                aria-disabled={saving.kind === "busy"}
                onChange={(event) => saving.kind === "busy" || onChange(event.currentTarget.checked)}
              />
            )}
            <Text size="sm">
              {forced_by_deployment
                ? "This deployment records every conversation; it cannot be switched off here."
                : "Every request to a model and every answer in your conversations is then kept for a while, for you alone."}
            </Text>
            {saving.kind === "failed" && (
              <ProblemAlert title="Failed to save the debug logging setting." problem={saving.problem} />
            )}
          </Stack>
        )}
      </AsyncState>
    </Card>
  );
}
