import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { SignInPageView } from "./SignInPageView.tsx";

const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;
const OPENID = { provider_id: "oidc", name: "Example ID" };

const meta = {
  title: "Pages/SignIn",
  component: SignInPageView,
  render: (args) => (
    <main>
      <SignInPageView {...args} />
    </main>
  ),
  args: {
    methods: ready({ password: true, openid_connect: null }),
    setUpNeeded: false,
    signingIn: { kind: "idle" },
    onPassword: fn(),
    onOpenIdConnect: fn(),
  },
} satisfies Meta<typeof SignInPageView>;

export default meta;
type Story = StoryObj<typeof meta>;

export const WithAPassword: Story = {
  async play({ canvasElement, args }) {
    const canvas = within(canvasElement);
    await userEvent.type(canvas.getByRole("textbox", { name: "E-mail address" }), " ana@example.com");
    await userEvent.type(canvas.getByLabelText("Password"), "correct horse{Enter}");
    await expect(args.onPassword).toHaveBeenCalledWith("ana@example.com", "correct horse");
    await expect(canvas.queryByRole("button", { name: /Continue with/ })).toBeNull();
  },
};

export const WithOpenIdConnect: Story = {
  args: { methods: ready({ password: true, openid_connect: OPENID }) },
  async play({ canvasElement, args }) {
    await userEvent.click(within(canvasElement).getByRole("button", { name: "Continue with Example ID" }));
    await expect(args.onOpenIdConnect).toHaveBeenCalledOnce();
  },
};

export const WithOpenIdConnectAlone: Story = {
  args: { methods: ready({ password: false, openid_connect: OPENID }) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).queryByLabelText("Password")).toBeNull();
  },
};

export const Refused: Story = {
  args: {
    signingIn: {
      kind: "failed",
      problem: { message: "The e-mail address or the password is wrong.", detail: undefined },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("alert")).toHaveTextContent(
      "The e-mail address or the password is wrong.",
    );
  },
};

export const Busy: Story = {
  args: { signingIn: { kind: "busy" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("button", { name: "Sign in" })).toBeDisabled();
  },
};

export const NobodyYet: Story = {
  args: { setUpNeeded: true },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/Open the set-up link/)).toBeVisible();
    await expect(within(canvasElement).queryByRole("button", { name: "Sign in" })).toBeNull();
  },
};

export const Loading: Story = {
  args: { methods: { kind: "loading" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("status")).toBeVisible();
  },
};

export const Failed: Story = {
  args: {
    methods: {
      kind: "error",
      problem: { message: "The server could not be reached.", detail: undefined },
      retry: fn(),
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByRole("button", { name: "Try again" })).toBeVisible();
  },
};
