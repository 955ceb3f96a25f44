import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { LifecyclePageView, type WindowSlice } from "./LifecyclePageView.tsx";
import { defaultDaysOf, WINDOW_NAMES, WINDOW_TEXTS, type WindowName } from "./window-texts.ts";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };

function slice(changes: Partial<WindowSlice> = {}): WindowSlice {
  return {
    state: { kind: "ready", days: 30, isDefault: true, grace: null },
    saving: { kind: "idle" },
    question: null,
    saves: 0,
    onSave: fn(),
    onEdit: fn(),
    onConfirm: fn(),
    onCancel: fn(),
    ...changes,
  };
}

const OFF = { kind: "ready", days: 0, isDefault: true, grace: null } as const;

/** All three windows in the same state; what a story is about stands in each of them. */
function all(changes: (name: WindowName) => Partial<WindowSlice>): Record<WindowName, WindowSlice> {
  return {
    "auto-archive-days": slice(changes("auto-archive-days")),
    "retention-days": slice(changes("retention-days")),
    "debug-retention-days": slice(changes("debug-retention-days")),
  };
}

const usual: Record<WindowName, WindowSlice> = { ...all(() => ({})), "auto-archive-days": slice({ state: OFF }) };

const meta = {
  title: "Pages/Lifecycle",
  component: LifecyclePageView,
  render: (args) => (
    <main>
      <LifecyclePageView {...args} />
    </main>
  ),
  args: {
    windows: usual,
    recording: {
      setting: { kind: "ready", data: { allow_users: false, forced_by_deployment: false }, stale: null },
      saving: { kind: "idle" },
    },
    onAllowUsers: fn(),
  },
} satisfies Meta<typeof LifecyclePageView>;

export default meta;
type Story = StoryObj<typeof meta>;

function form(canvasElement: HTMLElement, name: WindowName) {
  return within(within(canvasElement).getByRole("form", { name: WINDOW_TEXTS[name].heading }));
}

async function type(canvasElement: HTMLElement, name: WindowName, text: string): Promise<void> {
  const field = form(canvasElement, name).getByRole("textbox", { name: WINDOW_TEXTS[name].fieldLabel });
  await userEvent.clear(field);
  if (text !== "") await userEvent.type(field, text);
}

export const InForce: Story = {
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Lifecycle" })).toBeVisible();
    for (const heading of [
      "Auto-archive inactive conversations",
      "Conversation retention period",
      "Chat debug data retention",
      "Let users record chat debug logs",
    ]) {
      await expect(canvas.getByRole("heading", { level: 2, name: heading })).toBeVisible();
    }
    await expect(canvas.getByRole("switch", { name: "Enable auto-archive" })).not.toBeChecked();
    await expect(canvas.getByRole("switch", { name: "Enable conversation retention" })).toBeChecked();
    await expect(canvas.getByRole("switch", { name: "Enable chat debug data retention" })).toBeChecked();
    // The field of a window that is off stays where it is, and can not be typed into.
    const off = canvas.getByRole("textbox", { name: "Auto-archive period in days" });
    await expect(off).toBeDisabled();
    await expect(off).toHaveValue("90");
    await expect(canvas.getByRole("textbox", { name: "Conversation retention period in days" })).toHaveValue("30");
    await expect(canvas.getByRole("textbox", { name: "Chat debug data retention period in days" })).toHaveValue("30");
    await expect(canvas.queryByRole("button", { name: "Save" })).toBeNull();
    await expect(
      canvas.getByText(/archived only when somebody archives it; it is deleted 30 days after that/),
    ).toBeVisible();
  },
};

/** What the server refuses to somebody whose role has just changed. */
export const Forbidden: Story = {
  args: {
    windows: all((name) => ({
      state: {
        kind: "load-error",
        defaultDays: defaultDaysOf(name),
        problem: { message: "Forbidden.", detail: undefined },
        retry: fn(),
      },
    })),
    recording: { setting: { kind: "forbidden" }, saving: { kind: "idle" } },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("alert")).toHaveLength(3);
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};

export const AllThreeOn: Story = {
  args: {
    windows: {
      ...usual,
      "auto-archive-days": slice({ state: { kind: "ready", days: 90, isDefault: false, grace: null } }),
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("deleted, day 120")).toBeInTheDocument();
    await expect(within(canvasElement).getByText("debug data gone, day 30")).toBeInTheDocument();
  },
};

export const Loading: Story = {
  args: {
    windows: all(() => ({ state: { kind: "loading" } })),
    recording: { setting: { kind: "loading" }, saving: { kind: "idle" } },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("status", { name: /^Loading/ })).toHaveLength(4);
    await expect(within(canvasElement).queryByRole("switch")).toBeNull();
  },
};

export const LoadError: Story = {
  args: {
    windows: all((name) => ({
      state: { kind: "load-error", defaultDays: defaultDaysOf(name), problem: PROBLEM, retry: fn() },
    })),
    recording: { setting: { kind: "error", problem: PROBLEM, retry: fn() }, saving: { kind: "idle" } },
  },
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    for (const called of ["auto-archive setting", "conversation retention setting", "chat debug retention setting"]) {
      await expect(canvas.getByText(`Failed to load ${called}.`)).toBeVisible();
    }
    // Each shows its default, which is not what is in force.
    await expect(canvas.getByRole("switch", { name: "Enable auto-archive" })).not.toBeChecked();
    await expect(canvas.getByRole("textbox", { name: "Conversation retention period in days" })).toHaveValue("30");
    // A value that nobody knows can be replaced by any, the default included.
    await userEvent.click(canvas.getByRole("switch", { name: "Enable conversation retention" }));
    await userEvent.click(canvas.getByRole("switch", { name: "Enable conversation retention" }));
    await userEvent.click(form(canvasElement, "retention-days").getByRole("button", { name: "Save" }));
    await expect(args.windows["retention-days"].onSave).toHaveBeenCalledWith(30);
  },
};

export const SwitchedOn: Story = {
  async play({ canvasElement, args }) {
    const archive = form(canvasElement, "auto-archive-days");
    await userEvent.click(archive.getByRole("switch"));
    await expect(archive.getByRole("textbox")).toHaveValue("90");
    await expect(archive.getByText(/nothing has happened for 90 days is archived/)).toBeVisible();
    // A switch only edits its form.
    await expect(args.windows["auto-archive-days"].onSave).not.toHaveBeenCalled();
    await userEvent.click(archive.getByRole("button", { name: "Save" }));
    await expect(args.windows["auto-archive-days"].onSave).toHaveBeenCalledWith(90);
  },
};

export const SwitchedOnAgain: Story = {
  args: { windows: all(() => ({ state: OFF })) },
  async play({ canvasElement, args }) {
    for (const [name, days] of [
      ["auto-archive-days", 90],
      ["retention-days", 30],
      ["debug-retention-days", 30],
    ] as const) {
      await userEvent.click(form(canvasElement, name).getByRole("switch"));
      await expect(form(canvasElement, name).getByRole("textbox")).toBeEnabled();
      await userEvent.click(form(canvasElement, name).getByRole("button", { name: "Save" }));
      await expect(args.windows[name].onSave).toHaveBeenCalledWith(days);
    }
  },
};

export const SwitchedOff: Story = {
  async play({ canvasElement, args }) {
    const debug = form(canvasElement, "debug-retention-days");
    // An invalid field never blocks switching off.
    await type(canvasElement, "debug-retention-days", "12x");
    await userEvent.click(debug.getByRole("switch"));
    await expect(debug.getByRole("textbox")).toBeDisabled();
    await expect(debug.queryByText("Must be a whole number.")).toBeNull();
    await userEvent.click(debug.getByRole("button", { name: "Save" }));
    await expect(args.windows["debug-retention-days"].onSave).toHaveBeenCalledWith(0);
  },
};

export const Dirty: Story = {
  async play({ canvasElement, args }) {
    const retention = form(canvasElement, "retention-days");
    await type(canvasElement, "retention-days", "14");
    await expect(retention.getByText(/deleted 14 days after it was archived/)).toBeVisible();
    // The other forms know nothing of it.
    await expect(within(canvasElement).getAllByRole("button", { name: "Save" })).toHaveLength(1);
    await userEvent.click(retention.getByRole("button", { name: "Discard" }));
    await expect(retention.getByRole("textbox")).toHaveValue("30");
    await type(canvasElement, "retention-days", "14");
    await userEvent.keyboard("{Enter}");
    await expect(args.windows["retention-days"].onSave).toHaveBeenCalledWith(14);
  },
};

const TOO_SHORT: Record<WindowName, string> = {
  "auto-archive-days": "Auto-archive period must be at least 1 day.",
  "retention-days": "Retention period must be at least 1 day.",
  "debug-retention-days": "Debug retention period must be at least 1 day.",
};

export const Invalid: Story = {
  args: { windows: all(() => ({})) },
  async play({ canvasElement, args }) {
    for (const name of WINDOW_NAMES) {
      const { getByText, getByRole } = form(canvasElement, name);
      for (const [text, message] of [
        ["", "A number of days is required."],
        ["1.5", "Must be a whole number."],
        ["x", "Must be a whole number."],
        ["0", TOO_SHORT[name]],
        ["-3", TOO_SHORT[name]],
        ["3651", "Must not exceed 3650 days (~10 years)."],
      ] as const) {
        await type(canvasElement, name, text);
        await expect(getByText(message)).toBeVisible();
        await expect(getByRole("textbox")).toBeInvalid();
      }
      await expect(getByRole("button", { name: "Save" })).toBeDisabled();
      await userEvent.type(getByRole("textbox"), "{Enter}");
      await expect(args.windows[name].onSave).not.toHaveBeenCalled();
    }
  },
};

export const Saving: Story = {
  args: { windows: all(() => ({ saving: { kind: "saving" } })) },
  async play({ canvasElement }) {
    for (const name of WINDOW_NAMES) {
      await expect(form(canvasElement, name).getByRole("switch")).toBeDisabled();
      await expect(form(canvasElement, name).getByRole("textbox")).toBeDisabled();
    }
  },
};

export const SaveError: Story = {
  args: { windows: all(() => ({ saving: { kind: "failed", problem: PROBLEM } })) },
  async play({ canvasElement }) {
    for (const called of ["auto-archive setting", "conversation retention setting", "chat debug retention setting"]) {
      await expect(within(canvasElement).getByText(`Failed to save ${called}.`)).toBeVisible();
    }
  },
};

export const Saved: Story = {
  args: { windows: { ...usual, "retention-days": slice({ saving: { kind: "saved" } }) } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Saved.")).toBeVisible();
  },
};

export const ChangedBySomebodyElse: Story = {
  args: { windows: { ...usual, "retention-days": slice({ saving: { kind: "conflict", theirDays: 7 } }) } },
  async play({ canvasElement }) {
    const alert = form(canvasElement, "retention-days").getByRole("alert");
    await expect(alert).toHaveTextContent("It is 7 days now. Save again to replace it.");
  },
};

export const WaitingForItsGracePeriod: Story = {
  args: {
    windows: {
      ...usual,
      "debug-retention-days": slice({
        state: {
          kind: "ready",
          days: 7,
          isDefault: false,
          grace: {
            waiting_days: 7,
            effective_days: 30,
            since: "2026-11-22T10:00:00.000Z",
            due_at: "2026-11-23T10:00:00.000Z",
          },
        },
      }),
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Until then 30 days apply; the new window applies/)).toBeVisible();
  },
};

export const RecordingAllowed: Story = {
  async play({ canvasElement, args }) {
    await userEvent.click(
      within(canvasElement).getByRole("switch", { name: "Allow users to enable chat debug logging" }),
    );
    await expect(args.onAllowUsers).toHaveBeenCalledWith(true);
  },
};

export const RecordingForced: Story = {
  args: {
    recording: {
      setting: { kind: "ready", data: { allow_users: true, forced_by_deployment: true }, stale: null },
      saving: { kind: "idle" },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/This deployment records every chat/)).toBeVisible();
  },
};

export const RecordingNotSaved: Story = {
  args: {
    recording: {
      setting: { kind: "ready", data: { allow_users: false, forced_by_deployment: false }, stale: null },
      saving: { kind: "failed", problem: PROBLEM },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent(
      "Failed to save the debug logging setting.",
    );
  },
};
