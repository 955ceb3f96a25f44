import { Group } from "@mantine/core";
import { LEDGER_OUTCOMES, RUN_STATUSES } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, within } from "storybook/test";

import { StatusBadge } from "./StatusBadge.tsx";

const meta = { title: "Components/StatusBadge" } satisfies Meta;

export default meta;

export const All: StoryObj = {
  render: () => (
    <Group p="md">
      {[...RUN_STATUSES, ...LEDGER_OUTCOMES].map((status) => (
        <StatusBadge key={status} status={status} />
      ))}
    </Group>
  ),
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("In progress")).toBeVisible();
    await expect(within(canvasElement).getByText("Aborted")).toBeVisible();
  },
};
