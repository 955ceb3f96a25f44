import type { ApiKey } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, within } from "storybook/test";

import type { KeysSlice } from "./KeysCard.tsx";
import { SettingsPageView } from "./SettingsPageView.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };
const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;

function key(changes: Partial<ApiKey> = {}): ApiKey {
  return {
    id: "01990000-0000-7000-8000-000000000001",
    name: "the shop",
    scope: "ingest",
    key_start: "slf_mJQvmTvL",
    created_at: "2026-11-20T12:00:00.000Z",
    last_used_at: "2026-11-22T11:00:00.000Z",
    revoked_at: null,
    ...changes,
  };
}

function keys(changes: Partial<KeysSlice> = {}): KeysSlice {
  return {
    state: ready([
      key(),
      key({ id: "01990000-0000-7000-8000-000000000002", name: "old", revoked_at: "2026-11-21T12:00:00.000Z" }),
    ]),
    creating: { kind: "idle" },
    created: null,
    revoking: { kind: "idle" },
    onCreate: fn(),
    onCreatedSeen: fn(),
    onRevoke: fn(),
    ...changes,
  };
}

const meta = {
  title: "Pages/Settings",
  component: SettingsPageView,
  render: (args) => (
    <main>
      <SettingsPageView {...args} />
    </main>
  ),
  args: {
    me: {
      id: "01990000-0000-7000-8000-000000000008",
      email: "ana@example.com",
      name: "Ana",
      role: "member",
      created_at: "2026-11-20T12:00:00.000Z",
      may_read_deployment: false,
      may_update_deployment: false,
      may_read_retention: false,
      may_run_purge: false,
      may_manage_users: false,
    },
    recording: ready({ debug_logging_enabled: false, user_toggle_allowed: true, forced_by_deployment: false }),
    savingRecording: { kind: "idle" },
    onRecording: fn(),
    keys: keys(),
    password: { state: { kind: "idle" }, onChange: fn() },
    signingOut: { kind: "idle" },
    onSignOut: fn(),
  },
} satisfies Meta<typeof SettingsPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Usual: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { name: "Record debug logs for my chats" })).toBeVisible();
    await userEvent.click(canvas.getByRole("switch", { name: "Enable personal chat debug logging" }));
    await expect(args.onRecording).toHaveBeenCalledWith(true);
    await userEvent.click(canvas.getByRole("button", { name: "Sign out" }));
    await expect(args.onSignOut).toHaveBeenCalledOnce();
    // A key that is revoked cannot be revoked again.
    await expect(canvas.getAllByRole("button", { name: /^Revoke/ })).toHaveLength(1);
  },
};

export const RevokesAfterAsking: Story = {
  async play({ canvasElement, args }) {
    await userEvent.click(within(canvasElement).getByRole("button", { name: "Revoke: the shop" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Revoke the key “the shop”?" }));
    await expect(args.keys.onRevoke).not.toHaveBeenCalled();
    await userEvent.click(dialog.getByRole("button", { name: "Revoke key" }));
    await expect(args.keys.onRevoke).toHaveBeenCalledWith("01990000-0000-7000-8000-000000000001");
  },
};

export const CreatesAKey: Story = {
  async play({ canvasElement, args }) {
    const form = within(within(canvasElement).getByRole("form", { name: "New key" }));
    await expect(form.getByRole("button", { name: "Create key" })).toBeDisabled();
    await userEvent.type(form.getByRole("textbox", { name: "Name" }), "the shop");
    // The one that opens nothing is the one that is offered.
    await expect(form.getByRole("radio", { name: "record only" })).toBeChecked();
    await userEvent.click(form.getByRole("button", { name: "Create key" }));
    await expect(args.keys.onCreate).toHaveBeenCalledWith("the shop", "ingest");
  },
};

export const ShowsANewKeyOnce: Story = {
  args: { keys: keys({ created: { ...key(), key: "slf_the-whole-key" } }) },
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog", { name: "Your new key “the shop”" }));
    await expect(dialog.getByText("slf_the-whole-key")).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Copy the key" })).toBeVisible();
    await userEvent.click(dialog.getByRole("button", { name: "Done" }));
    await expect(args.keys.onCreatedSeen).toHaveBeenCalledOnce();
  },
};

export const ChangesAPassword: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await userEvent.type(canvas.getByLabelText("Current password"), "old password");
    await userEvent.type(canvas.getByLabelText("New password"), "short{Enter}");
    await expect(canvas.getByText("It must have at least 12 characters.")).toBeVisible();
    await userEvent.type(canvas.getByLabelText("New password"), " but longer{Enter}");
    await expect(args.password?.onChange).toHaveBeenCalledWith("old password", "short but longer");
  },
};

export const PasswordChanged: Story = {
  args: { password: { state: { kind: "done" }, onChange: fn() } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Changed.")).toBeVisible();
  },
};

export const WithoutPasswords: Story = {
  args: { password: null },
  async play({ canvasElement }) {
    await expect(within(canvasElement).queryByLabelText("Current password")).toBeNull();
  },
};

export const RecordingNotAllowed: Story = {
  args: {
    recording: ready({ debug_logging_enabled: false, user_toggle_allowed: false, forced_by_deployment: false }),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).queryByRole("switch")).toBeNull();
    await expect(within(canvasElement).queryByText("Record debug logs for my chats")).toBeNull();
  },
};

export const RecordingForced: Story = {
  args: { recording: ready({ debug_logging_enabled: true, user_toggle_allowed: false, forced_by_deployment: true }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).queryByRole("switch")).toBeNull();
    await expect(within(canvasElement).getByText(/This deployment records every conversation/)).toBeVisible();
  },
};

export const Loading: Story = {
  args: { recording: { kind: "loading" }, keys: keys({ state: { kind: "loading" } }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("status").length).toBeGreaterThanOrEqual(2);
  },
};

export const NothingWorks: Story = {
  args: {
    recording: { kind: "error", problem: PROBLEM, retry: fn() },
    keys: keys({
      state: { kind: "error", problem: PROBLEM, retry: fn() },
      creating: { kind: "failed", problem: PROBLEM },
      revoking: { kind: "failed", problem: PROBLEM },
    }),
    password: { state: { kind: "failed", problem: PROBLEM }, onChange: fn() },
    signingOut: { kind: "failed", problem: PROBLEM },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("alert")).toHaveLength(6);
  },
};

export const NoKeys: Story = {
  args: { keys: keys({ state: ready([]) }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No keys yet")).toBeVisible();
  },
};

export const Forbidden: Story = {
  args: { recording: { kind: "forbidden" }, keys: keys({ state: { kind: "forbidden" } }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByText("You may not see this")).toHaveLength(2);
  },
};
