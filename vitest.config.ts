import { defineConfig } from "vitest/config";

const conditions = ["@shelflife/source", "module", "node"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "libraries",
          include: ["packages/{api-contract,sdk,recorder}/test/**/*.test.ts"],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "server",
          include: ["packages/server/test/**/*.test.ts"],
          globalSetup: ["packages/server/test/postgres/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
