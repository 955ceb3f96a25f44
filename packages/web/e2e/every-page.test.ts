import { beforeAll, describe, expect, it } from "vitest";

import { expectAccessible, expectAccessibleEverywhere, NARROW, WIDE } from "./accessibility.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";
import { CHAT, USUAL_PAGES, useForSomeDays } from "./usual-pages.ts";

const shelflife = serveShelflife({ SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true" });

let owner: Account;

beforeAll(async () => {
  owner = await shelflife.createAccount("owner");
  await useForSomeDays(shelflife.client(owner));
});

it.each(USUAL_PAGES)("$name is accessible in light and dark, wide and narrow", async ({ path, prepare }) => {
  const page = await shelflife.openPage(path, { as: owner, colorScheme: "light", viewport: WIDE });
  await page.getByRole("heading", { level: 1 }).waitFor();
  await prepare(page);
  await expectAccessibleEverywhere(page);
});

it("a chat that is somebody else's, or nobody's, says that it is not there, and offers a way on", async () => {
  const member = await shelflife.createAccount("member");
  const page = await shelflife.openPage(`/chats/${CHAT}?tab=debug`, { as: member, viewport: WIDE });
  await page.getByText("There is no such thing here").waitFor();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Chat");
  expect(await page.title()).toBe("Chat · Shelflife");
  await expectAccessibleEverywhere(page);
  await page.getByRole("link", { name: "Go to your chats" }).click();
  await page.getByText("No chats yet").waitFor();
});

it("the heading of a chat keeps the focus while the chat is loaded", async () => {
  const page = await shelflife.openPage("/chats", { as: owner, viewport: WIDE });
  const link = page.getByRole("link", { name: "A busy chat" });
  await link.waitFor();
  await page.route(
    "**/api/experimental/chats/*-*-*-*",
    async (route) => {
      await page.waitForFunction(() => document.activeElement?.tagName === "H1");
      await route.continue();
      // Once: it is asked for again and again, and at the end of the test there is no page to look at.
    },
    { times: 1 },
  );
  await link.click();
  await page.getByRole("heading", { level: 1, name: "A busy chat" }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("A busy chat");
});

describe("a dialog", () => {
  it("holds the focus and the page behind it, and gives the focus back", async () => {
    const page = await shelflife.openPage(`/chats/${CHAT}`, { as: owner, viewport: NARROW });
    const edit = page.getByRole("button", { name: "Edit" });
    await edit.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Edit title and labels" });
    await dialog.getByRole("textbox", { name: "Title" }).waitFor();
    await expectAccessible(page);
    const isInside = () => page.evaluate(() => document.activeElement?.closest("[role=dialog]") != null);
    await page.waitForFunction(() => document.activeElement?.closest("[role=dialog]") != null);
    const seen = new Set<string>();
    for (let press = 0; press < 12; press += 1) {
      await page.keyboard.press("Tab");
      expect(await isInside()).toBe(true);
      seen.add(await page.evaluate(() => document.activeElement?.outerHTML ?? ""));
    }
    // It went round: there are fewer controls than that, and more than one.
    expect(seen.size).toBeGreaterThan(4);
    expect(seen.size).toBeLessThan(12);
    const scrolled = () => page.evaluate(() => window.scrollY);
    const before = await scrolled();
    await page.evaluate(() => {
      window.addEventListener("wheel", () => Reflect.set(window, "turned", true), { capture: true, once: true });
    });
    await page.mouse.move(5, 600);
    await page.mouse.wheel(0, 400);
    await page.waitForFunction(() => Reflect.get(window, "turned") === true);
    // What scrolls has moved two pictures later.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await scrolled()).toBe(before);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement?.textContent === "Edit");
  });

  it("changes a chat's title and labels, and says why where it does not", async () => {
    const client = shelflife.client(owner);
    const { id } = await client.chats.create({ title: "Before", labels: { team: "billing" } });
    const page = await shelflife.openPage(`/chats/${id}`, { as: owner });
    const dialog = page.getByRole("dialog", { name: "Edit title and labels" });
    await page.getByRole("button", { name: "Edit" }).click();
    await dialog.getByRole("textbox", { name: "Title" }).fill("After");
    await dialog.getByRole("textbox", { name: "Value of label 1" }).fill("support");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "After" }).waitFor();
    await page.getByText("team: support").waitFor();
    await page.getByRole("button", { name: "Pin" }).click();
    await page.getByRole("button", { name: "Unpin" }).waitFor();
    expect(await client.chats.get(id)).toMatchObject({ title: "After", labels: { team: "support" }, pin_order: 1 });

    // Somebody deletes it behind this page.
    await page.getByRole("button", { name: "Edit" }).click();
    await dialog.getByRole("textbox", { name: "Title" }).fill("Too late");
    await shelflife.database.pool.query("DELETE FROM chats WHERE id = $1", [id]);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").waitFor();
    await expectAccessible(page);
  });
});

it("an auditor reads the retention page and changes nothing there", async () => {
  const auditor = await shelflife.createAccount("auditor");
  const page = await shelflife.openPage("/retention", { as: auditor });
  await page.getByRole("heading", { name: "Ledger" }).waitFor();
  await page.getByRole("table").last().getByRole("row").nth(1).waitFor();
  await page.getByRole("link", { name: "CSV" }).waitFor();
  expect(await page.getByRole("button", { name: /Run now|Apply now/ }).count()).toBe(0);
  await expect(shelflife.client(auditor).retention.run()).rejects.toMatchObject({ code: "forbidden" });
});

it("who tries too many passwords is told when to try again", async () => {
  const page = await shelflife.openPage("/sign-in");
  await page.getByRole("textbox", { name: "E-mail address" }).fill(owner.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  const button = page.getByRole("button", { name: "Sign in" });
  await button.click();
  await page.getByRole("alert").filter({ hasText: "The e-mail address or the password is wrong." }).waitFor();
  // They count within a minute, which is as long here as this machine needs.
  await shelflife.database.pool.query(
    "UPDATE sign_in_attempts SET window_started_at = window_started_at + interval '30 minutes'",
  );
  // Attempts count before anything in them is looked at.
  const statuses = await page.evaluate(async () => {
    const answers: number[] = [];
    for (let attempt = 0; attempt < 19; attempt += 1) {
      answers.push((await fetch("/api/auth/sign-in/email", { method: "POST" })).status);
    }
    return answers;
  });
  expect(statuses.filter((status) => status === 429)).toEqual([]);
  await button.click();
  await page
    .getByRole("alert")
    .filter({ hasText: /^Too many attempts; try again in \d+ seconds?\.$/ })
    .waitFor();
  await expectAccessible(page);
});
