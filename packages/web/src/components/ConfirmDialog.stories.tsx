import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, waitFor, within } from "storybook/test";

import { ConfirmDialog } from "./ConfirmDialog.tsx";

const meta = {
  title: "Components/ConfirmDialog",
  component: ConfirmDialog,
  args: {
    opened: true,
    title: "Delete this chat?",
    children: "Its messages, files and debug data are deleted with it. This cannot be undone.",
    confirmLabel: "Delete chat",
    dangerous: true,
    state: { kind: "asking" },
    onConfirm: fn(),
    onCancel: fn(),
  },
} satisfies Meta<typeof ConfirmDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Asking: Story = {
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog", { name: "Delete this chat?" }));
    await waitFor(() => expect(dialog.getByRole("button", { name: "Cancel" })).toHaveFocus());
    await userEvent.click(dialog.getByRole("button", { name: "Delete chat" }));
    await expect(args.onConfirm).toHaveBeenCalledOnce();
    await userEvent.keyboard("{Escape}");
    await expect(args.onCancel).toHaveBeenCalledOnce();
  },
};

export const Busy: Story = {
  args: { state: { kind: "busy" } },
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog"));
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeDisabled();
    await userEvent.keyboard("{Escape}");
    await expect(args.onCancel).not.toHaveBeenCalled();
  },
};

export const Failed: Story = {
  args: {
    state: { kind: "failed", problem: { message: "The server could not be reached.", detail: undefined } },
  },
  async play() {
    await expect(await screen.findByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};

function Opener() {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <main>
      <Button onClick={open}>Delete</Button>
      <ConfirmDialog
        opened={opened}
        title="Delete?"
        confirmLabel="Delete"
        state={{ kind: "asking" }}
        onConfirm={close}
        onCancel={close}
      >
        Really?
      </ConfirmDialog>
    </main>
  );
}

export const ReturnsTheFocus: Story = {
  render: () => <Opener />,
  async play({ canvasElement }) {
    const opener = within(canvasElement).getByRole("button", { name: "Delete" });
    await userEvent.click(opener);
    await screen.findByRole("dialog");
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(opener).toHaveFocus());
  },
};
