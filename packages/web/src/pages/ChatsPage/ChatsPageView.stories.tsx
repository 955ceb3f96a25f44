import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { SAMPLE_WINDOWS, sampleChat } from "../ChatPage/chat-samples.ts";
import { ChatsPageView } from "./ChatsPageView.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };
const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;

const PINNED = sampleChat({ id: "01990000-0000-7000-8000-000000000005", title: "Pinned", pin_order: 1 });

const meta = {
  title: "Pages/Chats",
  component: ChatsPageView,
  render: (args) => (
    <main>
      <ChatsPageView {...args} />
    </main>
  ),
  args: {
    state: ready([PINNED, sampleChat({ status: "running" })]),
    archived: false,
    search: "",
    windows: SAMPLE_WINDOWS,
    changing: { kind: "idle" },
    more: "there",
    onArchived: fn(),
    onSearch: fn(),
    onPin: fn(),
    onArchive: fn(),
    onMore: fn(),
  },
} satisfies Meta<typeof ChatsPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Active: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(within(canvas.getByRole("list", { name: "Chats" })).getAllByRole("listitem")).toHaveLength(2);
    await expect(canvas.getByRole("img", { name: "Pinned" })).toBeVisible();
    await expect(canvas.getByText("running")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Unpin: Pinned" }));
    await expect(args.onPin).toHaveBeenCalledWith(PINNED);
    await userEvent.click(canvas.getByRole("button", { name: "Archive: Pinned" }));
    await expect(args.onArchive).toHaveBeenCalledWith(PINNED);
    await userEvent.type(canvas.getByRole("searchbox", { name: "Search titles" }), "x");
    await expect(args.onSearch).toHaveBeenCalledWith("x");
    await userEvent.click(canvas.getByRole("radio", { name: "Archived" }));
    await expect(args.onArchived).toHaveBeenCalledWith(true);
    await userEvent.click(canvas.getByRole("button", { name: "Show more" }));
    await expect(args.onMore).toHaveBeenCalledOnce();
  },
};

export const Archived: Story = {
  args: {
    archived: true,
    more: "none",
    state: ready([sampleChat({ archived: true, archived_at: "2026-11-20T12:00:00.000Z" })]),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/deleted/)).toHaveTextContent("deleted in 28 days");
    await expect(within(canvasElement).getByRole("button", { name: /^Unarchive/ })).toBeVisible();
    await expect(within(canvasElement).queryByRole("button", { name: /^Pin/ })).toBeNull();
  },
};

export const ArchivedByThemselves: Story = {
  args: {
    windows: { ...SAMPLE_WINDOWS, autoArchiveDays: 90 },
    state: ready([PINNED, sampleChat(), sampleChat({ id: PINNED.id.replace(/5$/, "6"), status: "running" })]),
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByText(/without activity for 90 days/)).toBeVisible();
    // Neither what is pinned nor what is busy is archived by itself.
    const [only, ...others] = canvas.getAllByText(/, archived by itself/);
    await expect(only).toHaveTextContent("archived by itself in 90 days");
    await expect(others).toHaveLength(0);
  },
};

export const WithDebugData: Story = {
  args: {
    state: ready([
      sampleChat({
        last_debug_at: "2026-10-20T12:00:00.000Z",
        // A sub-chat's is the family's where it is newer.
        children: [{ ...sampleChat({ last_debug_at: "2026-10-26T12:00:00.000Z" }), children: [] }],
      }),
    ]),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Updated/)).toHaveTextContent("debug data expires in 3 days");
  },
};

export const DebugDataPastItsWindow: Story = {
  args: { state: ready([sampleChat({ last_debug_at: "2026-10-20T12:00:00.000Z" })]) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Updated/)).toHaveTextContent("debug data is due to expire");
  },
};

/** Debug data does not outlive its chat. */
export const DebugDataThatGoesWithItsChat: Story = {
  args: {
    archived: true,
    windows: { ...SAMPLE_WINDOWS, debugDays: 0, retentionDays: 4 },
    state: ready([
      sampleChat({
        archived: true,
        archived_at: "2026-11-20T12:00:00.000Z",
        last_debug_at: "2026-11-20T11:00:00.000Z",
      }),
    ]),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Updated/)).toHaveTextContent(
      "debug data expires in 2 days, deleted in 2 days",
    );
  },
};

export const NoChats: Story = {
  args: { state: ready([]), more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No chats yet")).toBeVisible();
  },
};

export const NothingFound: Story = {
  args: { state: ready([]), more: "none", search: "zebra" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No chat has such a title")).toBeVisible();
  },
};

export const NothingArchived: Story = {
  args: { state: ready([]), more: "none", archived: true },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Nothing is archived")).toBeVisible();
  },
};

export const Loading: Story = {
  args: { state: { kind: "loading" }, more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const Failed: Story = {
  args: { state: { kind: "error", problem: PROBLEM, retry: fn() }, more: "none" },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};

export const NotChanged: Story = {
  args: { changing: { kind: "failed", problem: { message: "Cannot pin a child chat.", detail: undefined } } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("Cannot pin a child chat.");
  },
};

export const Changing: Story = {
  args: { changing: { kind: "busy" } },
  async play({ canvasElement, args }) {
    const unpin = within(canvasElement).getByRole("button", { name: "Unpin: Pinned" });
    await userEvent.click(unpin);
    await expect(args.onPin).not.toHaveBeenCalled();
    await expect(unpin).toHaveFocus();
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};
