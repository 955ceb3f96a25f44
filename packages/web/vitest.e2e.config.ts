import { defineProject } from "vitest/config";

const conditions = ["@shelflife/source", "module", "node"];

/** The real server over a real database, in a real browser. */
export default defineProject({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name: "e2e",
    include: ["e2e/**/*.test.ts"],
    globalSetup: ["../server/test/postgres/global-setup.ts", "test/browser/global-setup.ts", "e2e/build-setup.ts"],
    // Longer than the browser waits for one thing, so that what fails tells what it waited for.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    sequence: { groupOrder: 2 },
  },
});
