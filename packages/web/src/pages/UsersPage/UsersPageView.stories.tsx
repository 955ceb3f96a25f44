import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, screen, userEvent, within } from "storybook/test";

import { UsersPageView } from "./UsersPageView.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };
const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;
const ANA = {
  id: "01990000-0000-7000-8000-000000000001",
  email: "ana@example.com",
  name: "Ana",
  role: "owner",
  created_at: "2026-11-20T12:00:00.000Z",
} as const;

const meta = {
  title: "Pages/Users",
  component: UsersPageView,
  render: (args) => (
    <main>
      <UsersPageView {...args} />
    </main>
  ),
  args: {
    state: ready([ANA]),
    made: 0,
    creating: { kind: "idle" },
    changing: { kind: "idle" },
    onCreate: fn(),
    onRole: fn(),
  },
} satisfies Meta<typeof UsersPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const People: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await userEvent.click(canvas.getByRole("combobox", { name: "Role of ana@example.com" }));
    await userEvent.click(await screen.findByRole("option", { name: "Auditor" }));
    await expect(args.onRole).toHaveBeenCalledWith(ANA.id, "auditor");
  },
};

export const Creates: Story = {
  async play({ canvasElement, args }) {
    const form = within(within(canvasElement).getByRole("form", { name: "New user" }));
    await userEvent.type(form.getByRole("textbox", { name: "E-mail address" }), "ben@example.com");
    await userEvent.type(form.getByLabelText("First password"), "short");
    await userEvent.click(form.getByRole("button", { name: "Create user" }));
    await expect(form.getByText("It must have at least 12 characters.")).toBeVisible();
    await userEvent.clear(form.getByLabelText("First password"));
    await userEvent.click(form.getByRole("button", { name: "Create user" }));
    await expect(args.onCreate).toHaveBeenCalledWith({ email: "ben@example.com", name: "", role: "member" });
  },
};

export const Busy: Story = {
  args: { creating: { kind: "busy" }, changing: { kind: "busy" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("combobox", { name: /Role of/ })).toHaveAttribute(
      "aria-disabled",
      "true",
    );
  },
};

export const Refused: Story = {
  args: {
    creating: { kind: "failed", problem: { message: "There is a user with this address already.", detail: undefined } },
    changing: { kind: "failed", problem: { message: "The last owner stays one.", detail: undefined } },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("alert")).toHaveLength(2);
  },
};

export const Loading: Story = {
  args: { state: { kind: "loading" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const Failed: Story = {
  args: { state: { kind: "error", problem: PROBLEM, retry: fn() } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toBeVisible();
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};
