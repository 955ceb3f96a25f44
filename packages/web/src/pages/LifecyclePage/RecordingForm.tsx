import { Card, Code, Skeleton, Stack, Switch, Text, Title } from "@mantine/core";
import type { DebugLogging } from "@shelflife/api-contract";
import type { JSX } from "react";

import type { DataState, Problem } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

export interface RecordingState {
  readonly setting: DataState<DebugLogging>;
  readonly saving: { readonly kind: "idle" | "saving" } | { readonly kind: "failed"; readonly problem: Problem };
}

/** Whether people may record their chats. It changes nothing that is stored, so it saves at once. */
export function RecordingForm({
  state: { setting, saving },
  onChange,
}: {
  state: RecordingState;
  onChange: (allowUsers: boolean) => void;
}): JSX.Element {
  return (
    <Card component="section" withBorder aria-labelledby="recording-heading">
      <Stack gap="sm">
        <Title order={2} size="h4" id="recording-heading">
          Let users record chat debug logs
        </Title>
        {setting.kind === "loading" ? (
          <Skeleton height={48} role="status" aria-label="Loading: Let users record chat debug logs" />
        ) : (
          <AsyncState state={setting}>
            {({ allow_users, forced_by_deployment }) => (
              <Stack gap="xs">
                <Switch
                  label="Allow users to enable chat debug logging"
                  checked={allow_users}
                  // Not disabled, which would take the focus away from whoever uses the keyboard.
                  aria-disabled={saving.kind === "saving"}
                  onChange={(event) => saving.kind === "saving" || onChange(event.currentTarget.checked)}
                />
                <Text size="sm">
                  {forced_by_deployment ? (
                    <>
                      This deployment records every chat, whatever is chosen here:{" "}
                      <Code>SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED</Code> is set.
                    </>
                  ) : (
                    "Everybody may then switch it on for their own chats, on their own settings page."
                  )}
                </Text>
                {saving.kind === "failed" && (
                  <ProblemAlert title="Failed to save the debug logging setting." problem={saving.problem} />
                )}
              </Stack>
            )}
          </AsyncState>
        )}
      </Stack>
    </Card>
  );
}
