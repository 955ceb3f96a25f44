import type { Page } from "playwright-core";
import { expect } from "vitest";

/** More stops than any page has: who presses Tab so often is trapped. */
const MOST_STOPS = 120;

/** What is around a control that may show that it has the focus, in pixels. */
const MARGIN = 6;

/** What the keyboard should come to, in the order of the document: visible, enabled, and one of a group of choices. */
function markStops(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isStop = (element: HTMLElement): boolean => {
      if (
        element.tabIndex < 0 ||
        element.matches(":disabled") ||
        !element.checkVisibility({ visibilityProperty: true })
      )
        return false;
      if (element instanceof HTMLInputElement && element.type === "radio") return element.checked;
      return element.matches("a[href], button, input, select, textarea, [tabindex]");
    };
    return [...document.querySelectorAll<HTMLElement>("body *")].filter(isStop).map((element, index) => {
      element.dataset["stop"] = String(index);
      return `${index}: ${element.tagName} ${element.ariaLabel ?? element.textContent.slice(0, 40)}`;
    });
  });
}

/** The number of the stop that has the focus; null where nothing has it. */
function stopNow(page: Page): Promise<number | null> {
  return page.evaluate(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) return null;
    return Number((activeElement as HTMLElement).dataset["stop"]);
  });
}

/**
 * Goes through the page with Tab from its beginning to its end and back again with Shift and Tab. Each control is come to
 * in the order of the document, is on the screen, lies under nothing, and looks different from when it has no focus.
 */
export async function expectKeyboardWalk(page: Page): Promise<void> {
  const stops = await markStops(page);
  expect(stops.length).toBeGreaterThan(2);
  const forwards = await pressThrough(page, "Tab", expectVisibleFocus);
  expect(forwards.map((stop) => stops[stop])).toEqual(stops);
  const backwards = await pressThrough(page, "Shift+Tab", expectNothingAbove);
  expect(backwards.toReversed().map((stop) => stops[stop])).toEqual(stops);
}

/** Presses a key until the focus has left the page, which it does after the last control. */
async function pressThrough(page: Page, key: string, check: (page: Page) => Promise<void>): Promise<number[]> {
  const seen: number[] = [];
  for (let press = 0; press < MOST_STOPS; press += 1) {
    await page.keyboard.press(key);
    const stop = await stopNow(page);
    if (stop === null) return seen;
    seen.push(stop);
    await check(page);
  }
  throw new Error(`After ${MOST_STOPS} presses of ${key} the focus is still within the page: ${seen.join(", ")}`);
}

/** The control, or what is drawn in its place where it is itself out of sight, as a switch is. */
async function focusedBox(page: Page) {
  const handle = await page.evaluateHandle(() => {
    const element = document.activeElement as HTMLElement;
    const isSwitch = element instanceof HTMLInputElement && ["checkbox", "radio"].includes(element.type);
    return isSwitch ? (element.closest("label") ?? element.parentElement ?? element) : element;
  });
  const box = await handle.boundingBox();
  if (box === null) throw new Error("What has the focus is drawn nowhere.");
  return box;
}

async function expectVisibleFocus(page: Page): Promise<void> {
  await expectNothingAbove(page);
  const { x, y, width, height } = await focusedBox(page);
  const left = Math.max(0, x - MARGIN);
  const top = Math.max(0, y - MARGIN);
  const size = page.viewportSize() ?? { width: 0, height: 0 };
  const clip = {
    x: left,
    y: top,
    width: Math.min(size.width, x + width + MARGIN) - left,
    height: Math.min(size.height, y + height + MARGIN) - top,
  };
  const picture = () => page.screenshot({ clip, animations: "disabled", caret: "hide" });
  const focused = await picture();
  await page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    element.blur();
    Reflect.set(window, "left", element);
  });
  const blurred = await picture();
  await page.evaluate(() => (Reflect.get(window, "left") as HTMLElement).focus({ preventScroll: true }));
  if (focused.equals(blurred)) {
    throw new Error(`Nothing shows the focus on ${await page.evaluate(() => document.activeElement?.outerHTML)}`);
  }
}

/** What has the focus is on the screen, and nothing that stays in place while the page scrolls covers it. */
async function expectNothingAbove(page: Page): Promise<void> {
  const covered = await page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const { left, right, top, bottom } = (element.closest("label") ?? element).getBoundingClientRect();
    const x = Math.max(left, 0) + 2;
    const y = Math.min(Math.max(top, 0), innerHeight) + 2;
    if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) return "It is not on the screen.";
    const above = document.elementsFromPoint(x, y)[0];
    const frame = above?.closest("header");
    return frame != null && !frame.contains(element) ? "It lies under the header." : "";
  });
  if (covered !== "") {
    throw new Error(`${covered} ${await page.evaluate(() => document.activeElement?.outerHTML)}`);
  }
}
