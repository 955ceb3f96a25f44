import { ActionIcon, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type Chat, CHAT_LABEL_CHARACTERS, CHAT_TITLE_CHARACTERS, type ChatChange } from "@shelflife/api-contract";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, type JSX, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";

interface EditChatDialogProps {
  readonly chat: Chat;
  readonly saving: ActionState;
  readonly onSave: (changes: ChatChange) => void;
  readonly onClose: () => void;
}

interface LabelRow {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** Asks for a conversation's title and labels. The focus goes back to where it was when it closes. */
export function EditChatDialog(props: EditChatDialogProps & { opened: boolean }): JSX.Element {
  const { opened, saving, onClose } = props;
  return (
    <Modal
      opened={opened}
      onClose={() => saving.kind !== "busy" && onClose()}
      title="Edit title and labels"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <EditForm {...props} />
    </Modal>
  );
}

/** Mounted when the dialog opens, so that it begins with what is stored. */
function EditForm({ chat, saving, onSave, onClose }: EditChatDialogProps): JSX.Element {
  const [title, setTitle] = useState(chat.title);
  const [labels, setLabels] = useState<readonly LabelRow[]>(() =>
    Object.entries(chat.labels).map(([name, value], key) => ({ key, name, value })),
  );
  const [tried, setTried] = useState(false);
  const busy = saving.kind === "busy";
  const titleProblem = findTitleProblem(title);
  const problems = labels.map((label) => findLabelProblem(label, labels));

  const edit = (key: number, changed: Partial<LabelRow>): void =>
    setLabels(labels.map((label) => (label.key === key ? { ...label, ...changed } : label)));
  const add = (): void =>
    setLabels([...labels, { key: Math.max(-1, ...labels.map(({ key }) => key)) + 1, name: "", value: "" }]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (busy || titleProblem !== undefined || problems.some((problem) => problem !== undefined)) return;
    onSave(changesOf(chat, title.trim(), labels));
  };

  return (
    <form onSubmit={submit} noValidate aria-label="Title and labels">
      <Stack>
        <TextInput
          label="Title"
          data-autofocus
          value={title}
          error={titleProblem}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Stack gap="xs" component="fieldset" p={0} m={0} bd={0}>
          <Text component="legend" size="sm" fw={500}>
            Labels
          </Text>
          {labels.map(({ key, name, value }, index) => (
            <Group key={key} gap="xs" wrap="nowrap" align="flex-start">
              <TextInput
                aria-label={`Name of label ${index + 1}`}
                placeholder="name"
                flex={1}
                value={name}
                error={tried ? problems[index] : undefined}
                onChange={(event) => edit(key, { name: event.currentTarget.value })}
              />
              <TextInput
                aria-label={`Value of label ${index + 1}`}
                placeholder="value"
                flex={1}
                maxLength={CHAT_LABEL_CHARACTERS}
                value={value}
                onChange={(event) => edit(key, { value: event.currentTarget.value })}
              />
              <ActionIcon
                variant="default"
                size={36}
                aria-label={`Remove label ${index + 1}`}
                onClick={() => setLabels(labels.filter((label) => label.key !== key))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <div>
            <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
              Add label
            </Button>
          </div>
        </Stack>
        {saving.kind === "failed" && <ProblemAlert problem={saving.problem} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function findTitleProblem(title: string): string | undefined {
  if (title.trim() === "") return "A title is required.";
  const characters = Array.from(title.trim()).length;
  return characters > CHAT_TITLE_CHARACTERS ? `It must not exceed ${CHAT_TITLE_CHARACTERS} characters.` : undefined;
}

function findLabelProblem({ key, name, value }: LabelRow, all: readonly LabelRow[]): string | undefined {
  if (name.trim() === "" || value.trim() === "") return "A name and a value are required.";
  if (name.trim().length > CHAT_LABEL_CHARACTERS) return `It must not exceed ${CHAT_LABEL_CHARACTERS} characters.`;
  const isTwice = all.some((other) => other.key < key && other.name.trim() === name.trim());
  return isTwice ? "There is a label of this name already." : undefined;
}

/** Only what is different, so that what somebody else has changed meanwhile is not put back. */
function changesOf(chat: Chat, title: string, rows: readonly LabelRow[]): ChatChange {
  const labels = Object.fromEntries(rows.map(({ name, value }) => [name.trim(), value.trim()]));
  const isSame =
    Object.keys(labels).length === Object.keys(chat.labels).length &&
    Object.entries(labels).every(([name, value]) => chat.labels[name] === value);
  return { ...(title === chat.title ? {} : { title }), ...(isSame ? {} : { labels }) };
}
