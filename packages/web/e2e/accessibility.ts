import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails where the page, as it is now, breaks a rule of accessibility. */
export async function expectAccessible(page: Page): Promise<void> {
  await waitForStandstill(page);
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => Reflect.get(window, "axe").run() as Promise<AxeResults>);
  expect(violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ html }) => html) }))).toEqual([]);
}

/** Waits until nothing fades or slides any more: half faded, a text has not the contrast that it will have. */
async function waitForStandstill(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState, effect }) => {
      // What turns for as long as something is loaded has no end.
      const isEndless = effect?.getComputedTiming().endTime === Infinity;
      return isEndless || playState !== "running";
    }),
  );
}

/** A screen as people have it on a desk, and the narrowest that is promised, in pixels. */
export const WIDE = { width: 1_280, height: 800 };
export const NARROW = { width: 360, height: 640 };

/** The same in both colour schemes and at both widths, and nothing is wider than the screen. */
export async function expectAccessibleEverywhere(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport);
      // The frame of the page moves for a moment when its width changes.
      await page.waitForFunction(
        (width) => window.innerWidth === width && document.documentElement.scrollWidth === width,
        viewport.width,
      );
      await expectAccessible(page);
    }
  }
}
