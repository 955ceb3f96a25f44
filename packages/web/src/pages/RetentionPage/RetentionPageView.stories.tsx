import type { LedgerEntry, PolicyStatus, RetentionHistory, RetentionStatus } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, within } from "storybook/test";

import type { LedgerSlice } from "./LedgerTable.tsx";
import { RetentionPageView } from "./RetentionPageView.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };

function entry(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    id: crypto.randomUUID(),
    tick_id: "01990000-0000-7000-8000-000000000001",
    policy: "debug-runs",
    record_type: "chat_debug_runs",
    outcome: "success",
    window_days: 30,
    cutoff: "2026-10-23T11:50:00.000Z",
    expired: 905,
    deleted: 905,
    bytes: 12_000_000,
    batches: 5,
    remaining: 0,
    started_at: "2026-11-22T11:50:00.000Z",
    finished_at: "2026-11-22T11:50:02.000Z",
    duration_ms: 2_000,
    error: null,
    replica: "host:1",
    ...changes,
  };
}

function policy(changes: Partial<PolicyStatus> = {}): PolicyStatus {
  return {
    policy: "debug-runs",
    record_type: "chat_debug_runs",
    action: "delete",
    clock: "the run's last write",
    setting: "debug-retention-days",
    window: { days: 30, source: "default" },
    grace: null,
    oldest_overdue_seconds: 0,
    backlog: 0,
    last_success_at: "2026-11-22T11:50:02.000Z",
    last: entry(),
    ...changes,
  };
}

const STATUS: RetentionStatus = {
  enabled: true,
  running: false,
  last_tick: {
    tick_id: "01990000-0000-7000-8000-000000000001",
    started_at: "2026-11-22T11:50:00.000Z",
    finished_at: "2026-11-22T11:50:04.200Z",
    outcome: "success",
    replica: "host:1",
  },
  next_tick_at: "2026-11-22T12:05:00.000Z",
  grace_seconds: 0,
  policies: [
    policy({ policy: "archived-chats", record_type: "chats", setting: "retention-days" }),
    policy({
      policy: "inactive-chats",
      record_type: "chats_auto_archived",
      action: "archive",
      setting: "auto-archive-days",
      window: { days: 0, source: "default" },
    }),
    policy(),
  ],
};

const HISTORY: RetentionHistory = {
  stored_bytes: [
    { day: "2026-11-22", bytes: 40_000_000 },
    { day: "2026-11-20", bytes: 60_000_000 },
    { day: "2026-10-20", bytes: 5_000_000 },
  ],
  purged: [
    { day: "2026-11-20", record_type: "chat_debug_runs", records: 300, bytes: 1 },
    { day: "2026-11-21", record_type: "chat_debug_runs", records: 905, bytes: 1 },
    { day: "2026-11-21", record_type: "chats", records: 12, bytes: 1 },
  ],
};

function ledger(changes: Partial<LedgerSlice> = {}): LedgerSlice {
  return {
    state: {
      kind: "ready",
      data: [
        entry(),
        entry({
          policy: "archived-chats",
          record_type: "chats",
          outcome: "failure",
          error: "setting_unreadable: The stored value cannot be read.",
          cutoff: null,
        }),
        entry({ outcome: "disabled", cutoff: null, window_days: 0, deleted: 0, expired: 0 }),
      ],
      stale: null,
    },
    filter: {},
    policies: ["archived-chats", "debug-runs"],
    csvAddress: "/ledger.csv",
    more: "there",
    onFilter: fn(),
    onMore: fn(),
    ...changes,
  };
}

const ready = (status: RetentionStatus) => ({ kind: "ready", data: status, stale: null }) as const;

const meta = {
  title: "Pages/Retention",
  component: RetentionPageView,
  render: (args) => (
    <main>
      <RetentionPageView {...args} />
    </main>
  ),
  args: {
    status: ready(STATUS),
    history: { kind: "ready", data: HISTORY, stale: null },
    ledger: ledger(),
    mayRun: true,
    mayWaive: true,
    running: { kind: "idle" },
    waiving: { kind: "idle" },
    onRun: fn(),
    onWaive: fn(),
  },
} satisfies Meta<typeof RetentionPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Waiting: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Retention" })).toBeVisible();
    await expect(canvas.getByText("in 5 minutes")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Run now" }));
    await expect(args.onRun).toHaveBeenCalledOnce();
    await userEvent.click(canvas.getByRole("button", { name: "Show older entries" }));
    await expect(args.ledger.onMore).toHaveBeenCalledOnce();
    await expect(canvas.getByRole("link", { name: "CSV" })).toHaveAttribute("href", "/ledger.csv");
    await expect(canvas.getByText(/setting_unreadable/)).toBeVisible();
    // Stored and purged, in words beside the pictures.
    await expect(
      await canvas.findByText("105 MB in all, the oldest 33 days old. The window is 30 days; 5 MB is past it."),
    ).toBeVisible();
    await expect(
      canvas.getByText("1,217 records in the last 14 days: debug runs 1,205, archived conversations 12."),
    ).toBeVisible();
    // And as figures, which who hears the page has in place of the pictures.
    await userEvent.click(canvas.getByRole("button", { name: "As a table: Stored debug payloads by age" }));
    await userEvent.click(canvas.getByRole("button", { name: "As a table: Purged by day" }));
    await expect(canvas.getByRole("row", { name: "33 5 MB" })).toBeVisible();
    await expect(canvas.getByRole("row", { name: "21 Nov 905 12" })).toBeVisible();
    await expect(await canvas.findByText("cutoff")).toBeInTheDocument();
  },
};

export const Running: Story = {
  args: {
    status: ready({
      ...STATUS,
      running: true,
      next_tick_at: null,
      policies: [
        policy({
          backlog: 9_095,
          oldest_overdue_seconds: 86_400,
          // What there was is written down at the end.
          last: entry({ outcome: "running", expired: 0, deleted: 905, finished_at: null, duration_ms: null }),
        }),
        policy({
          policy: "debug-payloads",
          record_type: "chat_debug_payload_partitions",
          backlog: null,
          oldest_overdue_seconds: null,
          last: entry({ outcome: "running", expired: 0, deleted: 3, finished_at: null, duration_ms: null }),
        }),
      ],
    }),
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    // How far it is can be told only of what is counted.
    await expect(canvas.getByRole("row", { name: /^debug-runs .* 905 so far/ })).toBeVisible();
    await expect(canvas.getByRole("row", { name: /^debug-payloads .* 3 so far/ })).toBeVisible();
    await expect(canvas.getAllByText("not measured")).toHaveLength(2);
    await expect(canvas.getByRole("progressbar", { name: "Progress of debug-runs" })).toHaveAttribute(
      "aria-valuenow",
      "9",
    );
    await expect(canvas.getByRole("button", { name: "Run now" })).toBeDisabled();
    await expect(canvas.getByText("running now")).toBeVisible();
    await expect(canvas.getByText("9,095")).toBeVisible();
  },
};

export const SwitchedOff: Story = {
  args: { status: ready({ ...STATUS, enabled: false, next_tick_at: null, last_tick: null }) },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText("The purge is switched off")).toBeVisible();
    await expect(canvas.queryByRole("button", { name: "Run now" })).toBeNull();
  },
};

export const WaitingForAGracePeriod: Story = {
  args: {
    status: ready({
      ...STATUS,
      grace_seconds: 86_400,
      policies: [
        policy({
          window: { days: 7, source: "stored" },
          grace: {
            waiting_days: 7,
            effective_days: 30,
            since: "2026-11-22T10:00:00.000Z",
            due_at: "2026-11-23T10:00:00.000Z",
          },
        }),
      ],
    }),
  },
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText(/waits for its grace period, due/)).toHaveTextContent("in 22 hours");
    await expect(canvas.getByText(", which owners may waive")).toBeVisible();
    // What is drawn and said is the window that the purge goes by meanwhile.
    await expect(await canvas.findByText(/The window is 30 days;/)).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Apply now: debug-retention-days" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Apply the new window now?" }));
    await expect(dialog.getByText(/The next purge goes by 7 days instead of 30 days, without waiting/)).toBeVisible();
    await expect(args.onWaive).not.toHaveBeenCalled();
    await userEvent.click(dialog.getByRole("button", { name: "Apply now" }));
    await expect(args.onWaive).toHaveBeenCalledWith("debug-retention-days");
  },
};

export const ReadOnly: Story = {
  args: { ...WaitingForAGracePeriod.args, mayRun: false, mayWaive: false },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.queryByRole("button", { name: /Run now|Apply/ })).toBeNull();
  },
};

/** The cutoff is drawn where nothing is as old as that yet, and said where it is too far away to be drawn. */
export const CutoffBeyondTheOldest: Story = {
  args: {
    history: { kind: "ready", data: { stored_bytes: HISTORY.stored_bytes.slice(0, 2), purged: [] }, stale: null },
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(
      await canvas.findByText("100 MB in all, the oldest 2 days old. The window is 30 days; nothing is past it."),
    ).toBeVisible();
    await expect(await canvas.findByText("cutoff")).toBeInTheDocument();
  },
};

export const CutoffFarAway: Story = {
  args: {
    status: ready({ ...STATUS, policies: [policy({ window: { days: 3_650, source: "stored" } })] }),
  },
  async play({ canvasElement }) {
    await expect(
      await within(canvasElement).findByText(
        /The window is 3,650 days, further away than this picture reaches; nothing is past it\./,
      ),
    ).toBeVisible();
    // The picture comes after the words, once its place has been measured.
    await expect(await within(canvasElement).findByText("days old")).toBeInTheDocument();
    await expect(within(canvasElement).queryByText("cutoff")).toBeNull();
  },
};

export const Forbidden: Story = {
  args: {
    status: { kind: "forbidden" },
    history: { kind: "forbidden" },
    ledger: ledger({ state: { kind: "forbidden" }, more: "none" }),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByText("You may not see this")).toHaveLength(3);
  },
};

export const Stale: Story = {
  args: {
    status: { ...ready(STATUS), stale: { problem: PROBLEM, since: new Date("2026-11-22T11:56:00Z"), retry: fn() } },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/What you see is from/)).toHaveTextContent("4 minutes ago");
  },
};

export const CorruptSetting: Story = {
  args: {
    status: ready({
      ...STATUS,
      policies: [
        policy({
          window: { days: null, source: "unreadable" },
          backlog: null,
          oldest_overdue_seconds: null,
          last: null,
          last_success_at: null,
        }),
      ],
    }),
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText(/cannot be read; nothing of it is purged/)).toBeVisible();
    await expect(canvas.getByText("never ran")).toBeVisible();
  },
};

export const Loading: Story = {
  args: {
    status: { kind: "loading" },
    history: { kind: "loading" },
    ledger: ledger({ state: { kind: "loading" }, more: "none" }),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("status")).toHaveLength(3);
  },
};

export const Failed: Story = {
  args: {
    status: { kind: "error", problem: PROBLEM, retry: fn() },
    history: { kind: "error", problem: PROBLEM, retry: fn() },
    ledger: ledger({ state: { kind: "error", problem: PROBLEM, retry: fn() }, more: "none" }),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("button", { name: "Try again" })).toHaveLength(3);
  },
};

export const ActionFailed: Story = {
  args: { running: { kind: "failed", problem: PROBLEM } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};

export const NothingStoredOrPurged: Story = {
  args: { history: { kind: "ready", data: { stored_bytes: [], purged: [] }, stale: null } },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText("Nothing was purged in the last 90 days.")).toBeVisible();
    await expect(canvas.getByText("No debug payloads are stored.")).toBeVisible();
  },
};

export const EmptyLedger: Story = {
  args: { ledger: ledger({ state: { kind: "ready", data: [], stale: null }, more: "none" }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("The purge has not run yet.")).toBeVisible();
  },
};

export const NothingLikeTheFilter: Story = {
  args: {
    ledger: ledger({ state: { kind: "ready", data: [], stale: null }, more: "none", filter: { outcome: "aborted" } }),
  },
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText("Nothing in the ledger is like that.")).toBeVisible();
    await userEvent.click(canvas.getByRole("combobox", { name: "Outcome" }));
    await userEvent.click(await screen.findByRole("option", { name: "All" }));
    await expect(args.ledger.onFilter).toHaveBeenCalledWith({});
  },
};
