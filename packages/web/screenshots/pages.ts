import type { Page } from "playwright-core";

/** What the demo made, which the pictures show. */
export interface Demo {
  /** A chat with several debug runs. */
  readonly chat: { readonly id: string; readonly owner: string };
}

export interface PicturedPage {
  /** The picture is `docs/screenshots/<name>-<scheme>.png`. */
  readonly name: string;
  readonly path: (demo: Demo) => string;
  /** Whose page it is, by their e-mail address; nobody's is seen without being signed in. */
  readonly as: (demo: Demo) => string | null;
  /** Whether it is pictured down to its end; as far as a screen reaches unless told. */
  readonly whole?: boolean;
  /** Brings the page to what the picture shows; it is loaded when this begins. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const ADMINISTRATOR = "nadia@demo.example";

/** The pages in the documentation's pictures, light and dark. */
export const PICTURED_PAGES: readonly PicturedPage[] = [
  { name: "sign-in", path: () => "/sign-in", as: () => null },
  { name: "chats", path: () => "/chats", as: ({ chat }) => chat.owner },
  { name: "chat", path: ({ chat }) => `/chats/${chat.id}`, as: ({ chat }) => chat.owner },
  {
    name: "debug",
    path: ({ chat }) => `/chats/${chat.id}?tab=debug`,
    as: ({ chat }) => chat.owner,
    whole: true,
    async prepare(page) {
      await page.getByRole("list", { name: "Debug runs" }).getByRole("button").first().click();
      await page.getByRole("list", { name: "Steps" }).getByRole("button").first().click();
      await page.getByRole("heading", { name: "Output" }).waitFor();
      await page.getByRole("button", { name: "Usage" }).click();
    },
  },
  { name: "lifecycle", path: () => "/lifecycle", as: () => ADMINISTRATOR, whole: true },
  {
    name: "shorten",
    path: () => "/lifecycle",
    as: () => ADMINISTRATOR,
    async prepare(page) {
      const form = page.getByRole("form", { name: "Chat debug data retention" });
      await form.getByRole("textbox").fill("7");
      await form.getByRole("button", { name: "Save" }).click();
      await page.getByRole("dialog").getByText("would delete").first().waitFor();
    },
  },
  {
    name: "retention",
    path: () => "/retention",
    as: () => ADMINISTRATOR,
    whole: true,
    prepare: (page) => page.getByText("cutoff", { exact: true }).waitFor(),
  },
  { name: "audit", path: () => "/audit", as: () => ADMINISTRATOR },
  { name: "users", path: () => "/users", as: () => ADMINISTRATOR },
  { name: "settings", path: () => "/settings", as: ({ chat }) => chat.owner },
];
