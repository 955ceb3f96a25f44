import type { OxlintConfig, OxlintOverride } from "oxlint";

/**
 * The linter's rules, and the arrows between packages and folders: who may import whom. A file is judged by the last
 * entry that matches it, which replaces the entries before, so each area below states all of its arrows.
 */

interface Restriction {
  message: string;
  regex?: string;
  group?: string[];
  importNames?: string[];
  allowTypeImports?: boolean;
}

interface Area {
  files: string[];
  forbidden: Restriction[];
}

/** Nothing but these packages and the area's own files. The pattern language knows no "all but", so it forbids all first. */
function onlyPackages(...packages: string[]): Restriction[] {
  const allowed = ["./**", "../**", ...packages].map((pattern) => `!${pattern}`);
  // The order matters: an import that a group lets pass is not held against the patterns after it.
  return [
    OTHER_PACKAGES_FILES,
    { group: ["**", ...allowed], message: `It may import ${packages.join(", ")} and its own files only.` },
  ];
}

/** Files of a folder of the server, from any depth. The patterns know no look-around: one with it would never match. */
function folder(path: string, message: string): Restriction {
  return { regex: `^\\.{1,2}/(.*/)?${path}`, message };
}

const OTHER_PACKAGES_FILES: Restriction = {
  regex: "(^#test/|/(src|test|dist)/)",
  message: "Import a package by its name; sources never import tests.",
};
const CLIENTS: Restriction = {
  regex: "^@shelflife/(sdk|recorder)(/|$)",
  message: "The server is what clients call, so it never imports one; its tests and its demo do.",
};
const RECORDER: Restriction = {
  regex: "^@shelflife/recorder(/|$)",
  message: "The demo is a client of the public API.",
};
const DATABASE_DRIVER: Restriction = {
  regex: "^(kysely|pg)(/|$)",
  message: "Only store/ and postgres/ talk to the database.",
};
const DATABASE_DRIVER_VALUES: Restriction = { ...DATABASE_DRIVER, allowTypeImports: true };
const TIMERS: Restriction = {
  regex: "^(node:)?timers(/|$)",
  message: "Time comes from the clock that is passed in.",
};
const HTTP_SERVER: Restriction = { regex: "^@hono/node-server$", message: "Only http/listen.ts opens a port." };
const LOGGER: Restriction = {
  regex: "^pino$",
  allowTypeImports: true,
  message: "Only log.ts makes a logger; take the one that is passed in.",
};
const SYSTEM_CLOCK: Restriction = {
  regex: "/clock\\.ts$",
  importNames: ["systemClock"],
  message: "Take the clock that is passed in; main.ts and the commands choose it.",
};
const SIGN_IN_LIBRARY: Restriction = {
  regex: "^@?better-auth(/|$)",
  message: "Only sign-in/ knows the library that signs people in.",
};
const CLI = folder("cli/", "The command line calls the rest, and nothing calls it.");
const HTTP = folder("http/", "This knows nothing of HTTP.");
const RETENTION = folder("retention/", "This knows nothing of retention.");
const AUTHZ = folder("authz/", "This is below authorisation, or beside it.");
const STORE = folder("store/", "This is below the store, or beside it.");
const RECORDING = folder("recording/", "This knows nothing of recording.");
const POSTGRES: Restriction = {
  ...folder("postgres/", "Connections are made by database-access.ts and passed in."),
  allowTypeImports: true,
};
const COMPOSITION = folder(
  "(main|database-access|purge-service)\\.ts$",
  "Only main.ts and the commands construct infrastructure; take what is passed in.",
);

/** What no source of the server imports; the areas below add to it or take from it. */
const EVERYWHERE = [OTHER_PACKAGES_FILES, TIMERS, SIGN_IN_LIBRARY];

/** What every part of the server obeys that is handed its infrastructure. */
const HANDED_INFRASTRUCTURE = [...EVERYWHERE, CLIENTS, CLI, COMPOSITION, LOGGER, SYSTEM_CLOCK];

const SERVER = "packages/server/src";

const AREAS: Area[] = [
  {
    // What a reader copies into an application of their own.
    files: ["examples/**"],
    forbidden: onlyPackages(
      "@shelflife/recorder",
      "@shelflife/recorder/**",
      "@ai-sdk/**",
      "ai",
      "openai",
      "@langchain/**",
      "@opentelemetry/**",
      "@arizeai/**",
    ),
  },
  { files: ["packages/api-contract/src/**"], forbidden: onlyPackages("zod") },
  { files: ["packages/sdk/src/**"], forbidden: onlyPackages("@shelflife/api-contract") },
  {
    files: ["packages/recorder/src/**"],
    forbidden: onlyPackages(
      "@shelflife/sdk",
      "@shelflife/api-contract",
      "ai",
      "@langchain/core/**",
      "uuid",
      "node:async_hooks",
      "node:diagnostics_channel",
    ),
  },
  {
    files: ["packages/web/src/**"],
    forbidden: [
      { ...OTHER_PACKAGES_FILES, regex: "(^#test/|/(src|test|dist|e2e)/)" },
      {
        regex: "^(@shelflife/(server|recorder)(/|$)|node:|zod(/|$)|ai(/|$))",
        message: "The interface knows the server by the client and the contract alone, and runs in a browser.",
      },
    ],
  },
  {
    files: [`${SERVER}/**`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, HTTP_SERVER, POSTGRES],
  },
  {
    // The files that put the server together.
    files: [`${SERVER}/{main,database-access,purge-service}.ts`],
    forbidden: [...EVERYWHERE, CLIENTS, CLI, DATABASE_DRIVER_VALUES, HTTP_SERVER, LOGGER],
  },
  { files: [`${SERVER}/clock.ts`], forbidden: [OTHER_PACKAGES_FILES, CLIENTS, DATABASE_DRIVER, HTTP_SERVER] },
  { files: [`${SERVER}/log.ts`], forbidden: [...EVERYWHERE, CLIENTS, DATABASE_DRIVER, HTTP_SERVER] },
  {
    files: [`${SERVER}/store/**`],
    // The list of lock numbers is all that it takes from postgres/, besides types.
    forbidden: [
      ...HANDED_INFRASTRUCTURE,
      HTTP_SERVER,
      HTTP,
      RETENTION,
      AUTHZ,
      RECORDING,
      {
        group: ["**/postgres/**", "!**/postgres/locks.ts"],
        allowTypeImports: true,
        message: "Connections are made by database-access.ts and passed in.",
      },
    ],
  },
  {
    files: [`${SERVER}/postgres/**`],
    forbidden: [
      ...EVERYWHERE,
      CLIENTS,
      CLI,
      COMPOSITION,
      LOGGER,
      HTTP_SERVER,
      HTTP,
      RETENTION,
      AUTHZ,
      STORE,
      RECORDING,
    ],
  },
  {
    files: [`${SERVER}/authz/**`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, HTTP_SERVER, POSTGRES, HTTP],
  },
  {
    files: [`${SERVER}/retention/**`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, HTTP_SERVER, POSTGRES, HTTP, RECORDING],
  },
  {
    files: [`${SERVER}/recording/**`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, HTTP_SERVER, POSTGRES, HTTP, RETENTION],
  },
  {
    files: [`${SERVER}/sign-in/**`],
    forbidden: [
      ...HANDED_INFRASTRUCTURE.filter((restriction) => restriction !== SIGN_IN_LIBRARY),
      DATABASE_DRIVER,
      HTTP_SERVER,
      POSTGRES,
      HTTP,
      RETENTION,
      RECORDING,
    ],
  },
  {
    files: [`${SERVER}/{metrics,notify}/**`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, HTTP_SERVER, POSTGRES, HTTP, RETENTION],
  },
  {
    files: [`${SERVER}/http/**`],
    forbidden: [
      ...HANDED_INFRASTRUCTURE,
      DATABASE_DRIVER,
      HTTP_SERVER,
      POSTGRES,
      folder("retention/policies/", "A route asks for what a policy does through what it is given."),
    ],
  },
  {
    files: [`${SERVER}/http/listen.ts`],
    forbidden: [...HANDED_INFRASTRUCTURE, DATABASE_DRIVER, POSTGRES, STORE, AUTHZ, RETENTION, RECORDING],
  },
  { files: [`${SERVER}/cli/**`], forbidden: [...EVERYWHERE, CLIENTS, DATABASE_DRIVER, HTTP_SERVER, LOGGER, POSTGRES] },
  {
    // A person's own runs are read through the public API, with that person's key.
    files: [`${SERVER}/cli/runs.ts`],
    forbidden: [
      ...EVERYWHERE,
      RECORDER,
      DATABASE_DRIVER,
      HTTP_SERVER,
      LOGGER,
      POSTGRES,
      STORE,
      AUTHZ,
      RETENTION,
      RECORDING,
      HTTP,
    ],
  },
  {
    // The demo fills a server through the public API, as anybody could.
    files: [`${SERVER}/cli/demo*`, `${SERVER}/cli/demo*/**`, `${SERVER}/demo/**`],
    forbidden: [
      ...EVERYWHERE,
      RECORDER,
      DATABASE_DRIVER,
      HTTP_SERVER,
      LOGGER,
      POSTGRES,
      STORE,
      AUTHZ,
      RETENTION,
      RECORDING,
      HTTP,
    ],
  },
];

const CLOCKS = [`${SERVER}/clock.ts`, "packages/recorder/src/clock.ts"];

const TIMER_FUNCTIONS = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"];
const TIME_PROPERTIES = [
  ["Date", "now"],
  ["performance", "now"],
  ["process", "hrtime"],
  ["AbortSignal", "timeout"],
  ...TIMER_FUNCTIONS.map((name) => ["globalThis", name] as const),
] as const;

const timeRules = {
  "no-restricted-globals": ["error", ...TIMER_FUNCTIONS.map((name) => ({ name, message: TIMERS.message }))],
  "no-restricted-properties": [
    "error",
    ...TIME_PROPERTIES.map(([object, property]) => ({ object, property, message: TIMERS.message })),
  ],
} satisfies OxlintOverride["rules"];

export default {
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "vitest"],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["**/dist/**", "**/generated/**", "**/fixtures/**"],
  rules: {
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-var": "error",
    "prefer-const": "error",
    "no-param-reassign": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/only-throw-error": ["error", { allowThrowingUnknown: true }],
    "typescript/prefer-promise-reject-errors": ["error", { allowThrowingUnknown: true, allowThrowingAny: true }],
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/no-misused-spread": ["error", { allow: ["string"] }],
    "typescript/consistent-type-imports": "error",
    "typescript/ban-ts-comment": "error",
    "unicorn/prefer-node-protocol": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    // What comes off the wire is unknown, and is asserted once where its shape was checked.
    "typescript/no-unsafe-type-assertion": "off",
    // The compiler already refuses a function that forgets its return value.
    "typescript/consistent-return": "off",
    // These judge style, and against ours: a function stands where it is used, and `pg.Pool` is how its manual writes it.
    "unicorn/consistent-function-scoping": "off",
    "import/no-named-as-default": "off",
    "import/no-named-as-default-member": "off",
    "promise/no-promise-in-callback": "off",
    "no-shadow": "off",
    // Objects here are closures or values that were taken apart on purpose; a class hides its state with `#`.
    "typescript/unbound-method": "off",
  },
  overrides: [
    { files: ["packages/*/src/**"], rules: { "no-console": "error" } },
    // The command line talks to its user, and the recorder's last resort is a warning on the console.
    { files: [`${SERVER}/cli/**`, "packages/recorder/src/warnings.ts"], rules: { "no-console": "off" } },
    { files: [`${SERVER}/**`, "packages/recorder/src/**"], excludeFiles: CLOCKS, rules: timeRules },
    ...AREAS.map(({ files, forbidden }) => ({
      files,
      rules: { "no-restricted-imports": ["error", { patterns: forbidden }] } satisfies OxlintOverride["rules"],
    })),
    {
      // A style sheet is imported for what it does, and so is what prepares the platform.
      files: ["packages/web/**"],
      rules: {
        "import/no-unassigned-import": ["error", { allow: ["**/*.css", "**/platform.ts"] }],
        // The router is told where to go by throwing it.
        "typescript/only-throw-error": [
          "error",
          {
            allowThrowingUnknown: true,
            allow: [{ from: "package", package: "@tanstack/router-core", name: "Redirect" }],
          },
        ],
      },
    },
    {
      files: ["**/test/**", "**/e2e/**", "**/*.stories.tsx"],
      rules: {
        "vitest/no-focused-tests": "error",
        "vitest/no-disabled-tests": "error",
        "vitest/expect-expect": ["error", { assertFunctionNames: ["expect*", "assert*", "fc.assert"] }],
        // A table of cases, a fake or a scripted server says what it means without these.
        "vitest/no-conditional-expect": "off",
        "vitest/no-standalone-expect": "off",
        "vitest/require-to-throw-message": "off",
        "typescript/no-misused-promises": ["error", { checksVoidReturn: false }],
        "typescript/no-non-null-assertion": "off",
      },
    },
  ],
} satisfies OxlintConfig;
