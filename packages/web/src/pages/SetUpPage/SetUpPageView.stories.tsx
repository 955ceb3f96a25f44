import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { SetUpPageView } from "./SetUpPageView.tsx";

const meta = {
  title: "Pages/SetUp",
  component: SetUpPageView,
  render: (args) => (
    <main>
      <SetUpPageView {...args} />
    </main>
  ),
  args: { state: { kind: "form", busy: false, problem: undefined }, onSubmit: fn() },
} satisfies Meta<typeof SetUpPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Form: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await userEvent.type(canvas.getByRole("textbox", { name: "E-mail address" }), "ana@example.com");
    await userEvent.type(canvas.getByLabelText(/^Password/), "short");
    await userEvent.click(canvas.getByRole("button", { name: "Create account" }));
    await expect(canvas.getByText("It must have at least 12 characters.")).toBeVisible();
    await expect(args.onSubmit).not.toHaveBeenCalled();
    await userEvent.type(canvas.getByLabelText(/^Password/), " but longer");
    // What is recorded is asked once, and nobody is recorded who did not choose it.
    await expect(canvas.getByRole("radio", { name: "For who opts in" })).toBeChecked();
    await userEvent.click(canvas.getByRole("radio", { name: "For nobody" }));
    await userEvent.click(canvas.getByRole("button", { name: "Create account" }));
    await expect(args.onSubmit).toHaveBeenCalledWith({
      email: "ana@example.com",
      name: "",
      password: "short but longer",
      debugLogging: "nobody",
    });
  },
};

export const Busy: Story = {
  args: { state: { kind: "form", busy: true, problem: undefined } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("button", { name: "Create account" })).toBeDisabled();
  },
};

export const Refused: Story = {
  args: {
    state: {
      kind: "form",
      busy: false,
      problem: { message: "The set-up link is not in force any more.", detail: undefined },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent(
      "The set-up link is not in force any more.",
    );
  },
};

export const WithoutItsToken: Story = {
  args: { state: { kind: "no-token" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Open the whole set-up link/)).toBeVisible();
    await expect(within(canvasElement).queryByRole("form")).toBeNull();
  },
};

export const Done: Story = {
  args: { state: { kind: "done" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/sign-in");
  },
};

export const Loading: Story = {
  args: { state: { kind: "loading" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};
