import { Alert, Badge, Button, Card, Code, Group, Modal, Radio, Stack, Table, TextInput, Title } from "@mantine/core";
import type { ApiKey, CreatedApiKey, KeyScope } from "@shelflife/api-contract";
import { IconKey } from "@tabler/icons-react";
import { type FormEvent, type JSX, type Ref, useRef, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { CopyAction } from "../../components/CopyAction.tsx";
import { Message } from "../../components/Message.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";

export interface KeysSlice {
  readonly state: DataState<readonly ApiKey[]>;
  readonly creating: ActionState;
  /** The key that has just been made, which is shown this once. */
  readonly created: CreatedApiKey | null;
  readonly revoking: ActionState;
  readonly onCreate: (name: string, scope: KeyScope) => void;
  readonly onCreatedSeen: () => void;
  readonly onRevoke: (keyId: string) => void;
}

/** The keys by which applications and scripts act for oneself. */
export function KeysCard({ keys }: { keys: KeysSlice }): JSX.Element {
  const { state, created, revoking, onCreatedSeen, onRevoke } = keys;
  const [asked, setAsked] = useState<ApiKey | null>(null);
  const nameField = useRef<HTMLInputElement>(null);
  return (
    <Card component="section" withBorder aria-labelledby="keys-heading">
      <Stack gap="sm">
        <Title order={2} size="h4" id="keys-heading">
          API keys
        </Title>
        <CreateForm creating={keys.creating} onCreate={keys.onCreate} nameField={nameField} />
        <CreatedKey created={created} onClose={onCreatedSeen} onClosed={() => nameField.current?.focus()} />
        <AsyncState
          state={state}
          empty={{
            when: (list) => list.length === 0,
            show: (
              <Message icon={<IconKey />} title="No keys yet">
                An application needs one to record, and a script to ask.
              </Message>
            ),
          }}
        >
          {(list) => <KeyTable keys={list} onRevoke={setAsked} />}
        </AsyncState>
        {revoking.kind === "failed" && <ProblemAlert problem={revoking.problem} />}
      </Stack>
      <ConfirmDialog
        opened={asked !== null}
        title={`Revoke the key “${asked?.name ?? ""}”?`}
        confirmLabel="Revoke key"
        dangerous
        state={{ kind: "asking" }}
        onConfirm={() => {
          if (asked !== null) onRevoke(asked.id);
          setAsked(null);
        }}
        onCancel={() => setAsked(null)}
      >
        Whatever uses it is refused from then on. This cannot be undone.
      </ConfirmDialog>
    </Card>
  );
}

function CreateForm({
  creating,
  onCreate,
  nameField,
}: Pick<KeysSlice, "creating" | "onCreate"> & { nameField: Ref<HTMLInputElement> }): JSX.Element {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<KeyScope>("ingest");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onCreate(name.trim(), scope);
    setName("");
  };
  return (
    <form onSubmit={submit} aria-label="New key">
      <Stack gap="sm" maw={480}>
        <TextInput
          ref={nameField}
          label="Name"
          description="What uses it."
          required
          withAsterisk={false}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Radio.Group label="It may" value={scope} onChange={(value) => setScope(value)}>
          <Stack gap="xs" mt={4}>
            <Radio value="ingest" label="record only" description="For an application. It opens nothing." />
            <Radio value="full" label="do everything that I may" description="For scripts of your own." />
          </Stack>
        </Radio.Group>
        {creating.kind === "failed" && <ProblemAlert problem={creating.problem} />}
        <Group>
          <Button type="submit" loading={creating.kind === "busy"} disabled={name.trim() === ""}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface CreatedKeyProps {
  readonly created: CreatedApiKey | null;
  readonly onClose: () => void;
  /** Called once nothing of the dialog is left, so that the focus can go on. */
  readonly onClosed: () => void;
}

/**
 * Shows a new key. It opens when the answer comes, at which time the button that was pressed is disabled and has no focus
 * to be given back: the form decides where it goes.
 */
function CreatedKey({ created, onClose, onClosed }: CreatedKeyProps): JSX.Element {
  // While the dialog fades, it shows what it showed.
  const [shown, setShown] = useState(created);
  if (created !== null && created !== shown) setShown(created);
  return (
    <Modal
      opened={created !== null}
      onClose={onClose}
      onExitTransitionEnd={() => {
        setShown(null);
        onClosed();
      }}
      returnFocus={false}
      title={`Your new key “${shown?.name ?? ""}”`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <Alert color="yellow" title="Copy it now: it is not shown again." />
        <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
          {shown?.key}
        </Code>
        <CopyAction value={shown?.key ?? ""} label="Copy the key" />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }): JSX.Element {
  return (
    <ScrollTable label="API keys" scrollsBelow={600} columns={["Name", "May", "Begins with", "Made", "Last used", ""]}>
      {keys.map((key) => (
        <Table.Tr key={key.id}>
          <Table.Th scope="row">{key.name}</Table.Th>
          <Table.Td>{key.scope === "ingest" ? "record only" : "everything"}</Table.Td>
          <Table.Td>
            <Code>{key.key_start}</Code>
          </Table.Td>
          <Table.Td>
            <TimeText time={key.created_at} />
          </Table.Td>
          <Table.Td>
            <TimeText time={key.last_used_at} format="relative" none="never" />
          </Table.Td>
          <Table.Td>
            {key.revoked_at === null ? (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => onRevoke(key)}
                aria-label={`Revoke: ${key.name}`}
              >
                Revoke
              </Button>
            ) : (
              <Badge variant="light" color="gray" tt="none">
                Revoked
              </Badge>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}
