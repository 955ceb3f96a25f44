import { Table, Text } from "@mantine/core";
import type { DebugRunSummary, Usage } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatCount } from "../../../components/format-number.ts";

interface TokenTextProps {
  readonly input: number | undefined;
  readonly output: number | undefined;
}

/** "1,024→96 tok"; nothing where no tokens were counted. */
export function TokenText({ input, output }: TokenTextProps): JSX.Element | null {
  if (input === undefined && output === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {`${formatCount(input ?? 0)}→${formatCount(output ?? 0)} tok`}
    </Text>
  );
}

/** What of a run's tokens was cached and what was reasoning: "512 tokens read from a cache, 40 of reasoning". */
export function describeTokens(summary: DebugRunSummary["summary"]): string {
  const parts = [
    [summary.total_cache_read_tokens, "read from a cache"],
    [summary.total_cache_creation_tokens, "written to a cache"],
    [summary.total_reasoning_tokens, "of reasoning"],
  ] as const;
  return parts
    .filter(([count]) => count !== undefined && count > 0)
    .map(([count = 0, what], index) => `${formatCount(count)} ${index === 0 ? "tokens " : ""}${what}`)
    .join(", ");
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
