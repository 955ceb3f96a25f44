import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { NARROW, WIDE } from "./accessibility.ts";
import { expectKeyboardWalk } from "./keyboard-walk.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";
import { CHAT, USUAL_PAGES, useForSomeDays } from "./usual-pages.ts";

const shelflife = serveShelflife({ SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true" });

let owner: Account;

beforeAll(async () => {
  owner = await shelflife.createAccount("owner");
  await useForSomeDays(shelflife.client(owner));
});

/** What has the focus, as it is read aloud. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement & Partial<Pick<HTMLInputElement, "labels">>;
    return element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent;
  });
}

function waitForFocus(page: Page, name: string): Promise<unknown> {
  return page.waitForFunction((wanted) => {
    const element = document.activeElement as HTMLElement & Partial<Pick<HTMLInputElement, "labels">>;
    return (element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent) === wanted;
  }, name);
}

/** What opens takes the focus a moment after it has been drawn, and hears no key before. */
async function waitForFocusIn(page: Page, role: "dialog" | "menu"): Promise<void> {
  await page.waitForFunction((wanted) => document.activeElement?.closest(`[role=${wanted}]`) != null, role);
}

/** Goes down an open list of choices to the one of this name, and takes it. */
async function choose(page: Page, name: string): Promise<void> {
  const choices = page.getByRole("listbox").getByRole("option");
  await choices.first().waitFor();
  const count = await choices.count();
  const marked: string[] = [];
  for (let press = 0; press < count && marked.at(-1) !== name; press += 1) {
    await page.keyboard.press("ArrowDown");
    marked.push(await page.getByRole("listbox").locator("[data-combobox-selected]").innerText());
  }
  expect(marked).toContain(name);
  await page.keyboard.press("Enter");
  await choices.first().waitFor({ state: "hidden" });
}

describe("with the keyboard alone", () => {
  it.each([
    ...USUAL_PAGES.map((usual) => ({ ...usual, viewport: WIDE })),
    ...USUAL_PAGES.filter(({ name }) => ["Chats", "Lifecycle", "a chat's debug runs"].includes(name)).map((usual) => ({
      ...usual,
      name: `${usual.name} (narrow)`,
      viewport: NARROW,
    })),
  ])("one comes to everything on the page, and past it: $name", async ({ path, prepare, viewport }) => {
    const page = await shelflife.openPage(path, { as: owner, viewport });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await prepare(page);
    // What was clicked to unfold the page has the focus, and the walk begins at the beginning.
    await page.evaluate(() => {
      window.scrollTo(0, 0);
      (document.activeElement as HTMLElement).blur();
      const start = document.createElement("div");
      start.tabIndex = -1;
      document.body.prepend(start);
      start.focus();
      start.remove();
    });
    await expectKeyboardWalk(page);
  });

  it("one signs in", async () => {
    const page = await shelflife.openPage("/sign-in");
    await page.getByRole("textbox", { name: "E-mail address" }).waitFor();
    await expectKeyboardWalk(page);
  });

  it("one skips to the content, on every page", async () => {
    for (const { path, prepare } of USUAL_PAGES) {
      const page = await shelflife.openPage(path, { as: owner, viewport: WIDE });
      await page.getByRole("heading", { level: 1 }).waitFor();
      if (path !== `/chats/${CHAT}?tab=debug`) await prepare(page);
      // Until its content has come, there is nothing to come to.
      await page.locator("main :is(a[href], button, input, [tabindex='0']):not(:disabled):visible").first().waitFor();
      await page.getByRole("link", { name: "Skip to content" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement?.tagName === "MAIN");
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
      await page.close();
    }
  });

  it("one goes through the tabs of a chat with the arrows", async () => {
    const page = await shelflife.openPage(`/chats/${CHAT}`, { as: owner });
    const tab = (name: string) => page.getByRole("tab", { name, selected: true });
    await tab("Messages").focus();
    await page.keyboard.press("ArrowRight");
    await tab("Files").waitFor();
    expect(await focused(page)).toBe("Files");
    await page.getByText("No files").waitFor();
    await page.keyboard.press("ArrowRight");
    await tab("Debug").waitFor();
    await page.getByRole("list", { name: "Debug runs" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await tab("Messages").waitFor();
    // These move the focus alone, and the tab is opened as any button is pressed.
    await page.keyboard.press("End");
    await waitForFocus(page, "Debug");
    await page.keyboard.press("Enter");
    await tab("Debug").waitFor();
    await page.keyboard.press("Home");
    await waitForFocus(page, "Messages");
  });

  it("one chooses which chats are shown with the arrows, and archives one", async () => {
    const { id } = await shelflife.client(owner).chats.create({ title: "To be put away" });
    const page = await shelflife.openPage("/chats", { as: owner });
    await page.getByRole("link", { name: "To be put away" }).waitFor();
    await page.getByRole("radio", { name: "Active" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("link", { name: "An archived chat" }).waitFor();
    expect(await page.getByRole("radio", { name: "Archived" }).isChecked()).toBe(true);
    await page.keyboard.press("ArrowLeft");
    const archive = page.getByRole("button", { name: "Archive: To be put away" });
    await archive.focus();
    await page.keyboard.press("Enter");
    await archive.waitFor({ state: "detached" });
    expect((await shelflife.client(owner).chats.get(id)).archived).toBe(true);
  });

  it("one opens and leaves a menu and a list of choices, and the focus stays where it was", async () => {
    const page = await shelflife.openPage("/retention", { as: owner });
    await page.getByRole("button", { name: "Colours" }).focus();
    await page.keyboard.press("Enter");
    await waitForFocusIn(page, "menu");
    await page.keyboard.press("ArrowDown");
    await waitForFocus(page, "As the system");
    await page.keyboard.press("ArrowDown");
    await waitForFocus(page, "Light");
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "hidden" });
    await waitForFocus(page, "Colours");

    await page.getByRole("combobox", { name: "Outcome" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option", { name: "success" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("option", { name: "success" }).waitFor({ state: "hidden" });
    expect(await focused(page)).toBe("Outcome");
    await page.keyboard.press("ArrowDown");
    await choose(page, "failure");
    await page.getByText("Nothing in the ledger is like that.").waitFor();
    expect(await page.getByRole("link", { name: "CSV" }).getAttribute("href")).toContain("outcome=failure");
  });
});

describe("the focus", () => {
  const field = "Chat debug data retention period in days";

  it("goes back to the button when the question before a shorter window is left", async () => {
    const page = await shelflife.openPage("/lifecycle", { as: owner });
    await page.getByRole("textbox", { name: field }).fill("7");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Save");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Save a shorter window?" }).waitFor();
    // It begins at the way out.
    await waitForFocus(page, "Cancel");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await waitForFocus(page, "Save");
    expect(await page.getByRole("textbox", { name: field }).inputValue()).toBe("7");
  });

  it("stays in the form of a window that was saved or given up", async () => {
    const page = await shelflife.openPage("/lifecycle", { as: owner });
    await page.getByRole("textbox", { name: field }).fill("45");
    await page.keyboard.press("Enter");
    await page.getByText("Saved.").waitFor();
    await waitForFocus(page, field);
    await page.getByRole("textbox", { name: field }).fill("20");
    await page.getByRole("button", { name: "Discard" }).focus();
    await page.keyboard.press("Enter");
    await waitForFocus(page, "Enable chat debug data retention");
    await page.getByRole("textbox", { name: field }).fill("44");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing is that old").waitFor();
    await waitForFocus(page, "Cancel");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Save 44 days");
    await page.keyboard.press("Enter");
    await page.getByText("Saved.").waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await waitForFocus(page, "Enable chat debug data retention");
    expect(await shelflife.client(owner).getDebugRetentionDays()).toBe(44);
  });

  it.each(["Escape", "Enter"])("goes to the form when the dialog with a new key is closed with %s", async (key) => {
    const page = await shelflife.openPage("/settings", { as: owner });
    const name = page.getByRole("form", { name: "New key" }).getByRole("textbox", { name: "Name" });
    await name.fill(`by keyboard, closed with ${key}`);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: /Your new key/ });
    await waitForFocusIn(page, "dialog");
    if (key === "Enter") await dialog.getByRole("button", { name: "Done" }).focus();
    await page.keyboard.press(key);
    await dialog.waitFor({ state: "hidden" });
    await waitForFocus(page, "Name");
    expect(await name.inputValue()).toBe("");
  });
});

describe("what is changed at once", () => {
  it("keeps the focus: a switch, a pin, a role", async () => {
    const client = shelflife.client(owner);
    const page = await shelflife.openPage("/lifecycle", { as: owner });
    const allow = page.getByRole("switch", { name: "Allow users to enable chat debug logging" });
    await allow.focus();
    await page.keyboard.press("Space");
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.checked === true);
    expect((await client.retention.getDebugLogging()).allow_users).toBe(true);

    const { id } = await client.chats.create({ title: "To be pinned" });
    await page.goto(`${shelflife.url}/chats/${id}`);
    await page.getByRole("button", { name: "Pin", exact: true }).focus();
    await page.keyboard.press("Enter");
    await waitForFocus(page, "Unpin");

    await page.goto(`${shelflife.url}/users`);
    const role = page.getByRole("combobox", { name: /^Role of long/ });
    await role.focus();
    await page.keyboard.press("ArrowDown");
    await choose(page, "Owner");
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.value === "Owner");
    expect((await client.people.list()).filter(({ role: held }) => held === "owner")).toHaveLength(2);
  });
});
