import type { RetentionPreview } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, within } from "storybook/test";

import { ShortenDialog } from "./ShortenDialog.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };

const PREVIEW: RetentionPreview = {
  setting: "debug-retention-days",
  days: 7,
  current_days: 30,
  policies: [
    {
      policy: "debug-runs",
      record_type: "chat_debug_runs",
      action: "delete",
      proposed: {
        days: 7,
        cutoff: "2026-11-15T12:00:00.000Z",
        records: { count: 12_431, at_least: false },
        bytes: 3_300_000_000,
        oldest: "2026-10-24T09:30:00.000Z",
        newest: "2026-11-15T11:00:00.000Z",
        sample: [],
      },
      current: { days: 30, cutoff: "2026-10-23T12:00:00.000Z", records: { count: 0, at_least: false }, bytes: 0 },
      difference: { records: 12_431, bytes: 3_300_000_000 },
    },
  ],
};

const meta = {
  title: "Pages/Lifecycle/Question",
  component: ShortenDialog,
  render: (args) => (
    <main>
      <h1>Lifecycle</h1>
      <ShortenDialog {...args} />
    </main>
  ),
  args: { name: "debug-retention-days", question: null, onConfirm: fn(), onCancel: fn() },
} satisfies Meta<typeof ShortenDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const AsksBeforeAShorterWindow: Story = {
  args: { question: { kind: "shorter", days: 7, preview: { kind: "ready", data: PREVIEW, stale: null } } },
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog", { name: "Save a shorter window?" }));
    await expect(dialog.getByRole("listitem")).toHaveTextContent(
      "would delete 12,431 debug runs, about 3.3 GB, the oldest from 24 Oct 2026, 11:30.",
    );
    await userEvent.click(dialog.getByRole("button", { name: "Save 7 days" }));
    await expect(args.onConfirm).toHaveBeenCalledOnce();
    await userEvent.click(dialog.getByRole("button", { name: "Cancel" }));
    await expect(args.onCancel).toHaveBeenCalledOnce();
  },
};

export const LooksAtWhatWouldGo: Story = {
  args: { question: { kind: "shorter", days: 7, preview: { kind: "loading" } } },
  async play() {
    await expect(await screen.findByRole("status", { name: "Looking at what would go" })).toBeVisible();
    // Nobody agrees to what has not been said yet.
    await expect(screen.getByRole("button", { name: "Save 7 days" })).toBeDisabled();
  },
};

export const OneWouldGo: Story = {
  args: {
    question: {
      kind: "shorter",
      days: 7,
      preview: {
        kind: "ready",
        data: {
          ...PREVIEW,
          policies: PREVIEW.policies.map((policy) => ({
            ...policy,
            proposed: { ...policy.proposed, records: { count: 1, at_least: false } },
            difference: null,
          })),
        },
        stale: null,
      },
    },
  },
  async play() {
    await expect(await screen.findByRole("listitem")).toHaveTextContent(/^would delete 1 debug run, about/);
  },
};

export const NothingWouldGo: Story = {
  args: {
    question: {
      kind: "shorter",
      days: 7,
      preview: { kind: "ready", data: { ...PREVIEW, policies: [] }, stale: null },
    },
  },
  async play() {
    await expect(await screen.findByText(/Nothing is that old/)).toBeVisible();
  },
};

export const CannotTellWhatWouldGo: Story = {
  args: {
    question: { kind: "shorter", days: 7, preview: { kind: "error", problem: PROBLEM, retry: fn() } },
  },
  async play() {
    await expect(await screen.findByRole("alert")).toHaveTextContent("What would go cannot be told.");
    await expect(screen.getByRole("button", { name: "Save 7 days" })).toBeEnabled();
  },
};

export const AsksBeforeReplacingAnUnknownValue: Story = {
  args: { question: { kind: "unknown", days: 0 } },
  async play() {
    const dialog = within(await screen.findByRole("dialog", { name: "Replace a value that could not be read?" }));
    await expect(dialog.getByText(/The chat debug retention setting in force could not be loaded/)).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Switch off" })).toBeVisible();
  },
};
