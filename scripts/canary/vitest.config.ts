import { defineConfig } from "vitest/config";

import config from "../../vitest.config.ts";

/** Everything as in the real run, the reporters above all; only the tests are others. */
const { projects: _, ...settings } = config.test ?? {};

export default defineConfig({
  ...config,
  root: import.meta.dirname,
  test: { ...settings, include: ["*.canary.ts"] },
});
