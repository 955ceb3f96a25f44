import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import type { Me, UserDebugLogging } from "@shelflife/api-contract";
import { IconLogout } from "@tabler/icons-react";
import type { JSX } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { KeysCard, type KeysSlice } from "./KeysCard.tsx";
import { PasswordCard, type PasswordSlice } from "./PasswordCard.tsx";
import { RecordingCard } from "./RecordingCard.tsx";

interface SettingsPageViewProps {
  readonly me: Me;
  readonly recording: DataState<UserDebugLogging>;
  readonly savingRecording: ActionState;
  readonly onRecording: (enabled: boolean) => void;
  readonly keys: KeysSlice;
  /** Null where nobody signs in with a password here. */
  readonly password: PasswordSlice | null;
  readonly signingOut: ActionState;
  readonly onSignOut: () => void;
}

/** What somebody decides for themselves. */
export function SettingsPageView(props: SettingsPageViewProps): JSX.Element {
  const { me, recording, savingRecording, onRecording, keys, password, signingOut, onSignOut } = props;
  return (
    <>
      <PageHeading>Settings</PageHeading>
      <Stack>
        <Card component="section" withBorder aria-labelledby="account-heading">
          <Group justify="space-between">
            <div>
              <Title order={2} size="h4" id="account-heading">
                {me.name === "" ? me.email : me.name}
              </Title>
              <Text size="sm" c="dimmed">
                {me.email}, {me.role}
              </Text>
            </div>
            <Button
              variant="default"
              leftSection={<IconLogout size={16} aria-hidden />}
              loading={signingOut.kind === "busy"}
              onClick={onSignOut}
            >
              Sign out
            </Button>
          </Group>
          {signingOut.kind === "failed" && <ProblemAlert problem={signingOut.problem} />}
        </Card>
        <RecordingCard state={recording} saving={savingRecording} onChange={onRecording} />
        <KeysCard keys={keys} />
        {password !== null && <PasswordCard password={password} />}
      </Stack>
    </>
  );
}
