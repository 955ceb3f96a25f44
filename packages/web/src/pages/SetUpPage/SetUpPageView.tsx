import { Button, PasswordInput, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type DebugLoggingChoice, PASSWORD_CHARACTERS_MIN } from "@shelflife/api-contract";
import { type FormEvent, type JSX, useState } from "react";

import type { Problem } from "../../api/data-state.ts";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

export interface SetUpForm {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly debugLogging: DebugLoggingChoice;
}

export type SetUpState =
  | { readonly kind: "loading" }
  /** Somebody has done it already. */
  | { readonly kind: "done" }
  /** The address holds no token: it is not the link that the server printed. */
  | { readonly kind: "no-token" }
  | { readonly kind: "form"; readonly busy: boolean; readonly problem: Problem | undefined };

interface SetUpPageViewProps {
  readonly state: SetUpState;
  readonly onSubmit: (form: SetUpForm) => void;
}

const CHOICES: readonly { value: DebugLoggingChoice; label: string; description: string }[] = [
  {
    value: "opt_in",
    label: "For who opts in",
    description: "Everybody may switch it on for their own conversations.",
  },
  { value: "everyone", label: "For all", description: "On for everybody; each may switch it off for themselves." },
  { value: "nobody", label: "For nobody", description: "Off, and nobody may switch it on. You can change this later." },
];

/** Makes the first account, and decides once whether debug data may be recorded. */
export function SetUpPageView({ state, onSubmit }: SetUpPageViewProps): JSX.Element {
  return (
    <>
      <PageHeading>Set up Shelflife</PageHeading>
      {state.kind === "loading" && <Text role="status">Loading.</Text>}
      {state.kind === "done" && (
        <Text>
          This has been done already. <a href="/sign-in">Sign in</a>, or ask an administrator for an account.
        </Text>
      )}
      {state.kind === "no-token" && (
        <Text>
          Open the whole set-up link that the server printed on its console when it started: what stands behind the # is
          missing here. A new link is printed at every start until an account has been made.
        </Text>
      )}
      {state.kind === "form" && <Form busy={state.busy} problem={state.problem} onSubmit={onSubmit} />}
    </>
  );
}

function Form({
  busy,
  problem,
  onSubmit,
}: {
  busy: boolean;
  problem: Problem | undefined;
  onSubmit: (form: SetUpForm) => void;
}): JSX.Element {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [debugLogging, setDebugLogging] = useState<DebugLoggingChoice>("opt_in");
  const [tried, setTried] = useState(false);
  const isShort = password.length < PASSWORD_CHARACTERS_MIN;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!isShort) onSubmit({ email: email.trim(), name: name.trim(), password, debugLogging });
  };
  return (
    <form onSubmit={submit} aria-label="Set up">
      <Stack>
        <Text>This makes the first account, which administers this deployment.</Text>
        {problem !== undefined && <ProblemAlert problem={problem} />}
        <TextInput
          label="E-mail address"
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <TextInput
          label="Name"
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          description={`At least ${PASSWORD_CHARACTERS_MIN} characters.`}
          autoComplete="new-password"
          required
          error={tried && isShort ? `It must have at least ${PASSWORD_CHARACTERS_MIN} characters.` : undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
        />
        <Radio.Group
          label="May debug data be recorded?"
          description="Debug data is every request to a model and every answer. Only the person whose conversation it is can read it."
          value={debugLogging}
          onChange={(value) => setDebugLogging(value)}
        >
          <Stack gap="xs" mt="xs">
            {CHOICES.map((choice) => (
              <Radio key={choice.value} {...choice} />
            ))}
          </Stack>
        </Radio.Group>
        <Button type="submit" loading={busy}>
          Create account
        </Button>
      </Stack>
    </form>
  );
}
