import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, within } from "storybook/test";

import { PageForbidden } from "./PageForbidden.tsx";
import { PageNotFound } from "./PageNotFound.tsx";

/** What stands in place of a whole page. */
const meta = {
  title: "Components/Page",
  render: () => (
    <main>
      <PageForbidden />
    </main>
  ),
} satisfies Meta;

export default meta;

export const Forbidden: StoryObj = {
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Not allowed" })).toBeVisible();
    await expect(canvas.getByRole("link", { name: "Go to your chats" })).toHaveAttribute("href", "/chats");
  },
};

export const NotFound: StoryObj = {
  render: () => (
    <main>
      <PageNotFound />
    </main>
  ),
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await expect(canvas.getByRole("heading", { level: 1, name: "Not found" })).toBeVisible();
    await expect(canvas.getByRole("link", { name: "Go to your chats" })).toBeVisible();
  },
};
