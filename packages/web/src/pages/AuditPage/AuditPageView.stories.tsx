import type { AuditEntry } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { AuditPageView } from "./AuditPageView.tsx";

const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;

function entry(changes: Partial<AuditEntry>): AuditEntry {
  return {
    id: crypto.randomUUID(),
    time: "2026-11-22T11:00:00.000Z",
    user_id: "01990000-0000-7000-8000-000000000008",
    user_email: "ana@example.com",
    ip: "203.0.113.7",
    user_agent: null,
    resource_type: "site_config",
    resource_id: "",
    resource_target: "agents_chat_debug_retention_days",
    action: "write",
    diff: { debug_retention_days: { old: 30, new: 7 } },
    additional_fields: {},
    request_id: null,
    ...changes,
  };
}

const meta = {
  title: "Pages/Audit",
  component: AuditPageView,
  render: (args) => (
    <main>
      <AuditPageView {...args} />
    </main>
  ),
  args: {
    state: ready([
      entry({}),
      entry({ user_id: null, user_email: null, ip: null, additional_fields: { subsystem: "cli" }, diff: {} }),
      entry({
        user_id: null,
        user_email: null,
        ip: null,
        resource_type: "chat",
        resource_target: "",
        resource_id: "01990000-0000-7000-8000-000000000001",
        additional_fields: { subsystem: "chat_auto_archive" },
        diff: { archived: { old: false, new: true } },
      }),
      entry({ user_email: null, diff: { role: { old: null, new: "owner" } } }),
      entry({ action: "delete", diff: { revoked_at: { old: null, new: "2026-11-22T11:30:00.250Z" } } }),
    ]),
    more: "there",
    onMore: fn(),
  },
} satisfies Meta<typeof AuditPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Entries: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText("debug_retention_days: 30 → 7")).toBeVisible();
    await expect(canvas.getByText("the command line")).toBeVisible();
    await expect(canvas.getByText("chat auto archive")).toBeVisible();
    await expect(canvas.getByText("archived: false → true")).toBeVisible();
    await expect(canvas.getByText(/somebody whose account is gone/)).toBeVisible();
    await expect(canvas.getByText("role: – → owner")).toBeVisible();
    // A time in a change is a time as any other.
    await expect(canvas.getByText(/^revoked_at/)).toHaveTextContent("revoked_at: – → 22 Nov 2026, 12:30");
    await expect(canvas.getByRole("cell", { name: "deleted" })).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Show older entries" }));
    await expect(args.onMore).toHaveBeenCalledOnce();
  },
};

export const Nothing: Story = {
  args: { state: ready([]), more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Nothing has been changed yet")).toBeVisible();
  },
};

export const Loading: Story = {
  args: { state: { kind: "loading" }, more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" }, more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};

export const Failed: Story = {
  args: {
    state: { kind: "error", problem: { message: "The server could not be reached.", detail: undefined }, retry: fn() },
    more: "none",
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toBeVisible();
  },
};

export const Stale: Story = {
  args: {
    state: {
      ...ready([entry({})]),
      stale: {
        problem: { message: "The server could not be reached.", detail: undefined },
        since: new Date("2026-11-22T11:56:00Z"),
        retry: fn(),
      },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/What you see is from/)).toHaveTextContent("4 minutes ago");
  },
};
