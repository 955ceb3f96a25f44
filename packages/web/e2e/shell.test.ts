import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "./accessibility.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off" });

const NARROW = { width: 360, height: 640 };
const SCHEMES = ["light", "dark"] as const;

let owner: Account;
let auditor: Account;
let member: Account;

beforeAll(async () => {
  [owner, auditor, member] = await Promise.all([
    shelflife.createAccount("owner"),
    shelflife.createAccount("auditor"),
    shelflife.createAccount("member"),
  ]);
});

function heading(page: Page, name: string) {
  return page.getByRole("heading", { level: 1, name });
}

function navigation(page: Page) {
  return page.getByRole("navigation", { name: "Main" });
}

/** Where the focus is, as who hears the page is told. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
  );
}

async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
    0,
  );
}

describe("who is not signed in", () => {
  it.each(SCHEMES)("is led to signing in, which is told where to go afterwards (%s)", async (colorScheme) => {
    const page = await shelflife.openPage("/lifecycle?days=7", { colorScheme });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const { pathname, searchParams } = new URL(page.url());
    expect([pathname, searchParams.get("from")]).toEqual(["/sign-in", "/lifecycle?days=7"]);
    await expectAccessible(page);
  });

  it("is led there as well when the session ends while a page is open", async () => {
    const page = await shelflife.openPage("/settings", { as: member });
    await heading(page, "Settings").waitFor();
    await page.context().clearCookies();
    // Who is signed in is asked again after a minute.
    await page.clock.install();
    await page.clock.fastForward(61_000);
    await navigation(page).getByRole("link", { name: "Chats" }).click();
    await page.waitForURL(/\/sign-in/);
    expect(new URL(page.url()).searchParams.get("from")).toBe("/chats");
  });
});

describe("who signs out", () => {
  it("can sign in again, even where how that is done was being asked for at that moment", async () => {
    const page = await shelflife.openPage("/chats", { as: await shelflife.createAccount("member") });
    const answers = Promise.withResolvers<void>();
    await page.route("**/api/auth/methods", async (route) => {
      await answers.promise;
      await route.continue();
    });
    await navigation(page).getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading(page, "Sign in").waitFor();
    answers.resolve();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });

  it("keeps what was typed when the password is wrong", async () => {
    const page = await shelflife.openPage("/settings", { as: await shelflife.createAccount("member") });
    await page.getByRole("textbox", { name: "Current password" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    const address = page.getByRole("textbox", { name: "E-mail address" });
    await address.fill("ana@example.com");
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    expect(await address.inputValue()).toBe("ana@example.com");
  });
});

describe("the navigation", () => {
  it.each([
    ["owner", () => owner, ["Chats", "Lifecycle", "Retention", "Audit log", "Users", "Settings"]],
    ["auditor", () => auditor, ["Chats", "Retention", "Audit log", "Settings"]],
    ["member", () => member, ["Chats", "Settings"]],
  ] as const)("shows the role %s what it may use", async (_role, account, expected) => {
    const page = await shelflife.openPage("/", { as: account() });
    await heading(page, "Chats").waitFor();
    expect(await navigation(page).getByRole("link").allTextContents()).toEqual(expected);
    expect(await navigation(page).locator("[aria-current=page]").allTextContents()).toEqual(["Chats"]);
  });

  it("is used with the keyboard alone: skip link, links, and the heading of the page that opens", async () => {
    const page = await shelflife.openPage("/settings", { as: owner });
    await heading(page, "Settings").waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    // The browser goes there as to any place of the page, a moment later.
    await page.waitForFunction(() => document.activeElement?.tagName === "MAIN");

    await navigation(page).getByRole("link", { name: "Users" }).focus();
    await page.keyboard.press("Enter");
    await heading(page, "Users").waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1");
    expect([await focused(page), await page.title()]).toEqual(["Users", "Users · Shelflife"]);
  });

  it("unfolds on a narrow screen, and folds when a page opens", async () => {
    const page = await shelflife.openPage("/chats", { as: owner, viewport: NARROW });
    await heading(page, "Chats").waitFor();
    await expectNoSidewaysScrolling(page);
    expect(await navigation(page).isVisible()).toBe(false);
    await page.getByRole("button", { name: "Open navigation" }).click();
    await expectAccessible(page);
    await navigation(page).getByRole("link", { name: "Settings" }).click();
    await heading(page, "Settings").waitFor();
    await navigation(page).waitFor({ state: "hidden" });
    await expectNoSidewaysScrolling(page);
  });
});

describe("a page", () => {
  it.each(SCHEMES)("that the role does not include says so, and offers a way on (%s)", async (colorScheme) => {
    const page = await shelflife.openPage("/users", { as: member, colorScheme });
    await heading(page, "Not allowed").waitFor();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Go to your chats" }).click();
    await heading(page, "Chats").waitFor();
  });

  it.each(SCHEMES)("that does not exist says so (%s)", async (colorScheme) => {
    const page = await shelflife.openPage("/no/such/page", { as: member, colorScheme });
    await heading(page, "Not found").waitFor();
    await expectAccessible(page);
  });

  it("says that the server is away where it is, and goes on when it is back", async () => {
    const page = await shelflife.openPage("/sign-in", {
      expectedProblems: [/net::ERR_FAILED/, /^ShelflifeError: The server could not be reached/],
    });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.context().addCookies([{ name: "coder_session_token", value: member.key, url: shelflife.url }]);
    await page.route("**/api/**", (route) => route.abort());
    await page.goto(`${shelflife.url}/chats`);
    await heading(page, "Something went wrong").waitFor();
    await page.getByText("The server could not be reached.").waitFor();
    await expectAccessible(page);
    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await heading(page, "Chats").waitFor();
    expect(await page.title()).toBe("Chats · Shelflife");
  });
});

it("keeps the chosen colours in the browser, and goes by the system until then", async () => {
  const page = await shelflife.openPage("/chats", { as: member, colorScheme: "light" });
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  await heading(page, "Chats").waitFor();
  expect(await scheme()).toBe("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("html[data-mantine-color-scheme=dark]").waitFor();
  await page.getByRole("button", { name: "Colours" }).click();
  await page.getByRole("menuitem", { name: "Light" }).click();
  await page.locator("html[data-mantine-color-scheme=light]").waitFor();
  await page.reload();
  await heading(page, "Chats").waitFor();
  expect(await scheme()).toBe("light");
});
