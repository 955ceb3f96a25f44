import type { Browser } from "playwright-core";

import type { Demo, PicturedPage } from "./pages.ts";

/** In pixels. */
const SCREEN = { width: 1200, height: 800 };
const SCHEMES = ["light", "dark"] as const;

export interface PictureOptions {
  readonly browser: Browser;
  readonly url: string;
  readonly pages: readonly PicturedPage[];
  readonly demo: Demo;
  /** Keys by their owner's e-mail address. */
  readonly keys: ReadonlyMap<string, string>;
  /** Where the picture of this name goes. */
  readonly save: (name: string) => string;
}

/** Takes a picture of each page, in light and in dark. */
export async function takePictures({ browser, url, pages, demo, keys, save }: PictureOptions): Promise<void> {
  for (const { name, path, as, whole = false, prepare } of pages) {
    for (const colorScheme of SCHEMES) {
      await using cleanUp = new AsyncDisposableStack();
      const context = await browser.newContext({
        viewport: SCREEN,
        locale: "en-GB",
        timezoneId: "UTC",
        colorScheme,
        reducedMotion: "reduce",
      });
      cleanUp.defer(() => context.close());
      const person = as(demo);
      if (person !== null) {
        const key = keys.get(person);
        if (key === undefined) throw new Error(`The demo has made nobody called ${person}.`);
        await context.addCookies([{ name: "coder_session_token", value: key, url }]);
      }
      const page = await context.newPage();
      await page.goto(`${url}${path(demo)}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      await prepare?.(page);
      if (whole) {
        // A higher screen, and not a picture of what is beyond it: what stands in place while the page scrolls would be torn.
        const height = await page.evaluate<number>("document.documentElement.scrollHeight");
        await page.setViewportSize({ ...SCREEN, height: Math.max(SCREEN.height, height) });
      }
      await page.screenshot({ path: save(`${name}-${colorScheme}`), animations: "disabled", caret: "hide" });
    }
  }
}
