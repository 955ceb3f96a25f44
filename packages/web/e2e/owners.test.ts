import { expect, it } from "vitest";

import { serveShelflife } from "./served-shelflife.ts";

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off" });

const FIELD = "Conversation retention period in days";
const FORM = "Conversation retention period";

it("an owner who saves over what another has just set is told first", async () => {
  const [ana, ben] = await Promise.all([shelflife.createAccount("owner"), shelflife.createAccount("owner")]);
  const [first, second] = await Promise.all([
    shelflife.openPage("/lifecycle", { as: ana }),
    shelflife.openPage("/lifecycle", { as: ben }),
  ]);
  // Both edit what both have seen.
  await first.getByRole("textbox", { name: FIELD }).fill("60");
  await second.getByRole("textbox", { name: FIELD }).fill("90");
  await first.getByRole("form", { name: FORM }).getByRole("button", { name: "Save" }).click();
  await first.getByText("Saved.").waitFor();
  await second.getByRole("form", { name: FORM }).getByRole("button", { name: "Save" }).click();
  await second.getByText("It is 60 days now. Save again to replace it.").waitFor();
  expect(await shelflife.client(ana).getRetentionDays("retention-days")).toBe(60);
  await second.getByRole("form", { name: FORM }).getByRole("button", { name: "Save" }).click();
  await second.getByText("Saved.").waitFor();
  expect(await shelflife.client(ana).getRetentionDays("retention-days")).toBe(90);
});

it("a corrupt value shows the default, says so, and is replaced only after asking", async () => {
  const owner = await shelflife.createAccount("owner");
  await shelflife.database.pool.query(
    "INSERT INTO site_configs VALUES ('agents_chat_debug_retention_days', 'thirty') ON CONFLICT (key) DO UPDATE SET value = 'thirty'",
  );
  const page = await shelflife.openPage("/lifecycle", { as: owner, expectedProblems: [/status of 500/] });
  await page.getByText("Failed to load chat debug retention setting.").waitFor();
  const form = page.getByRole("form", { name: "Chat debug data retention" });
  await form.getByRole("textbox").fill("14");
  await form.getByRole("button", { name: "Save" }).click();
  const question = page.getByRole("dialog", { name: "Replace a value that could not be read?" });
  await question.getByRole("button", { name: "Save 14 days" }).click();
  await page.getByText("Saved.").waitFor();
  expect(await shelflife.client(owner).getDebugRetentionDays()).toBe(14);
});

it("a member finds none of the administrators' pages", async () => {
  const member = await shelflife.createAccount("member");
  const page = await shelflife.openPage("/chats", { as: member });
  await page.getByRole("heading", { level: 1, name: "Chats" }).waitFor();
  expect(await page.getByRole("navigation", { name: "Main" }).getByRole("link").allTextContents()).toEqual([
    "Chats",
    "Settings",
  ]);
  for (const path of ["/lifecycle", "/retention", "/audit", "/users"]) {
    await page.goto(`${shelflife.url}${path}`);
    await page.getByRole("heading", { level: 1, name: "Not allowed" }).waitFor();
    expect(await page.getByRole("form").count()).toBe(0);
  }
});
