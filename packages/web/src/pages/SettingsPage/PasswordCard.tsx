import { Button, Card, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { PASSWORD_CHARACTERS_MIN } from "@shelflife/api-contract";
import { type FormEvent, type JSX, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

export interface PasswordSlice {
  readonly state: ActionState | { readonly kind: "done" };
  readonly onChange: (current: string, chosen: string) => void;
}

/** Changes one's own password, which ends one's other sessions. */
export function PasswordCard({ password: { state, onChange } }: { password: PasswordSlice }): JSX.Element {
  const [current, setCurrent] = useState("");
  const [chosen, setChosen] = useState("");
  const [tried, setTried] = useState(false);
  const isShort = chosen.length < PASSWORD_CHARACTERS_MIN;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!isShort) onChange(current, chosen);
  };
  return (
    <Card component="section" withBorder aria-labelledby="password-heading">
      <form onSubmit={submit} aria-labelledby="password-heading">
        <Stack gap="sm" maw={480}>
          <Title order={2} size="h4" id="password-heading">
            Password
          </Title>
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show the current password" }}
          />
          <PasswordInput
            label="New password"
            description={`At least ${PASSWORD_CHARACTERS_MIN} characters. Your other sessions end.`}
            autoComplete="new-password"
            required
            withAsterisk={false}
            error={tried && isShort ? `It must have at least ${PASSWORD_CHARACTERS_MIN} characters.` : undefined}
            value={chosen}
            onChange={(event) => setChosen(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show the new password" }}
          />
          {state.kind === "failed" && <ProblemAlert problem={state.problem} />}
          <Group>
            <Button type="submit" loading={state.kind === "busy"}>
              Change password
            </Button>
            <Text size="sm" role="status">
              {state.kind === "done" ? "Changed." : ""}
            </Text>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
