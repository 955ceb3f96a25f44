import { Button, Group, Modal, Stack } from "@mantine/core";
import { type JSX, type ReactNode, useState } from "react";

import type { Problem } from "../api/data-state.ts";
import { ProblemAlert } from "./ProblemAlert.tsx";

interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: string;
  /** What will happen, and what cannot be undone. */
  readonly children: ReactNode;
  /** What the button does, as a verb: "Delete chat". */
  readonly confirmLabel: string;
  /** Whether something is lost. */
  readonly dangerous?: boolean;
  /** `waiting` until what it asks is known; `busy` while it happens; a problem where it failed. */
  readonly state:
    | { readonly kind: "waiting" }
    | { readonly kind: "asking" }
    | { readonly kind: "busy" }
    | { readonly kind: "failed"; readonly problem: Problem };
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before something is done. The focus begins at the way out, and goes back to where it was. */
export function ConfirmDialog(props: ConfirmDialogProps): JSX.Element {
  // While it fades, it shows what it asked.
  const [asked, setAsked] = useState(props);
  if (props.opened && props !== asked) setAsked(props);
  const { title, children, confirmLabel, dangerous = false, state, onConfirm, onCancel } = asked;
  const busy = state.kind === "busy";
  return (
    <Modal
      opened={props.opened}
      onClose={() => !busy && onCancel()}
      title={title}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <div>{children}</div>
        {state.kind === "failed" && <ProblemAlert problem={state.problem} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel} disabled={busy} data-autofocus>
            Cancel
          </Button>
          <Button
            {...(dangerous ? { color: "red" } : {})}
            loading={busy}
            disabled={state.kind === "waiting"}
            onClick={onConfirm}
          >
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
