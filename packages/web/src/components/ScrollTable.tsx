import { Table, type TableProps } from "@mantine/core";
import type { JSX } from "react";

interface ScrollTableProps extends TableProps {
  /** What is in it, for who hears it. */
  readonly label: string;
  /** Narrower than this it scrolls by itself, in pixels, and the page does not. */
  readonly scrollsBelow: number;
}

/** A table that scrolls sideways where there is no room. What scrolls must be reachable by keyboard, and have a name. */
export function ScrollTable({ label, scrollsBelow, ...table }: ScrollTableProps): JSX.Element {
  return (
    <Table.ScrollContainer
      minWidth={scrollsBelow}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": label } }}
    >
      <Table {...table} />
    </Table.ScrollContainer>
  );
}
