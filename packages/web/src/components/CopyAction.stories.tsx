import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, userEvent, within } from "storybook/test";

import { CopyAction } from "./CopyAction.tsx";

const meta = {
  title: "Components/CopyAction",
  component: CopyAction,
  args: { value: "slf_the-whole-key", label: "Copy the key" },
} satisfies Meta<typeof CopyAction>;

export default meta;
type Story = StoryObj<typeof meta>;

/** Has the browser answer a page that copies as told, until the story is over. */
function answerCopying(clipboard: Pick<Clipboard, "writeText"> | undefined): () => void {
  // Beside the browser's own there may be one that the test library put before it.
  const before = [navigator, Navigator.prototype].map(
    (holder) => [holder, Object.getOwnPropertyDescriptor(holder, "clipboard")] as const,
  );
  for (const [holder] of before) Reflect.deleteProperty(holder, "clipboard");
  if (clipboard !== undefined) Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
  return () => {
    Reflect.deleteProperty(navigator, "clipboard");
    for (const [holder, property] of before) {
      if (property !== undefined) Object.defineProperty(holder, "clipboard", property);
    }
  };
}

const copied: string[] = [];

export const Copied: Story = {
  beforeEach: () =>
    answerCopying({
      async writeText(text) {
        copied.push(text);
      },
    }),
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await userEvent.click(canvas.getByRole("button", { name: "Copy the key" }));
    await expect(await canvas.findByText("Copied.")).toBeVisible();
    await expect(copied.at(-1)).toBe("slf_the-whole-key");
  },
};

/** As on a page that came over plain HTTP. */
export const NotPossible: Story = {
  beforeEach: () => answerCopying(undefined),
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    await userEvent.click(canvas.getByRole("button", { name: "Copy the key" }));
    await expect(canvas.getByRole("status")).toHaveTextContent("select the text instead");
  },
};
