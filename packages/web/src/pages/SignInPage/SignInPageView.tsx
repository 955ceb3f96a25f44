import { Button, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import type { SignInMethods } from "@shelflife/api-contract";
import { type FormEvent, type JSX, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

interface SignInPageViewProps {
  readonly methods: DataState<SignInMethods>;
  /** Whether nobody has an account yet, so that there is nothing to sign in with. */
  readonly setUpNeeded: boolean;
  readonly signingIn: ActionState;
  readonly onPassword: (email: string, password: string) => void;
  readonly onOpenIdConnect: () => void;
}

export function SignInPageView(props: SignInPageViewProps): JSX.Element {
  const { methods, setUpNeeded, signingIn, onPassword, onOpenIdConnect } = props;
  return (
    <>
      <PageHeading>Sign in</PageHeading>
      {setUpNeeded ? (
        <Text>
          Nobody has an account here yet. Open the set-up link that the server printed on its console when it started.
        </Text>
      ) : (
        <AsyncState state={methods}>
          {({ password, openid_connect }) => (
            <Stack>
              {signingIn.kind === "failed" && <ProblemAlert problem={signingIn.problem} />}
              {openid_connect !== null && (
                <Button
                  variant={password ? "default" : "filled"}
                  onClick={onOpenIdConnect}
                  disabled={signingIn.kind === "busy"}
                >
                  Continue with {openid_connect.name}
                </Button>
              )}
              {openid_connect !== null && password && <Divider label="or" />}
              {password && <PasswordForm busy={signingIn.kind === "busy"} onPassword={onPassword} />}
            </Stack>
          )}
        </AsyncState>
      )}
    </>
  );
}

function PasswordForm({
  busy,
  onPassword,
}: {
  busy: boolean;
  onPassword: (email: string, password: string) => void;
}): JSX.Element {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onPassword(email.trim(), password);
  };
  return (
    <form onSubmit={submit} aria-label="Sign in with a password">
      <Stack>
        <TextInput
          label="E-mail address"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
        />
        <Button type="submit" loading={busy}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
