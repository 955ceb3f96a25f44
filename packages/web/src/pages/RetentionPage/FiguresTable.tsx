import { Button, Table } from "@mantine/core";
import { type JSX, useState } from "react";

import { ScrollTable } from "../../components/ScrollTable.tsx";

interface FiguresTableProps {
  /** What the figures are of, as the heading above them says. */
  readonly label: string;
  readonly columns: readonly string[];
  /** The first of each row is what the others are of. */
  readonly rows: readonly (readonly string[])[];
}

/** The figures of a picture, for who hears the page and for who wants them exactly. */
export function FiguresTable({ label, columns, rows }: FiguresTableProps): JSX.Element {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        mt="sm"
        style={{ alignSelf: "flex-start" }}
        aria-expanded={opened}
        aria-label={`${opened ? "Hide the table" : "As a table"}: ${label}`}
        onClick={() => setOpened(!opened)}
      >
        {opened ? "Hide the table" : "As a table"}
      </Button>
      {opened && (
        <ScrollTable label={label} scrollsBelow={columns.length * 120} columns={columns}>
          {rows.map(([name, ...figures]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw="normal">
                {name}
              </Table.Th>
              {figures.map((figure, index) => (
                <Table.Td key={index}>{figure}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </ScrollTable>
      )}
    </>
  );
}
