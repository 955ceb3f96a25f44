import type { DebugStep, DebugStepSkeleton } from "@shelflife/api-contract";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, fn, userEvent, within } from "storybook/test";

import { STORY_NOW } from "../../../../.storybook/story-now.ts";
import { DebugPanelView } from "./DebugPanelView.tsx";
import { CHAT_ID, sampleRun, sampleSkeleton, sampleStep, sampleWholeStep } from "./debug-samples.ts";
import type { UseRun } from "./RunRow.tsx";
import type { UseStep } from "./StepRow.tsx";

const PROBLEM = { message: "The server could not be reached.", detail: undefined };
const OFF = { debug_logging_enabled: false, user_toggle_allowed: true, forced_by_deployment: false };

const ready = <Data,>(data: Data) => ({ kind: "ready", data, stale: null }) as const;

const useSampleRun: UseRun = () => ready(sampleSkeleton());
const useSampleStep: UseStep = () => ready(sampleWholeStep());

const meta = {
  title: "Pages/Chat/Debug",
  component: DebugPanelView,
  render: (args) => (
    <main>
      <h1>A chat</h1>
      <DebugPanelView {...args} />
    </main>
  ),
  args: {
    chatId: CHAT_ID,
    state: ready([
      sampleRun(),
      sampleRun({ id: "01990000-0000-7000-8000-000000000012", kind: "title_generation", status: "error", summary: {} }),
    ]),
    logging: { debug_logging_enabled: true, user_toggle_allowed: true, forced_by_deployment: false },
    debugDays: 30,
    useRun: useSampleRun,
    useStep: useSampleStep,
  },
} satisfies Meta<typeof DebugPanelView>;

export default meta;
type Story = StoryObj<typeof meta>;

async function openRun(canvasElement: HTMLElement): Promise<ReturnType<typeof within>> {
  const list = within(canvasElement).getByRole("list", { name: "Debug runs" });
  const run = within(list).getAllByRole("button")[0] ?? list;
  await userEvent.click(run);
  await expect(run).toHaveAttribute("aria-expanded", "true");
  return within(canvasElement);
}

async function openStep(canvasElement: HTMLElement): Promise<ReturnType<typeof within>> {
  const canvas = await openRun(canvasElement);
  const steps = canvas.getByRole("list", { name: "Steps" });
  await userEvent.click(within(steps).getAllByRole("button")[0] ?? steps);
  return canvas;
}

export const Closed: Story = {
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    const runs = within(canvas.getByRole("list", { name: "Debug runs" })).getAllByRole("button");
    await expect(runs).toHaveLength(2);
    // The label is the first message, else the kind.
    await expect(runs[0]).toHaveTextContent("What is in the invoice?");
    await expect(runs[0]).toHaveTextContent("1,024→96 tok");
    await expect(runs[0]).toHaveTextContent("2 steps");
    await expect(runs[0]).toHaveTextContent("4 s");
    await expect(runs[1]).toHaveTextContent("title generation");
    await expect(runs[0]).toHaveAttribute("aria-expanded", "false");
    await expect(canvas.getByText(/newest debug data expires/)).toHaveTextContent("in 30 days");
    await expect(canvas.getByRole("link", { name: "Export debug logs" })).toHaveAttribute(
      "href",
      `/api/experimental/chats/${CHAT_ID}/debug/export`,
    );
  },
};

export const GoesOn: Story = {
  args: {
    state: ready([
      sampleRun({ status: "in_progress", summary: { first_message: "And now?" }, finished_at: undefined }),
      sampleRun({ id: "01990000-0000-7000-8000-000000000013", kind: "title_generation" }),
    ]),
    useRun: () => ready(sampleSkeleton({ steps: [sampleStep({ status: "in_progress", finished_at: undefined })] })),
    useStep: () => ready(sampleWholeStep({ status: "in_progress", normalized_response: undefined, usage: undefined })),
  },
  async play({ canvasElement }) {
    const canvas = within(canvasElement);
    const [going, title] = within(canvas.getByRole("list", { name: "Debug runs" })).getAllByRole("button");
    await expect(going).toHaveTextContent("1 h so far");
    await expect(going).toHaveTextContent("In progress");
    await expect(going).not.toHaveTextContent("tok");
    // It has the label of the turn that it was made for.
    await expect(title).toHaveTextContent("What is in the invoice?");
    await expect(title).toHaveTextContent("title generation");
    await openStep(canvasElement);
    await expect(canvas.getByText("No answer yet.")).toBeVisible();
  },
};

export const RunOpened: Story = {
  args: {
    useRun: () =>
      ready(
        sampleSkeleton({
          summary: {
            total_input_tokens: 1_024,
            total_output_tokens: 96,
            total_cache_read_tokens: 512,
            total_cache_creation_tokens: 0,
            total_reasoning_tokens: 40,
          },
        }),
      ),
  },
  async play({ canvasElement }) {
    const canvas = await openRun(canvasElement);
    await expect(canvas.getByText(/; 512 tokens read from a cache, 40 of reasoning$/)).toBeVisible();
    await expect(canvas.getByRole("link", { name: "Export this run" })).toBeVisible();
    const bars = within(canvas.getByRole("region", { name: "Timeline" })).getAllByRole("img");
    await expect(bars.map((bar) => bar.getAttribute("aria-label"))).toEqual([
      "Step 1: from 0 ms on, for 2 s",
      "Tool read_file: from 2 s on, for 1 s",
      "Step 2: from 3 s on, for 1 s",
    ]);
    await expect(within(canvas.getByRole("list", { name: "Steps" })).getAllByRole("button")).toHaveLength(2);
  },
};

export const StepOpened: Story = {
  async play({ canvasElement }) {
    const canvas = await openStep(canvasElement);
    // What came last is shown, and the rest when it is asked for.
    await expect(canvas.queryByText("You read invoices.")).toBeNull();
    await userEvent.click(canvas.getByRole("button", { name: "Show all 3 messages" }));
    await expect(canvas.getByText("You read invoices.")).toBeVisible();
    await expect(canvas.getByText("invoice.pdf, application/pdf")).toBeVisible();
    await expect(canvas.getByText("calls read_file with")).toBeVisible();
    await expect(canvas.getByText("Cut; it had 12,000 characters.")).toBeVisible();
    await expect(canvas.getByText("Finished: tool-calls")).toBeVisible();

    // One of the three is open at a time.
    await userEvent.click(canvas.getByRole("button", { name: "Tools" }));
    await expect(canvas.getByText("Reads a file.")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Options" }));
    await expect(canvas.queryByText("Reads a file.")).toBeNull();
    await expect(canvas.getByText("temperature")).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Usage" }));
    const usage = within(canvas.getByRole("table", { name: "Tokens" }));
    await expect(usage.getByRole("row", { name: "of it read from a cache 512" })).toBeVisible();
    await expect(usage.getByRole("row", { name: "of it reasoning 40" })).toBeVisible();

    const attempts = within(canvas.getByRole("table", { name: "Attempts" }));
    await expect(attempts.getByRole("row", { name: /^1 error.*429 120 ms$/ })).toBeVisible();
    await userEvent.click(canvas.getByRole("button", { name: "Raw request" }));
    await expect(canvas.getByRole("region", { name: "Raw request" })).toHaveTextContent("provider_option_count");
    await expect(canvas.getByRole("button", { name: "Copy: Raw request" })).toBeVisible();
  },
};

export const StepFailed: Story = {
  args: {
    useStep: () =>
      ready(
        sampleWholeStep({
          status: "error",
          normalized_response: undefined,
          usage: undefined,
          error: { message: "The provider refused.", status_code: 500 },
        }),
      ),
  },
  async play({ canvasElement }) {
    const canvas = await openStep(canvasElement);
    await expect(canvas.getByRole("alert")).toHaveTextContent("The provider refused.");
    await expect(canvas.getByText("Nothing came back.")).toBeVisible();
  },
};

/** Whatever was stored: the page shows it raw and goes on. */
const ODD_SHAPES: readonly Partial<DebugStep>[] = [
  { normalized_request: { error: "malformed debug payload", parse_error: "unexpected end", raw: "{" } },
  { normalized_request: {}, normalized_response: {}, attempts: {} },
  { normalized_request: { messages: "none", tools: 7, options: [1] }, normalized_response: { content: null } },
  {
    normalized_request: {
      messages: [null, 3, { role: 4, parts: {} }, { role: "user", parts: [null, { type: "new kind" }] }],
    },
    normalized_response: { content: [{ type: "text" }, { type: "tool-result", result: { nested: true } }] },
    attempts: [null, "x", { error: "text" }],
    usage: { input_tokens: 1 },
    error: { code: 1 },
  },
];

export const OddShapes: Story = {
  args: {
    useRun: () =>
      ready(
        sampleSkeleton({
          steps: ODD_SHAPES.map((_, index) => sampleStep({ id: `odd-${index}`, step_number: index + 1 })),
        }),
      ),
    useStep: (step: DebugStepSkeleton) => ready(sampleWholeStep(ODD_SHAPES[step.step_number - 1])),
  },
  async play({ canvasElement }) {
    const canvas = await openRun(canvasElement);
    for (const step of within(canvas.getByRole("list", { name: "Steps" })).getAllByRole("button", {
      expanded: false,
    })) {
      await userEvent.click(step);
    }
    await expect(canvas.getAllByText(/unusual shape/)).toHaveLength(3);
    await expect(canvas.getByText("new kind")).toBeVisible();
  },
};

/** A payload as large as they come, and a run as long: opening them leaves the page quick. */
export const Large: Story = {
  args: {
    useRun: () =>
      ready(
        sampleSkeleton({
          steps: Array.from({ length: 500 }, (_, index) =>
            sampleStep({
              id: `step-${index}`,
              step_number: index + 1,
              started_at: new Date(STORY_NOW.getTime() - 500_000 + index * 1_000).toISOString(),
              finished_at: new Date(STORY_NOW.getTime() - 500_000 + index * 1_000 + 800).toISOString(),
            }),
          ),
        }),
      ),
    useStep: () =>
      ready(
        sampleWholeStep({ normalized_request: { messages: [], tools: [], options: {}, blob: "x".repeat(5_000_000) } }),
      ),
  },
  // Five hundred steps are looked at by the check of accessibility in the other stories, one at a time.
  parameters: { a11y: { test: "off" } },
  async play({ canvasElement }) {
    const canvas = await openStep(canvasElement);
    await userEvent.click(canvas.getByRole("button", { name: "Raw request" }));
    const raw = canvas.getByRole("region", { name: "Raw request" });
    await expect(raw.textContent.length).toBeLessThan(25_000);
    await expect(canvas.getByRole("button", { name: /Show all 5,000,/ })).toBeVisible();
    const steps = within(canvas.getByRole("list", { name: "Steps" }));
    await expect(steps.getAllByRole("listitem")).toHaveLength(100);
    await userEvent.click(canvas.getByRole("button", { name: "Show 100 more of 500 steps" }));
    await expect(steps.getAllByRole("listitem")).toHaveLength(200);
    await expect(within(canvas.getByRole("region", { name: "Timeline" })).getAllByRole("listitem")).toHaveLength(500);
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
    await expect(within(canvasElement).getByRole("button", { name: "Try again" })).toBeVisible();
  },
};

export const Stale: Story = {
  args: {
    state: {
      kind: "ready",
      data: [sampleRun()],
      stale: { problem: PROBLEM, since: new Date(STORY_NOW.getTime() - 60_000), retry: fn() },
    },
  },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/What you see is from/)).toBeVisible();
    await expect(within(canvasElement).getByText("What is in the invoice?")).toBeVisible();
  },
};

export const EmptyBecauseItIsOff: Story = {
  args: { state: ready([]), logging: OFF },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Debug logging is off")).toBeVisible();
    await expect(within(canvasElement).getByRole("link", { name: "Switch it on in your settings" })).toBeVisible();
  },
};

export const EmptyBecauseItIsNotAllowed: Story = {
  args: { state: ready([]), logging: { ...OFF, user_toggle_allowed: false } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText(/An administrator has not allowed/)).toBeVisible();
    await expect(within(canvasElement).queryByRole("link")).toBeNull();
  },
};

export const EmptyYet: Story = {
  args: { state: ready([]) },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Nothing is recorded here")).toBeVisible();
    await expect(
      within(canvasElement).getByText(
        /Nothing has been recorded yet, or it has expired: debug data is kept for 30 days\./,
      ),
    ).toBeVisible();
  },
};

export const RunGone: Story = {
  args: { useRun: () => ({ kind: "not-found" }) },
  async play({ canvasElement }) {
    const canvas = await openRun(canvasElement);
    await expect(canvas.getByText("There is no such thing here")).toBeVisible();
  },
};

export const StepLoading: Story = {
  args: { useStep: () => ({ kind: "loading" }) },
  async play({ canvasElement }) {
    const canvas = await openStep(canvasElement);
    await expect(canvas.getByRole("status")).toBeVisible();
  },
};

export const KeptForEver: Story = {
  args: { debugDays: 0 },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Debug data is kept for ever.")).toBeVisible();
  },
};

export const Forbidden: Story = {
  args: { state: { kind: "forbidden" } },
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("You may not see this")).toBeVisible();
  },
};
