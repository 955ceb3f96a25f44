import { randomUUID } from "node:crypto";

import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";

import { completeRun, type SentRun, type SentStep, stepItem } from "../../server/test/debug-batches.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off", SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true" });

/** More than this nothing that is clicked may cost before it is answered, in milliseconds of work in the page. */
const ANSWER_MS = 1_000;

let owner: Account;

beforeAll(async () => {
  owner = await shelflife.createAccount("owner");
});

async function record(run: SentRun, steps: readonly SentStep[]): Promise<void> {
  const { rejected } = await shelflife.client(owner).recordDebugBatch({ runs: [run], steps: [...steps] });
  expect(rejected).toEqual([]);
}

function runs(page: Page) {
  return page.getByRole("list", { name: "Debug runs" }).getByRole("button", { expanded: false });
}

function steps(page: Page) {
  return page.getByRole("list", { name: "Steps" });
}

/**
 * Measures what something costs the thread that answers the user, in milliseconds of its own work: for no less time nothing
 * else could be answered. Unlike the time on a clock it does not depend on what else the machine does meanwhile.
 */
async function measureWork(page: Page): Promise<(act: () => Promise<void>) => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const workedMs = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    const worked = metrics.find(({ name }) => name === "TaskDuration");
    if (worked === undefined) throw new Error("The browser does not tell how long it worked.");
    return worked.value * 1_000;
  };
  return async (act) => {
    const before = await workedMs();
    await act();
    return (await workedMs()) - before;
  };
}

/** Until what has been drawn is on the screen. */
function nextPicture(page: Page): Promise<void> {
  return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

it("stays fluid with five hundred steps, and with a payload of five megabytes", async () => {
  const { run } = completeRun({ chat_id: randomUUID() });
  const parts = [{ type: "text", text: "What was said before. ".repeat(400) }];
  const messages = Array.from({ length: 600 }, () => ({ role: "user", parts }));
  const large = { messages, tools: [], options: {} };
  expect(JSON.stringify(large).length).toBeGreaterThan(5_000_000);
  const all = Array.from({ length: 500 }, (_, index) =>
    stepItem(run, {
      step_number: index + 1,
      operation: "stream",
      status: "completed",
      usage: { input_tokens: index, output_tokens: 1 },
      ...(index === 0
        ? { normalized_request: large, attempts: [{ number: 1, response_body: "x".repeat(40_000) }] }
        : {}),
    }),
  );
  await record(run, all);

  const page = await shelflife.openPage(`/chats/${run.chat_id}?tab=debug`, { as: owner });
  await runs(page).first().waitFor();
  const measure = await measureWork(page);
  const costs: Record<string, number> = {};
  costs["a run"] = await measure(async () => {
    await runs(page).first().click();
    await steps(page).getByRole("button", { name: "Step 100" }).waitFor({ state: "attached" });
    await nextPicture(page);
  });
  expect(await page.getByRole("region", { name: "Timeline" }).getByRole("listitem").count()).toBe(500);
  costs["more steps"] = await measure(async () => {
    await page.getByRole("button", { name: "Show 100 more of 500 steps" }).click();
    await steps(page).getByRole("button", { name: "Step 200" }).waitFor({ state: "attached" });
    await nextPicture(page);
  });
  costs["a step"] = await measure(async () => {
    await steps(page).getByRole("button", { name: "Step 1" }).first().click();
    await page.getByRole("button", { name: "Show all 600 messages" }).waitFor();
    await nextPicture(page);
  });
  for (const name of ["Usage", "Raw request", "Options"]) {
    costs[name] = await measure(async () => {
      await page.getByRole("button", { name, exact: true }).click();
      await nextPicture(page);
    });
  }
  // A part of it is laid out, and the rest is offered.
  const raw = page.getByRole("region", { name: "Raw request" });
  expect((await raw.textContent())?.length).toBe(20_000);
  await page.getByRole("button", { name: /^Show all 5,\d+,\d+ characters$/ }).waitFor();
  expect(Object.values(costs).every((ms) => ms > 0)).toBe(true);
  expect(Object.entries(costs).filter(([, ms]) => ms > ANSWER_MS)).toEqual([]);
});

it("shows raw what has another shape than usual", async () => {
  const { run } = completeRun({ chat_id: randomUUID() });
  const odd: Partial<SentStep>[] = [
    { normalized_request: { messages: "hello" }, normalized_response: { content: { text: "no list" } } },
    {
      normalized_request: {
        messages: [null, 7, { role: 1, parts: [null, "text", { type: 3 }] }],
        tools: {},
        options: [],
      },
    },
    { normalized_request: {}, attempts: [{ number: "first", error: [1] }, {}] },
    {
      metadata: { tools: [{ tool_name: "t", started_at: "yesterday", finished_at: 5 }], model: 7 },
      error: { message: 5 },
    },
  ];
  await record(
    run,
    odd.map((fields, index) => stepItem(run, { step_number: index + 1, status: "error", ...fields })),
  );
  // What no client of today sends, and what may be there from before.
  await shelflife.database.pool.query(
    `UPDATE chat_debug_steps SET usage = '{"input_tokens": "many"}' WHERE run_id = $1 AND step_number = 4`,
    [run.id],
  );
  const page = await shelflife.openPage(`/chats/${run.chat_id}?tab=debug`, { as: owner });
  await runs(page).first().click();
  for (const number of [1, 2, 3, 4]) {
    const step = steps(page)
      .getByRole("listitem")
      .filter({ hasText: `Step ${number}` })
      .first();
    await step.getByRole("button", { name: `Step ${number}` }).click();
    await step.getByRole("heading", { name: "Output" }).waitFor();
    for (const name of ["Tools", "Options", "Usage", "Raw request", "Raw attempts"]) {
      await step.getByRole("button", { name, exact: true }).click();
    }
  }
  await page.getByText("Something here has an unusual shape").first().waitFor();
  expect(await steps(page).getByRole("heading", { name: "Output" }).count()).toBe(odd.length);
  await page.getByRole("region", { name: "Raw request" }).first().getByText('"messages": "hello"').waitFor();
});

it("says that the server is away, keeps what is open, and goes on when it is back", async () => {
  const { run, step } = completeRun({ chat_id: randomUUID() });
  await record(run, [step]);
  const page = await shelflife.openPage(`/chats/${run.chat_id}?tab=debug`, {
    as: owner,
    expectedProblems: [/net::ERR_/],
  });
  await runs(page).first().click();
  await steps(page).getByRole("button", { name: "Step 1" }).click();
  await page.getByText("Thirty days.").waitFor();

  await shelflife.stop();
  const warning = page.getByRole("status").filter({ hasText: "The server could not be reached." });
  await warning.first().waitFor();
  expect(await page.getByText("Thirty days.").isVisible()).toBe(true);

  await shelflife.startAgain();
  const later = completeRun({ chat_id: run.chat_id, model: "gpt-6" });
  await record(later.run, [later.step]);
  // A run that came meanwhile is there by itself, and what was opened before it is still open.
  await page.getByText("gpt-6").first().waitFor();
  await warning.first().waitFor({ state: "hidden" });
  expect(await page.getByText("Thirty days.").count()).toBe(1);
  expect(await warning.count()).toBe(0);
});

it("shows what became of an open run that was taken for interrupted", async () => {
  const { run, step } = completeRun({ chat_id: randomUUID(), status: "interrupted" });
  await record(run, [{ ...step, status: "interrupted" }]);
  const page = await shelflife.openPage(`/chats/${run.chat_id}?tab=debug`, { as: owner });
  await runs(page).first().click();
  await steps(page).getByText("Interrupted").waitFor();

  const second = stepItem(run, { step_number: 2, status: "completed", started_at: new Date(0).toISOString() });
  await record({ ...run, status: "completed" }, [step, second]);
  await steps(page).getByRole("button", { name: "Step 2" }).waitFor();
  await steps(page).getByText("Interrupted").waitFor({ state: "detached" });
  expect(await steps(page).getByText("Completed").count()).toBe(2);
});
