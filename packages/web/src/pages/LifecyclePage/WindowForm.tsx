import { Alert, Badge, Button, Card, Group, Skeleton, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import type { Grace } from "@shelflife/api-contract";
import { IconHourglass } from "@tabler/icons-react";
import { type FormEvent, type JSX, useRef, useState } from "react";

import type { Problem } from "../../api/data-state.ts";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { useFocusKeptOver } from "./use-focus-kept-over.ts";
import classes from "./WindowForm.module.css";
import { findDaysProblem, inDays, WINDOW_TEXTS, type WindowName } from "./window-texts.ts";

/** Where one window stands. Where it could not be loaded, the form shows the default and says so. */
export type WindowState =
  | { readonly kind: "loading" }
  | { readonly kind: "load-error"; readonly defaultDays: number; readonly problem: Problem; readonly retry: () => void }
  | {
      readonly kind: "ready";
      readonly days: number;
      readonly isDefault: boolean | undefined;
      readonly grace: Grace | null;
    };

/** Where saving it stands. `conflict`: somebody else changed it after this form was opened. */
export type SavingState =
  | { readonly kind: "idle" }
  | { readonly kind: "saving" }
  | { readonly kind: "saved" }
  | { readonly kind: "conflict"; readonly theirDays: number }
  | { readonly kind: "failed"; readonly problem: Problem };

interface WindowFormProps {
  readonly name: WindowName;
  readonly state: WindowState;
  readonly saving: SavingState;
  /** How often it was saved: nothing of the draft before is left then. */
  readonly saves: number;
  readonly onSave: (days: number) => void;
  readonly onEdit: () => void;
}

interface Draft {
  readonly enabled: boolean;
  readonly text: string;
}

/** The form of one window: it loads, saves and fails by itself. */
export function WindowForm(props: WindowFormProps): JSX.Element {
  const { name, state, saving } = props;
  const texts = WINDOW_TEXTS[name];
  const heading = `${name}-heading`;
  return (
    <Card component="section" withBorder aria-labelledby={heading}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h4" id={heading}>
            {texts.heading}
          </Title>
          {state.kind === "ready" && <SourceBadge isDefault={state.isDefault} />}
        </Group>
        {state.kind === "loading" ? (
          <Skeleton height={96} role="status" aria-label={`Loading: ${texts.heading}`} />
        ) : (
          <LoadedForm {...props} state={state} />
        )}
        {/* It is there before there is anything to say, so that what it says is read aloud. */}
        <Text size="sm" role="status" className={classes["saved"] ?? ""}>
          {saving.kind === "saved" ? "Saved." : ""}
        </Text>
      </Stack>
    </Card>
  );
}

function SourceBadge({ isDefault }: { isDefault: boolean | undefined }): JSX.Element | null {
  if (isDefault === undefined) return null;
  return (
    <Badge variant="light" color="gray" tt="none">
      {isDefault ? "Default" : "Set for this deployment"}
    </Badge>
  );
}

function LoadedForm({
  name,
  state,
  saving,
  saves,
  onSave,
  onEdit,
}: WindowFormProps & { state: Exclude<WindowState, { kind: "loading" }> }): JSX.Element {
  const texts = WINDOW_TEXTS[name];
  const days = state.kind === "ready" ? state.days : state.defaultDays;
  // Nothing is a draft until somebody touches it, so that a value that arrives later is shown at once.
  const [draft, setDraft] = useState<Draft | null>(null);
  const [savesSeen, setSavesSeen] = useState(saves);
  if (saves !== savesSeen) {
    setSavesSeen(saves);
    setDraft(null);
  }
  const switchRef = useRef<HTMLInputElement>(null);
  const discard = (): void => {
    setDraft(null);
    switchRef.current?.focus();
  };
  const stored: Draft = { enabled: days !== 0, text: String(days === 0 ? texts.suggestedDays : days) };
  const { enabled, text } = draft ?? stored;
  const problem = enabled ? findDaysProblem(text, texts) : undefined;
  const chosenDays = enabled ? (problem === undefined ? Number(text) : undefined) : 0;
  const isUnknown = state.kind === "load-error";
  const isDirty = draft !== null && (isUnknown || chosenDays !== days);
  const busy = saving.kind === "saving";
  const rememberFocus = useFocusKeptOver(busy, switchRef);

  const edit = (changed: Partial<Draft>): void => {
    setDraft({ enabled, text, ...changed });
    onEdit();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosenDays === undefined || !isDirty || busy) return;
    rememberFocus();
    onSave(chosenDays);
  };

  return (
    <form onSubmit={submit} noValidate aria-label={texts.heading}>
      <Stack gap="sm">
        {state.kind === "load-error" && (
          <>
            <ProblemAlert title={`Failed to load ${texts.calledAs}.`} problem={state.problem} />
            <Group>
              <Button size="compact-sm" variant="default" onClick={state.retry}>
                Try again
              </Button>
              <Text size="sm" c="dimmed">
                What is below is the default, not what is in force.
              </Text>
            </Group>
          </>
        )}
        <Switch
          ref={switchRef}
          label={texts.switchLabel}
          checked={enabled}
          disabled={busy}
          onChange={(event) => edit({ enabled: event.currentTarget.checked })}
        />
        <TextInput
          label={texts.fieldLabel}
          inputMode="numeric"
          maw={320}
          value={text}
          disabled={!enabled || busy}
          error={problem}
          onChange={(event) => edit({ text: event.currentTarget.value })}
        />
        <Text size="sm">
          {chosenDays === undefined ? " " : chosenDays === 0 ? texts.offEffect : texts.effect(chosenDays)}
        </Text>
        {state.kind === "ready" && state.grace !== null && <GraceNote grace={state.grace} />}
        {saving.kind === "failed" && (
          <ProblemAlert title={`Failed to save ${texts.calledAs}.`} problem={saving.problem} />
        )}
        {saving.kind === "conflict" && (
          <Alert role="alert" color="yellow" title="Somebody else has changed this meanwhile">
            {saving.theirDays === 0 ? "It is switched off now." : `It is ${inDays(saving.theirDays)} now.`} Save again
            to replace it.
          </Alert>
        )}
        {(isDirty || busy) && (
          <Group>
            <Button type="submit" loading={busy} disabled={chosenDays === undefined}>
              Save
            </Button>
            {!busy && (
              <Button variant="default" onClick={discard}>
                Discard
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </form>
  );
}

function GraceNote({ grace }: { grace: Grace }): JSX.Element {
  return (
    <Alert color="blue" icon={<IconHourglass />} title="Waiting for its grace period">
      <Text size="sm">
        {grace.effective_days === 0
          ? "Until then nothing of it is deleted"
          : `Until then ${inDays(grace.effective_days)} apply`}
        ; the new window applies <TimeText time={grace.due_at} format="relative" />, on <TimeText time={grace.due_at} />
        .
      </Text>
    </Alert>
  );
}
