import { Button, Code, Stack, Table, Text } from "@mantine/core";
import type { AuditEntry } from "@shelflife/api-contract";
import { IconListCheck } from "@tabler/icons-react";
import type { JSX } from "react";

import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { Message } from "../../components/Message.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";

interface AuditPageViewProps {
  readonly state: DataState<readonly AuditEntry[]>;
  readonly more: "none" | "there" | "loading";
  readonly onMore: () => void;
}

/** What people call the actions that the log names. */
const ACTIONS: Record<string, string> = {
  create: "created",
  write: "changed",
  delete: "deleted",
  start: "started",
};

/** Who changed what. */
export function AuditPageView({ state, more, onMore }: AuditPageViewProps): JSX.Element {
  return (
    <>
      <PageHeading>Audit log</PageHeading>
      <AsyncState
        state={state}
        empty={{
          when: (entries) => entries.length === 0,
          show: (
            <Message icon={<IconListCheck />} title="Nothing has been changed yet">
              Changes of settings, accounts and keys are listed here, and conversations that were archived by
              themselves.
            </Message>
          ),
        }}
      >
        {(entries) => (
          <Stack>
            <Rows entries={entries} />
            {more !== "none" && (
              <Button variant="default" loading={more === "loading"} onClick={onMore}>
                Show older entries
              </Button>
            )}
          </Stack>
        )}
      </AsyncState>
    </>
  );
}

function Rows({ entries }: { entries: readonly AuditEntry[] }): JSX.Element {
  return (
    <ScrollTable
      label="Audit log"
      scrollsBelow={720}
      verticalSpacing="sm"
      columns={["When", "Who", "Did", "What", "Change"]}
    >
      {entries.map((entry) => (
        <Table.Tr key={entry.id}>
          <Table.Td>
            <TimeText time={entry.time} />
          </Table.Td>
          <Table.Td>
            <Text size="sm">{actorOf(entry)}</Text>
            {entry.ip !== null && (
              <Text size="xs" c="dimmed">
                {entry.ip}
              </Text>
            )}
          </Table.Td>
          <Table.Td>{ACTIONS[entry.action] ?? entry.action}</Table.Td>
          <Table.Td>
            <Text size="sm">{entry.resource_type.replaceAll("_", " ")}</Text>
            <Code style={{ whiteSpace: "nowrap" }}>
              {entry.resource_target === "" ? entry.resource_id : entry.resource_target}
            </Code>
          </Table.Td>
          <Table.Td>
            {Object.entries(entry.diff).map(([field, change]) => (
              <Text size="sm" key={field}>
                {field}: <Value value={change.old} /> → <Value value={change.new} />
              </Text>
            ))}
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}

function actorOf({ user_email, user_id, additional_fields }: AuditEntry): string {
  if (user_email !== null) return user_email;
  if (user_id !== null) return `somebody whose account is gone (${user_id})`;
  const subsystem = additional_fields["subsystem"];
  return subsystem === "cli"
    ? "the command line"
    : typeof subsystem === "string"
      ? subsystem.replaceAll("_", " ")
      : "the system";
}

/** A value of a setting or a state; anything that is none is shown as JSON. */
function Value({ value }: { value: unknown }): JSX.Element {
  if (value === null || value === undefined) return <>–</>;
  if (typeof value !== "string") return <>{JSON.stringify(value)}</>;
  return UTC_TIME.test(value) ? <TimeText time={value} /> : <>{value}</>;
}

/** As the server writes times into a diff. */
const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
