import { Badge } from "@mantine/core";
import type { RunStatus, LedgerOutcome } from "@shelflife/api-contract";
import {
  IconBan,
  IconCheck,
  IconCircleDashed,
  IconPlayerPause,
  IconPlayerStop,
  type TablerIcon,
  IconX,
} from "@tabler/icons-react";
import type { JSX } from "react";

interface Look {
  readonly label: string;
  readonly color: string;
  readonly icon: TablerIcon;
}

const LOOKS: Record<RunStatus | LedgerOutcome, Look> = {
  in_progress: { label: "In progress", color: "blue", icon: IconCircleDashed },
  completed: { label: "Completed", color: "green", icon: IconCheck },
  error: { label: "Error", color: "red", icon: IconX },
  interrupted: { label: "Interrupted", color: "yellow", icon: IconPlayerStop },
  running: { label: "Running", color: "blue", icon: IconCircleDashed },
  success: { label: "Success", color: "green", icon: IconCheck },
  failure: { label: "Failure", color: "red", icon: IconX },
  disabled: { label: "Disabled", color: "gray", icon: IconPlayerPause },
  aborted: { label: "Aborted", color: "yellow", icon: IconBan },
};

/** How a run, a step or an iteration of the purge ended, or that it goes on. Never told by the colour alone. */
export function StatusBadge({ status }: { status: RunStatus | LedgerOutcome }): JSX.Element {
  const { label, color, icon: Icon } = LOOKS[status];
  return (
    <Badge variant="light" color={color} tt="none" flex="none" leftSection={<Icon size={12} aria-hidden />}>
      {label}
    </Badge>
  );
}
