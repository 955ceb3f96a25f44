import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, within } from "storybook/test";

import { NAVIGATION } from "./navigation.ts";
import { ShellView } from "./ShellView.tsx";

const meta = {
  title: "Shell",
  component: ShellView,
  args: {
    me: {
      id: "01890a5d-ac96-774b-bcce-b302099a8057",
      email: "ada@example.com",
      name: "Ada",
      role: "owner",
      created_at: "2026-01-01T00:00:00Z",
      may_read_deployment: true,
      may_update_deployment: true,
      may_read_retention: true,
      may_run_purge: true,
      may_manage_users: true,
    },
    location: "/chats",
    entries: NAVIGATION,
    children: <h1>The page</h1>,
  },
} satisfies Meta<typeof ShellView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Administrator: Story = {
  async play({ canvasElement }) {
    const links = within(within(canvasElement).getByRole("navigation")).getAllByRole("link");
    await expect(links.map((link) => link.textContent)).toEqual([
      "Chats",
      "Lifecycle",
      "Retention",
      "Audit log",
      "Users",
      "Settings",
    ]);
  },
};

export const Member: Story = {
  args: { entries: NAVIGATION.filter(({ to }) => to === "/chats" || to === "/settings") },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(within(canvas.getByRole("navigation")).getAllByRole("link")).toHaveLength(2);
    await expect(canvas.queryByRole("link", { name: "Lifecycle" })).toBeNull();
  },
};
