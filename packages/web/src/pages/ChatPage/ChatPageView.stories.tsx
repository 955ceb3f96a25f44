import type { Chat, ChatFile, ChatMessage } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, within } from "storybook/test";

import { ChatPageView } from "./ChatPageView.tsx";
import { SAMPLE_WINDOWS, sampleChat } from "./chat-samples.ts";
import { FilesView } from "./FilesView.tsx";
import { MessagesView } from "./MessagesView.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };
const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;

function message(changes: Partial<ChatMessage>): ChatMessage {
  return {
    id: 1,
    chat_id: sampleChat().id,
    created_at: "2026-11-22T11:00:00.000Z",
    role: "user",
    content: [{ type: "text", text: "What is in the invoice?" }],
    ...changes,
  };
}

const FILE: ChatFile = {
  id: "01990000-0000-7000-8000-000000000009",
  name: "invoice.pdf",
  mimetype: "application/pdf",
  size: 12_345,
  created_at: "2026-11-22T11:00:00.000Z",
};

const MESSAGES = [
  message({}),
  message({
    id: 2,
    role: "assistant",
    content: [
      { type: "text", text: "Two cents." },
      { type: "file", file_id: FILE.id },
      // One that the chat no longer links.
      { type: "file", file_id: "01990000-0000-7000-8000-000000000010" },
      { type: "something new" },
    ],
  }),
];

const meta = {
  title: "Pages/Chat",
  component: ChatPageView,
  render: (args) => (
    <main>
      <ChatPageView {...args} />
    </main>
  ),
  args: {
    state: ready<Chat>(sampleChat()),
    tab: "messages",
    windows: SAMPLE_WINDOWS,
    changing: { kind: "idle" },
    editing: false,
    saving: { kind: "idle" },
    onTab: fn(),
    onPin: fn(),
    onArchive: fn(),
    onEditing: fn(),
    onSave: fn(),
    children: (
      <MessagesView state={ready({ messages: MESSAGES, queued: [] })} files={[FILE]} more="none" onMore={fn()} />
    ),
  },
} satisfies Meta<typeof ChatPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Messages: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Two cents on an invoice" })).toBeVisible();
    await expect(within(canvas.getByRole("list", { name: "Messages" })).getAllByRole("listitem")).toHaveLength(2);
    await expect(canvas.getByText("something new")).toBeVisible();
    await expect(canvas.getByRole("link", { name: "File" })).toBeVisible();
    await expect(canvas.getByRole("link", { name: "invoice.pdf" })).toHaveAttribute(
      "href",
      expect.stringContaining(FILE.id),
    );
    await userEvent.click(canvas.getByRole("tab", { name: "Debug" }));
    await expect(args.onTab).toHaveBeenCalledWith("debug");
    await userEvent.click(canvas.getByRole("button", { name: "Archive" }));
    await expect(args.onArchive).toHaveBeenCalledOnce();
    await userEvent.click(canvas.getByRole("button", { name: "Pin" }));
    await expect(args.onPin).toHaveBeenCalledOnce();
    await userEvent.click(canvas.getByRole("button", { name: "Edit" }));
    await expect(args.onEditing).toHaveBeenCalledWith(true);
  },
};

export const OlderMessagesAndWaitingOnes: Story = {
  args: {
    children: (
      <MessagesView
        state={ready({
          messages: MESSAGES,
          queued: [{ ...message({ id: 1 }), content: [{ type: "text", text: "And then?" }] }],
        })}
        files={[FILE]}
        more="there"
        onMore={fn()}
      />
    ),
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("button", { name: "Show older messages" })).toBeVisible();
    await expect(within(canvasElement).getByText("waiting")).toBeVisible();
  },
};

export const NoMessages: Story = {
  args: { children: <MessagesView state={ready({ messages: [], queued: [] })} files={[]} more="none" onMore={fn()} /> },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No messages")).toBeVisible();
  },
};

export const Files: Story = {
  args: {
    tab: "files",
    children: <FilesView files={[FILE]} />,
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("link", { name: "invoice.pdf" })).toHaveAttribute(
      "href",
      "/api/experimental/chats/files/01990000-0000-7000-8000-000000000009",
    );
  },
};

export const NoFiles: Story = {
  args: { tab: "files", children: <FilesView files={[]} /> },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No files")).toBeVisible();
  },
};

export const Archived: Story = {
  args: { state: ready<Chat>(sampleChat({ archived: true, archived_at: "2026-11-20T12:00:00.000Z" })) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/deleted/)).toHaveTextContent("in 28 days");
    await expect(within(canvasElement).getByRole("button", { name: "Unarchive" })).toBeVisible();
  },
};

export const Child: Story = {
  args: { state: ready<Chat>(sampleChat({ root_chat_id: "01990000-0000-7000-8000-000000000099" })) },
  async play({ canvasElement }) {
    // Only the root of a family is archived and pinned.
    await expect(within(canvasElement).queryByRole("button", { name: /rchive|in$/ })).toBeNull();
    await expect(within(canvasElement).getByRole("link", { name: "Go to its main chat" })).toHaveAttribute(
      "href",
      "/chats/01990000-0000-7000-8000-000000000099",
    );
  },
};

export const PinnedWithSubChats: Story = {
  args: {
    windows: { ...SAMPLE_WINDOWS, autoArchiveDays: 90 },
    state: ready<Chat>(
      sampleChat({
        pin_order: 1,
        children: [
          { ...sampleChat({ id: "01990000-0000-7000-8000-000000000002", title: "Look the tax up" }), children: [] },
        ],
      }),
    ),
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(
      within(canvas.getByRole("list", { name: "Sub-chats" })).getByRole("link", { name: "Look the tax up" }),
    ).toHaveAttribute("href", "/chats/01990000-0000-7000-8000-000000000002");
    await expect(canvas.getByText("Pinned")).toBeVisible();
    await expect(canvas.getByRole("button", { name: "Unpin" })).toBeVisible();
    await expect(canvas.queryByText(/archived by itself/)).toBeNull();
  },
};

export const ArchivedByItself: Story = {
  args: { windows: { ...SAMPLE_WINDOWS, autoArchiveDays: 90 } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/archived by itself/)).toHaveTextContent(
      "archived by itself in 90 days",
    );
  },
};

export const Editing: Story = {
  args: { editing: true },
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog", { name: "Edit title and labels" }));
    const title = dialog.getByRole("textbox", { name: "Title" });
    await userEvent.clear(title);
    await expect(title).toBeInvalid();
    await userEvent.type(title, "Three cents");
    await userEvent.click(dialog.getByRole("button", { name: "Add label" }));
    await userEvent.type(dialog.getByRole("textbox", { name: "Name of label 2" }), "team");
    await userEvent.type(dialog.getByRole("textbox", { name: "Value of label 2" }), "tax");
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    await expect(dialog.getByText("There is a label of this name already.")).toBeVisible();
    await expect(args.onSave).not.toHaveBeenCalled();
    await userEvent.click(dialog.getByRole("button", { name: "Remove label 1" }));
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    await expect(args.onSave).toHaveBeenCalledWith(sampleChat(), { title: "Three cents", labels: { team: "tax" } });
  },
};

export const EditedWithoutAChange: Story = {
  args: { editing: true },
  async play({ args }) {
    const dialog = within(await screen.findByRole("dialog", { name: "Edit title and labels" }));
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    await expect(args.onSave).toHaveBeenCalledWith(sampleChat(), {});
    await userEvent.keyboard("{Escape}");
    await expect(args.onEditing).toHaveBeenCalledWith(false);
  },
};

export const Saving: Story = {
  args: { editing: true, saving: { kind: "busy" } },
  async play() {
    const dialog = within(await screen.findByRole("dialog", { name: "Edit title and labels" }));
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeDisabled();
  },
};

export const NotSaved: Story = {
  args: { editing: true, saving: { kind: "failed", problem: PROBLEM } },
  async play() {
    const dialog = within(await screen.findByRole("dialog", { name: "Edit title and labels" }));
    await expect(dialog.getByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};

export const NotArchived: Story = {
  args: {
    changing: {
      kind: "failed",
      problem: {
        message: "Cannot archive an active chat. Interrupt or wait for the chat to finish first.",
        detail: undefined,
      },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("Cannot archive an active chat.");
  },
};

export const Loading: Story = {
  args: { state: { kind: "loading" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const NotFound: Story = {
  args: { state: { kind: "not-found" } },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Chat" })).toBeVisible();
    await expect(canvas.getByText("There is no such thing here")).toBeVisible();
    await expect(canvas.getByRole("link", { name: "Go to your chats" })).toHaveAttribute("href", "/chats");
  },
};

export const Failed: Story = {
  args: { state: { kind: "error", problem: PROBLEM, retry: fn() } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};
