import { Button, Card, Group, PasswordInput, Select, Stack, Table, TextInput, Title } from "@mantine/core";
import { type NewPerson, PASSWORD_CHARACTERS_MIN, type Person, type Role, ROLES } from "@shelflife/api-contract";
import { type FormEvent, type JSX, useState } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";

interface UsersPageViewProps {
  readonly state: DataState<readonly Person[]>;
  /** Counts the accounts made here; the form begins anew with each. */
  readonly made: number;
  readonly creating: ActionState;
  readonly changing: ActionState;
  readonly onCreate: (person: NewPerson) => void;
  readonly onRole: (userId: string, role: Role) => void;
}

const ROLE_NAMES: Record<Role, string> = { member: "Member", auditor: "Auditor", owner: "Owner" };
const ROLE_OPTIONS = ROLES.map((value) => ({ value, label: ROLE_NAMES[value] }));

/** Everybody who has an account. Being an owner opens nobody else's conversations. */
export function UsersPageView({ state, made, creating, changing, onCreate, onRole }: UsersPageViewProps): JSX.Element {
  return (
    <>
      <PageHeading>Users</PageHeading>
      <Stack>
        <CreateForm key={made} creating={creating} onCreate={onCreate} />
        {changing.kind === "failed" && <ProblemAlert title="The role was not changed." problem={changing.problem} />}
        <AsyncState state={state}>
          {(people) => <People people={people} busy={changing.kind === "busy"} onRole={onRole} />}
        </AsyncState>
      </Stack>
    </>
  );
}

function CreateForm({
  creating,
  onCreate,
}: {
  creating: ActionState;
  onCreate: (person: NewPerson) => void;
}): JSX.Element {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("member");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const isShort = password !== "" && password.length < PASSWORD_CHARACTERS_MIN;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (isShort) return;
    onCreate({ email: email.trim(), name: name.trim(), role, ...(password === "" ? {} : { password }) });
  };
  return (
    <Card component="section" withBorder aria-labelledby="new-user-heading">
      <form onSubmit={submit} aria-labelledby="new-user-heading">
        <Stack gap="sm" maw={480}>
          <Title order={2} size="h4" id="new-user-heading">
            New user
          </Title>
          <TextInput
            label="E-mail address"
            type="email"
            autoComplete="off"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <TextInput
            label="Name"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Role"
            allowDeselect={false}
            data={ROLE_OPTIONS}
            value={role}
            onChange={(value) => setRole(value ?? "member")}
          />
          <PasswordInput
            label="First password"
            description="Leave it empty for somebody who signs in by OpenID Connect, or uses keys alone."
            autoComplete="new-password"
            error={tried && isShort ? `It must have at least ${PASSWORD_CHARACTERS_MIN} characters.` : undefined}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          />
          {creating.kind === "failed" && <ProblemAlert problem={creating.problem} />}
          <Group>
            <Button type="submit" loading={creating.kind === "busy"}>
              Create user
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function People({
  people,
  busy,
  onRole,
}: {
  people: readonly Person[];
  busy: boolean;
  onRole: (userId: string, role: Role) => void;
}): JSX.Element {
  return (
    <ScrollTable
      label="Users"
      scrollsBelow={560}
      verticalSpacing="sm"
      columns={["E-mail address", "Name", "Role", "Since"]}
    >
      {people.map((person) => (
        <Table.Tr key={person.id}>
          <Table.Th scope="row">{person.email}</Table.Th>
          <Table.Td>{person.name}</Table.Td>
          <Table.Td>
            <Select
              aria-label={`Role of ${person.email}`}
              allowDeselect={false}
              // Not disabled, which would take the focus away from whoever uses the keyboard.
              aria-disabled={busy}
              w={140}
              data={ROLE_OPTIONS}
              value={person.role}
              onChange={(role) => !busy && role !== null && role !== person.role && onRole(person.id, role)}
            />
          </Table.Td>
          <Table.Td>
            <TimeText time={person.created_at} />
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}
