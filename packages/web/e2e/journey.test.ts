import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { chatUuid, inChat, shelflifeRecorder } from "@shelflife/recorder";
import { generateText } from "ai";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";

import { ProviderReplayServer } from "../../recorder/test/provider-replay-server.ts";
import { expectAccessible, expectAccessibleEverywhere, WIDE } from "./accessibility.ts";
import { serveShelflife } from "./served-shelflife.ts";

const shelflife = serveShelflife();

const PASSWORD = "a long enough password";
const CHAT = chatUuid("the chat of the journey");
const QUESTION = "How long is a debug run kept?";

async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Calls a model as an application does, with the real recorder in it and a provider on the loopback behind it. */
async function talk(key: string): Promise<void> {
  await using provider = await ProviderReplayServer.start({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id: "1",
      object: "chat.completion",
      created: 1,
      model: "test-model",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Thirty days." } }],
      usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
    }),
  });
  const recorder = shelflifeRecorder({ baseUrl: shelflife.url, key });
  const { runtimeContext, telemetry } = inChat({ chatId: CHAT, title: "A journey" });
  const model = createOpenAICompatible({ name: "loopback", baseURL: provider.url, apiKey: "none" })("test-model");
  await generateText({
    model,
    prompt: QUESTION,
    runtimeContext,
    telemetry: { ...telemetry, integrations: recorder },
  });
  expect(await recorder.shutdown({ timeoutMs: 60_000 })).toBe(true);
}

it("from set-up to the proof that what was recorded is gone", { timeout: 600_000 }, async () => {
  // The first start: the link from the console, an account, and whether anybody is recorded.
  const page = await shelflife.openPage(new URL(shelflife.setUpLink).pathname + new URL(shelflife.setUpLink).hash);
  await page.getByRole("heading", { name: "Set up Shelflife" }).waitFor();
  expect(page.url()).not.toContain("token");
  await expectAccessibleEverywhere(page);
  await page.setViewportSize(WIDE);
  await page.getByRole("textbox", { name: "E-mail address" }).fill("ana@example.com");
  await page.getByLabel("Password", { exact: false }).first().fill(PASSWORD);
  await page.getByRole("radio", { name: "For all" }).check();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Lifecycle" }).waitFor();

  // Out and in again, with the password.
  await goTo(page, "Settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("textbox", { name: "E-mail address" }).fill("ana@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Chats" }).waitFor();
  await page.getByText("No chats yet").waitFor();

  // A key for an application, which is shown once; the application talks to its model.
  await goTo(page, "Settings");
  const form = page.getByRole("form", { name: "New key" });
  await form.getByRole("textbox", { name: "Name" }).fill("the application");
  await form.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog", { name: "Your new key “the application”" });
  const key = await dialog.locator("pre").textContent();
  await dialog.getByRole("button", { name: "Done" }).click();
  await talk(key ?? "");

  // What it did is there.
  await goTo(page, "Chats");
  await page.getByRole("link", { name: "A journey" }).click();
  await page.getByRole("tab", { name: "Debug" }).click();
  const run = page.getByRole("list", { name: "Debug runs" }).getByRole("button", { name: QUESTION });
  await run.click();
  await page.getByRole("list", { name: "Steps" }).getByRole("button", { name: "Step 1" }).click();
  await page.getByText("Thirty days.").waitFor();
  await expectAccessible(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export this run" }).click();
  expect((await download).suggestedFilename()).toMatch(/^shelflife-run-.*\.json$/);

  // Ten days later.
  await shelflife.database.pool.query("UPDATE chat_debug_runs SET updated_at = updated_at - interval '10 days'");

  // A shorter window says what it would take before it is saved.
  await goTo(page, "Lifecycle");
  const field = page.getByRole("textbox", { name: "Chat debug data retention period in days" });
  await field.fill("7");
  await page.getByRole("form", { name: "Chat debug data retention" }).getByRole("button", { name: "Save" }).click();
  const question = page.getByRole("dialog", { name: "Save a shorter window?" });
  await question.getByText("would delete 1 debug run,").waitFor();
  await expectAccessibleEverywhere(page);
  await page.setViewportSize(WIDE);
  await question.getByRole("button", { name: "Save 7 days" }).click();
  await page.getByText("Saved.").waitFor();

  // The purge takes it, and the ledger proves it.
  await goTo(page, "Retention");
  await page.getByRole("button", { name: "Run now" }).click();
  const row = page.getByRole("row").filter({ hasText: "debug-runs" }).filter({ hasText: "1 of 1" });
  await row.waitFor();
  // What the run has changed is there without being asked for.
  await page.getByText("1 record in the last 14 days: debug runs 1.").waitFor();
  await page.getByRole("table").last().getByRole("row").filter({ hasText: "debug-runs" }).first().waitFor();
  await expectAccessible(page);
  await goTo(page, "Chats");
  await page.getByRole("link", { name: "A journey" }).click();
  await page.getByRole("tab", { name: "Debug" }).click();
  await page.getByText("Nothing is recorded here").waitFor();

  // And who changed what is written down.
  await goTo(page, "Audit log");
  await page.getByText("debug_retention_days: 30 → 7").waitFor();
  await expectAccessible(page);
});
