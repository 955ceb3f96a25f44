import { Button, Card, Group, Select, Stack, Table, Text, Title } from "@mantine/core";
import { LEDGER_OUTCOMES, type LedgerEntry, type LedgerOutcome } from "@shelflife/api-contract";
import { IconDownload, IconNotebook } from "@tabler/icons-react";
import type { JSX } from "react";

import type { DataState } from "../../api/data-state.ts";
import type { LedgerFilter } from "../../api/retention.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { Bytes } from "../../components/Bytes.tsx";
import { Count } from "../../components/Count.tsx";
import { DurationText } from "../../components/DurationText.tsx";
import { Message } from "../../components/Message.tsx";
import { StatusBadge } from "../../components/StatusBadge.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";

const ALL = "All";

export interface LedgerSlice {
  readonly state: DataState<readonly LedgerEntry[]>;
  readonly filter: LedgerFilter;
  readonly policies: readonly string[];
  readonly csvAddress: string;
  readonly more: "none" | "there" | "loading";
  readonly onFilter: (filter: LedgerFilter) => void;
  readonly onMore: () => void;
}

/** The proof: what each policy did in each run of the purge. */
export function LedgerTable({ ledger }: { ledger: LedgerSlice }): JSX.Element {
  const { state, filter, policies, csvAddress, more, onFilter, onMore } = ledger;
  const change = (changed: { policy?: string | null; outcome?: LedgerOutcome | null }): void => {
    const merged = { ...filter, ...changed };
    onFilter({
      ...(merged.policy == null ? {} : { policy: merged.policy }),
      ...(merged.outcome == null ? {} : { outcome: merged.outcome }),
    });
  };
  return (
    <Card component="section" withBorder aria-labelledby="ledger-heading">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-end">
          <Title order={2} size="h4" id="ledger-heading">
            Ledger
          </Title>
          <Group align="flex-end" gap="sm">
            <Select
              label="Policy"
              allowDeselect={false}
              data={[ALL, ...policies]}
              value={filter.policy ?? ALL}
              onChange={(policy) => change({ policy: policy === ALL ? null : policy })}
            />
            <Select
              label="Outcome"
              allowDeselect={false}
              data={[ALL, ...LEDGER_OUTCOMES]}
              value={filter.outcome ?? ALL}
              onChange={(outcome) => change({ outcome: outcome === ALL ? null : outcome })}
            />
            <Button
              component="a"
              href={csvAddress}
              download="shelflife-ledger.csv"
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              CSV
            </Button>
          </Group>
        </Group>
        <AsyncState
          state={state}
          empty={{
            when: (entries) => entries.length === 0,
            show: (
              <Message icon={<IconNotebook />} title="No entries">
                {Object.keys(filter).length === 0
                  ? "The purge has not run yet."
                  : "Nothing in the ledger is like that."}
              </Message>
            ),
          }}
        >
          {(entries) => (
            <>
              <Rows entries={entries} />
              {more !== "none" && (
                <Button variant="default" loading={more === "loading"} onClick={onMore}>
                  Show older entries
                </Button>
              )}
            </>
          )}
        </AsyncState>
      </Stack>
    </Card>
  );
}

function Rows({ entries }: { entries: readonly LedgerEntry[] }): JSX.Element {
  return (
    <ScrollTable
      label="Ledger"
      scrollsBelow={820}
      columns={["Started", "Policy", "Outcome", "Cutoff", "Done", "Left", "Freed", "Took"]}
    >
      {entries.map((entry) => (
        <Table.Tr key={entry.id}>
          <Table.Td>
            <TimeText time={entry.started_at} />
          </Table.Td>
          <Table.Td>{entry.policy}</Table.Td>
          <Table.Td>
            <StatusBadge status={entry.outcome} />
            {entry.error !== null && (
              <Text size="sm" c="red">
                {entry.error}
              </Text>
            )}
          </Table.Td>
          <Table.Td>
            <TimeText time={entry.cutoff} none="keeps all" />
          </Table.Td>
          <Table.Td>
            <Count count={entry.deleted} />
          </Table.Td>
          <Table.Td>
            <Count count={entry.remaining} />
          </Table.Td>
          <Table.Td>
            <Bytes bytes={entry.bytes} />
          </Table.Td>
          <Table.Td>
            <DurationText ms={entry.duration_ms} />
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}
