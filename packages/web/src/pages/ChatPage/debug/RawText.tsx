import { Button, Group, Text } from "@mantine/core";
import { type JSX, useMemo, useState } from "react";

import { CopyAction } from "../../../components/CopyAction.tsx";
import { formatCount } from "../../../components/format-number.ts";
import classes from "./debug.module.css";

/** More characters than this are shown only when they are asked for: laying them out takes the browser a while. */
const SHOWN_AT_FIRST = 20_000;

/** A value as it was recorded, to look at and to copy. */
export function RawText({ label, value }: { label: string; value: unknown }): JSX.Element {
  const text = useMemo(
    () => (typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "nothing")),
    [value],
  );
  const [whole, setWhole] = useState(false);
  const isCut = !whole && text.length > SHOWN_AT_FIRST;
  return (
    <div>
      <Group justify="space-between" mb={4} wrap="nowrap">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <CopyAction value={text} label={`Copy: ${label}`} />
      </Group>
      {/* A region that scrolls must be reachable by keyboard. */}
      <pre className={classes["raw"]} tabIndex={0} aria-label={label} role="region">
        {isCut ? text.slice(0, SHOWN_AT_FIRST) : text}
      </pre>
      {isCut && (
        <Button size="compact-sm" variant="default" onClick={() => setWhole(true)}>
          Show all {formatCount(text.length)} characters
        </Button>
      )}
    </div>
  );
}
