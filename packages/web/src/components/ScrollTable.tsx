import { Table, type TableProps } from "@mantine/core";
import type { JSX } from "react";

interface ScrollTableProps extends TableProps {
  /** What is in it, for who hears it. */
  readonly label: string;
  /** Narrower than this it scrolls by itself, in pixels, and the page does not. */
  readonly scrollsBelow: number;
  /** The heads of its columns; the one over buttons is empty. */
  readonly columns: readonly string[];
}

/** A table that scrolls sideways where there is no room. What scrolls must be reachable by keyboard, and have a name. */
export function ScrollTable({ label, scrollsBelow, columns, children, ...table }: ScrollTableProps): JSX.Element {
  return (
    <Table.ScrollContainer
      minWidth={scrollsBelow}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": label } }}
    >
      <Table {...table}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) =>
              column === "" ? <Table.Td key={column} /> : <Table.Th key={column}>{column}</Table.Th>,
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
