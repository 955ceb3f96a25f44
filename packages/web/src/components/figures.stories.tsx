import { Stack } from "@mantine/core";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, within } from "storybook/test";

import { Bytes } from "./Bytes.tsx";
import { Count } from "./Count.tsx";
import { DurationText } from "./DurationText.tsx";
import { TimeText } from "./TimeText.tsx";

/** Numbers and times as people read them, in British English and in Berlin. */
const meta = { title: "Components/Figures" } satisfies Meta;

export default meta;

const FIGURES = [
  [<Bytes bytes={null} />, "unknown"],
  [<Bytes bytes={0} />, "0 B"],
  [<Bytes bytes={999} />, "999 B"],
  [<Bytes bytes={1_000} />, "1 kB"],
  [<Bytes bytes={999_600} />, "1 MB"],
  [<Bytes bytes={1_234_567} />, "1.23 MB"],
  [<Bytes bytes={-45_600} />, "-45.6 kB"],
  [<Bytes bytes={9_007_199_254_740_991} />, "9.01 PB"],
  [<Count count={null} />, "unknown"],
  [<Count count={1_234_567} />, "1,234,567"],
  [<Count count={{ count: 10_000, at_least: false }} />, "10,000"],
  [<Count count={{ count: 10_000, at_least: true }} />, "at least 10,000"],
  [<DurationText ms={null} />, "–"],
  [<DurationText ms={0} />, "0 ms"],
  [<DurationText ms={999} />, "999 ms"],
  [<DurationText ms={1_250} />, "1.3 s"],
  [<DurationText ms={59_960} />, "1 min"],
  [<DurationText ms={252_000} />, "4 min 12 s"],
  [<DurationText ms={3_599_600} />, "1 h"],
  [<DurationText ms={273_600_000} />, "3 d 4 h"],
  [<TimeText time={null} />, "–"],
  [<TimeText time={null} none="never" />, "never"],
  [<TimeText time="2026-11-22T23:30:00Z" />, "23 Nov 2026, 00:30"],
  [<TimeText time="2026-11-22T11:59:52Z" format="relative" />, "now"],
  [<TimeText time="2026-11-22T11:59:30Z" format="relative" />, "30 seconds ago"],
  [<TimeText time="2026-11-22T11:57:01Z" format="relative" />, "3 minutes ago"],
  [<TimeText time="2026-11-22T11:00:20Z" format="relative" />, "1 hour ago"],
  [<TimeText time="2026-12-22T11:58:00Z" format="relative" />, "in 30 days"],
  [<TimeText time="2026-11-22T14:00:00Z" format="relative" />, "in 2 hours"],
  [<TimeText time="2026-11-21T12:00:00Z" format="relative" />, "1 day ago"],
  [<TimeText time="2026-10-13T12:00:00Z" format="relative" />, "40 days ago"],
] as const;

export const Figures: StoryObj = {
  render: () => (
    <Stack component="ul" gap={0}>
      {FIGURES.map(([figure], index) => (
        <li key={index}>{figure}</li>
      ))}
    </Stack>
  ),
  async play({ canvasElement }) {
    const shown = within(canvasElement)
      .getAllByRole("listitem")
      .map(({ textContent }) => textContent);
    await expect(shown).toEqual(FIGURES.map(([, text]) => text));
  },
};

export const TimeInFull: StoryObj = {
  render: () => <TimeText time="2026-07-22T23:30:15.250Z" />,
  async play({ canvasElement }) {
    const time = within(canvasElement).getByText("23 Jul 2026, 01:30");
    await expect(time).toHaveAttribute("datetime", "2026-07-22T23:30:15.250Z");
    await expect(time).toHaveAttribute("title", "Thursday, 23 July 2026 at 01:30:15 CEST\n2026-07-22 23:30:15 UTC");
  },
};
