import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { JSX } from "react";

import type { Problem } from "../api/data-state.ts";

interface ProblemAlertProps {
  /** What could not be done: "Failed to save conversation retention setting." The problem's own message unless told. */
  readonly title?: string;
  readonly problem: Problem;
}

/** Says that something that was asked for did not succeed; it is read aloud when it appears. */
export function ProblemAlert({ title, problem: { message, detail } }: ProblemAlertProps): JSX.Element {
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle />} title={title ?? message}>
      {[title === undefined ? undefined : message, detail].filter((text) => text !== undefined).join(" ")}
    </Alert>
  );
}
