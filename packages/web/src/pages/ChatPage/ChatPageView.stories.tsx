import type { Chat, ChatMessage } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { ChatPageView } from "./ChatPageView.tsx";
import { sampleChat } from "./chat-samples.ts";
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

const MESSAGES = [
  message({}),
  message({
    id: 2,
    role: "assistant",
    content: [
      { type: "text", text: "Two cents." },
      { type: "file", file_id: "01990000-0000-7000-8000-000000000009" },
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
    retentionDays: 30,
    changing: { kind: "idle" },
    onTab: fn(),
    onArchive: fn(),
    children: <MessagesView state={ready({ messages: MESSAGES, queued: [] })} more="none" onMore={fn()} />,
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
    await userEvent.click(canvas.getByRole("tab", { name: "Debug" }));
    await expect(args.onTab).toHaveBeenCalledWith("debug");
    await userEvent.click(canvas.getByRole("button", { name: "Archive" }));
    await expect(args.onArchive).toHaveBeenCalledOnce();
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
  args: { children: <MessagesView state={ready({ messages: [], queued: [] })} more="none" onMore={fn()} /> },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("No messages")).toBeVisible();
  },
};

export const Files: Story = {
  args: {
    tab: "files",
    children: (
      <FilesView
        files={[
          {
            id: "01990000-0000-7000-8000-000000000009",
            name: "invoice.pdf",
            mimetype: "application/pdf",
            size: 12_345,
            created_at: "2026-11-22T11:00:00.000Z",
          },
        ]}
      />
    ),
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
    // Only the root of a family is archived.
    await expect(within(canvasElement).queryByRole("button", { name: /rchive/ })).toBeNull();
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
    await expect(within(canvasElement).getByText("There is no such thing here")).toBeVisible();
  },
};

export const Failed: Story = {
  args: { state: { kind: "error", problem: PROBLEM, retry: fn() } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent("The server could not be reached.");
  },
};
