import { Table } from "@mantine/core";
import type { Usage } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatCount } from "../../../components/format-number.ts";

/** "1,024→96 tok"; nothing where no tokens were counted. */
export function tokenText(input: number | undefined, output: number | undefined): string {
  if (input === undefined && output === undefined) return "";
  return `${formatCount(input ?? 0)}→${formatCount(output ?? 0)} tok`;
}

const ROWS: readonly [keyof Usage, string][] = [
  ["input_tokens", "Input"],
  ["cache_read_tokens", "of it read from a cache"],
  ["cache_creation_tokens", "of it written to a cache"],
  ["output_tokens", "Output"],
  ["reasoning_tokens", "of it reasoning"],
  ["total_tokens", "Total"],
];

/** The tokens of a call, with what was cached and what was reasoning apart. */
export function UsageTable({ usage }: { usage: Usage | undefined }): JSX.Element {
  const rows = ROWS.flatMap(([field, label]) => {
    const count = usage?.[field];
    return typeof count === "number" ? [{ label, count }] : [];
  });
  if (rows.length === 0) return <>No tokens were counted.</>;
  return (
    <Table maw={320} aria-label="Tokens">
      <Table.Tbody>
        {rows.map(({ label, count }) => (
          <Table.Tr key={label}>
            <Table.Th scope="row" fw="normal">
              {label}
            </Table.Th>
            <Table.Td ta="end">{formatCount(count)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
