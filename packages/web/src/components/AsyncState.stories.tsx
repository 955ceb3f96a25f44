import type { Meta, StoryObj } from "@storybook/react-vite";
import { IconMessages } from "@tabler/icons-react";
import { expect, fn, userEvent, within } from "storybook/test";

import { STORY_NOW } from "../../.storybook/story-now.ts";
import type { DataState } from "../api/data-state.ts";
import { AsyncState } from "./AsyncState.tsx";
import { Message } from "./Message.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };

function Chats({ state }: { state: DataState<string[]> }) {
  return (
    <main>
      <h1>Chats</h1>
      <AsyncState
        state={state}
        empty={{
          when: (chats) => chats.length === 0,
          show: (
            <Message icon={<IconMessages />} title="No chats yet">
              They appear here once an application has recorded some.
            </Message>
          ),
        }}
      >
        {(chats) => (
          <ul>
            {chats.map((chat) => (
              <li key={chat}>{chat}</li>
            ))}
          </ul>
        )}
      </AsyncState>
    </main>
  );
}

const meta = { title: "Components/AsyncState", component: Chats } satisfies Meta<typeof Chats>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Loading: Story = {
  args: { state: { kind: "loading" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const Failed: Story = {
  args: { state: { kind: "error", problem: { ...PROBLEM, detail: "Request 7; the log says more." }, retry: fn() } },
  async play({ canvasElement, args }) {
    const alert = within(within(canvasElement).getByRole("alert"));
    await expect(alert.getByText("The server could not be reached.")).toBeVisible();
    await expect(alert.getByText("Request 7; the log says more.")).toBeVisible();
    await userEvent.click(alert.getByRole("button", { name: "Try again" }));
    await expect(args.state.kind === "error" && args.state.retry).toHaveBeenCalledOnce();
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("heading", { name: "You may not see this" })).toBeVisible();
  },
};

export const NotFound: Story = {
  args: { state: { kind: "not-found" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("heading", { name: "There is no such thing here" })).toBeVisible();
  },
};

export const Empty: Story = {
  args: { state: { kind: "ready", data: [], stale: null } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("heading", { name: "No chats yet" })).toBeVisible();
  },
};

export const Ready: Story = {
  args: { state: { kind: "ready", data: ["Invoices", "Holidays"], stale: null } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("listitem")).toHaveLength(2);
    await expect(within(canvasElement).queryByRole("status")).toBeNull();
  },
};

export const Stale: Story = {
  args: {
    state: {
      kind: "ready",
      data: ["Invoices"],
      stale: { problem: PROBLEM, since: new Date(STORY_NOW.getTime() - 240_000), retry: fn() },
    },
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("status")).toHaveTextContent(
      "The server could not be reached. What you see is from 4 minutes ago.",
    );
    await expect(canvas.getAllByRole("listitem")).toHaveLength(1);
  },
};
