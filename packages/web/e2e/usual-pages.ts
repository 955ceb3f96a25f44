import { randomUUID } from "node:crypto";

import type { ShelflifeClient } from "@shelflife/sdk";
import type { Page } from "playwright-core";
import { expect } from "vitest";

import { chatItem, completeRun } from "../../server/test/debug-batches.ts";

/** The conversation whose own pages are among `USUAL_PAGES`. */
export const CHAT = randomUUID();

/** What people have after some days: conversations with long words in them, sub-chats, files, runs, keys, a ledger. */
export async function useForSomeDays(client: ShelflifeClient): Promise<void> {
  const { run, step } = completeRun({ chat_id: CHAT, status: "interrupted" });
  const archived = chatItem({ title: "An archived chat" });
  const { rejected } = await client.recordDebugBatch({
    chats: [
      chatItem({ id: CHAT, title: `Why does ${"averylongword".repeat(12)} fail?`, labels: { team: "x".repeat(60) } }),
      chatItem({ title: "A sub-chat", parent_chat_id: CHAT }),
      chatItem({ title: "A busy chat", status: "requires_action" }),
      archived,
    ],
    runs: [run],
    steps: [step],
  });
  expect(rejected).toEqual([]);
  await client.chats.change(archived.id, { archived: true });
  await client.chats.change(CHAT, { pin_order: 1 });
  await client.chats.sendMessage(CHAT, { role: "user", content: [{ type: "text", text: "x".repeat(500) }] });
  await client.setRetentionDays("auto-archive-days", 90);
  await client.people.createKey({ name: "k".repeat(100), scope: "ingest" });
  await client.people.create({ email: `${"long".repeat(12)}@example.com`, name: "Somebody", role: "auditor" });
}

async function openFirst(page: Page): Promise<void> {
  await page.getByRole("list", { name: "Debug runs" }).getByRole("button").first().click();
  await page.getByRole("list", { name: "Steps" }).getByRole("button").first().click();
  await page.getByText("Thirty days.").waitFor();
  for (const name of ["Usage", "Raw request", "Raw attempts"]) {
    await page.getByRole("button", { name, exact: true }).click();
  }
}

async function openTables(page: Page): Promise<void> {
  await page.getByRole("rowheader", { name: "debug-runs" }).waitFor();
  await page.getByRole("cell", { name: "debug-runs" }).first().waitFor();
  await page.getByRole("heading", { name: "Stored debug payloads by age" }).waitFor();
  await page.getByRole("button", { name: "As a table: Stored debug payloads by age" }).click();
  await page.getByRole("table").nth(1).waitFor();
}

/** Each of its forms is asked for by itself. */
async function waitForForms(page: Page): Promise<void> {
  for (const name of ["Auto-archive period", "Conversation retention period", "Chat debug data retention period"]) {
    await page.getByRole("textbox", { name: `${name} in days` }).waitFor();
  }
  await page.getByRole("switch", { name: "Allow users to enable chat debug logging" }).waitFor({ state: "attached" });
}

async function waitForCards(page: Page): Promise<void> {
  await page.getByRole("table").waitFor();
  await page.getByText("This deployment records every conversation").waitFor();
  await page.getByLabel("Current password", { exact: true }).waitFor();
}

export interface UsualPage {
  readonly name: string;
  readonly path: string;
  /** Waits until it shows all that there is, and unfolds what is folded: nothing comes to the page afterwards. */
  readonly prepare: (page: Page) => Promise<void>;
}

/** Every page of somebody who is signed in, as an owner sees it. */
export const USUAL_PAGES: readonly UsualPage[] = [
  { name: "Chats", path: "/chats", prepare: (page) => page.getByText("A busy chat").waitFor() },
  {
    name: "a chat's messages",
    path: `/chats/${CHAT}`,
    prepare: (page) => page.getByText("x".repeat(500)).waitFor(),
  },
  { name: "a chat's files", path: `/chats/${CHAT}?tab=files`, prepare: (page) => page.getByText("No files").waitFor() },
  { name: "a chat's debug runs", path: `/chats/${CHAT}?tab=debug`, prepare: openFirst },
  { name: "Lifecycle", path: "/lifecycle", prepare: waitForForms },
  { name: "Retention", path: "/retention", prepare: openTables },
  { name: "Audit log", path: "/audit", prepare: (page) => page.getByRole("table").waitFor() },
  { name: "Users", path: "/users", prepare: (page) => page.getByRole("table").waitFor() },
  { name: "Settings", path: "/settings", prepare: waitForCards },
];
