import { storybookTest } from "@storybook/addon-vitest/vitest-plugin";
import { playwright } from "@vitest/browser-playwright";
import { defineProject } from "vitest/config";

import { CHROMIUM_LAUNCH } from "./test/browser/chromium.ts";

/** Every story in a real browser, once in light and once in dark: it renders, it plays, and it is accessible. */
export default defineProject({
  plugins: [storybookTest({ configDir: new URL(".storybook", import.meta.url).pathname })],
  test: {
    name: "stories",
    globalSetup: ["test/browser/global-setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // After the server's tests, which fill the machine by themselves.
    sequence: { groupOrder: 1 },
    browser: {
      enabled: true,
      // With nothing cached, everything that the stories import is bundled before the browser has its page.
      connectTimeout: 180_000,
      headless: true,
      screenshotFailures: false,
      instances: (["light", "dark"] as const).map((colorScheme) => ({
        browser: "chromium" as const,
        name: colorScheme === "light" ? "stories" : "stories-dark",
        provider: playwright({
          launchOptions: CHROMIUM_LAUNCH,
          contextOptions: { colorScheme, locale: "en-GB", timezoneId: "Europe/Berlin" },
        }),
      })),
    },
  },
});
