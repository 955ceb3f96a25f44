import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { ROOT, temporaryFolder } from "./temporary-folder.ts";

/**
 * The arrows of the architecture, written down a second time: each import below is put into a file of its own at that
 * place, and the linter, with the configuration of this repository, must refuse it or let it pass. A target that starts
 * with `src:` is a file of the server.
 */
const TESTS_AND_TIMERS = ["#test/fake-clock.ts", "node:timers/promises", "timers"];
const RECORDER = ["@shelflife/recorder", "@shelflife/recorder/ai-sdk"];
const CLIENTS = ["@shelflife/sdk", "@shelflife/sdk/client", ...RECORDER];
const DATABASE = ["kysely", "kysely/migration", "pg"];
const COMPOSITION = ["src:main.ts", "src:database-access.ts", "src:purge-service.ts"];
const INFRASTRUCTURE = [...COMPOSITION, "pino", "systemClock", "@hono/node-server"];
const CLI = "src:cli/keys.ts";
const HTTP = "src:http/app.ts";
const POOL = "src:postgres/pool.ts";
const STORE = "src:store/store.ts";
const AUTHZ = "src:authz/actor.ts";
const CUTOFF = "src:retention/cutoff.ts";
const POLICY = "src:retention/policies/debug-runs.ts";
const INGEST = "src:recording/ingest.ts";

/** What every part of the server is refused that is handed its infrastructure. */
const HANDED = [...TESTS_AND_TIMERS, ...CLIENTS, ...INFRASTRUCTURE, CLI];
const SIGN_IN_LIBRARY = ["better-auth", "better-auth/minimal", "@better-auth/core"];

const FORBIDDEN: Record<string, string[]> = {
  "api-contract/src/": [...CLIENTS, "hono", "node:fs", "src:clock.ts"],
  "sdk/src/": [...RECORDER, "@shelflife/server", "zod", "ai", "node:fs", "../../api-contract/src/index.ts"],
  "recorder/src/": ["@shelflife/server", "src:clock.ts", "../../sdk/src/index.ts", "zod", "kysely", "node:fs"],
  "web/src/": ["@shelflife/server", ...RECORDER, "zod", "ai", "node:fs", "../../sdk/src/index.ts", "../e2e/x.ts"],
  "web/src/pages/": ["@shelflife/server", "../../../server/test/test-app.ts", "src:clock.ts"],
  "server/src/": [...HANDED, ...DATABASE, POOL, "../../sdk/src/index.ts", "../test/fake-clock.ts"],
  "server/src/anything/": [...HANDED, ...DATABASE, POOL],
  "server/src/main.ts": [...TESTS_AND_TIMERS, ...CLIENTS, ...DATABASE, CLI, "pino", "@hono/node-server"],
  "server/src/database-access.ts": [...TESTS_AND_TIMERS, ...CLIENTS, ...DATABASE, CLI],
  "server/src/purge-service.ts": [...TESTS_AND_TIMERS, ...CLIENTS, ...DATABASE, CLI],
  "server/src/clock.ts": ["#test/fake-clock.ts", ...CLIENTS, ...DATABASE, "@hono/node-server"],
  "server/src/log.ts": [...TESTS_AND_TIMERS, ...CLIENTS, ...DATABASE, "@hono/node-server"],
  "server/src/store/": [...HANDED, HTTP, CUTOFF, AUTHZ, INGEST, POOL],
  "server/src/store/deep/": [HTTP, "src:http/routes/chats.ts", CUTOFF, AUTHZ, POOL],
  "server/src/postgres/": [...TESTS_AND_TIMERS, ...CLIENTS, ...COMPOSITION, CLI, "pino", "@hono/node-server"],
  "server/src/postgres/deep/": [HTTP, CUTOFF, AUTHZ, STORE, INGEST],
  "server/src/authz/": [...HANDED, ...DATABASE, POOL, HTTP],
  "server/src/retention/": [...HANDED, ...DATABASE, POOL, HTTP, INGEST],
  "server/src/retention/policies/": [...DATABASE, HTTP, CLI],
  "server/src/recording/": [...HANDED, ...DATABASE, POOL, HTTP, CUTOFF],
  "server/src/metrics/": [...HANDED, ...DATABASE, POOL, HTTP, CUTOFF],
  "server/src/notify/": [...HANDED, ...DATABASE, POOL, HTTP, CUTOFF],
  "server/src/sign-in/": [...HANDED, ...DATABASE, POOL, HTTP, CUTOFF, INGEST],
  "server/src/store/sign-in.ts": SIGN_IN_LIBRARY,
  "server/src/postgres/sign-in.ts": SIGN_IN_LIBRARY,
  "server/src/cli/sign-in.ts": SIGN_IN_LIBRARY,
  "server/src/http/": [...HANDED, ...DATABASE, POOL, POLICY, ...SIGN_IN_LIBRARY],
  "server/src/http/routes/": [...DATABASE, POLICY, CLI],
  "server/src/http/listen.ts": [
    ...HANDED.filter((target) => target !== "@hono/node-server"),
    ...DATABASE,
    POOL,
    STORE,
    AUTHZ,
    CUTOFF,
    INGEST,
  ],
  "server/src/cli/": [...TESTS_AND_TIMERS, ...CLIENTS, ...DATABASE, POOL, "pino", "@hono/node-server"],
  "server/src/cli/demo.ts": [...TESTS_AND_TIMERS, ...RECORDER, ...DATABASE, POOL, "pino", "@hono/node-server"],
  "server/src/cli/demo/": [STORE, AUTHZ, CUTOFF, INGEST, HTTP, ...RECORDER],
  "server/src/demo/": [STORE, AUTHZ, CUTOFF, INGEST, HTTP, ...RECORDER, ...DATABASE],
};

const ALLOWED: Record<string, string[]> = {
  "api-contract/src/": ["zod", "./limits.ts"],
  "sdk/src/": ["@shelflife/api-contract", "./client.ts"],
  "recorder/src/": ["@shelflife/sdk", "@shelflife/api-contract", "ai", "uuid", "./queue.ts"],
  "web/src/": ["@shelflife/sdk", "@shelflife/api-contract", "react", "./app.css"],
  "web/e2e/": ["@shelflife/sdk", "../../server/test/process/server-process.ts", "../test/browser/chromium.ts"],
  "server/src/": ["@shelflife/api-contract", "src:clock.ts", HTTP, STORE],
  "server/src/main.ts": [POOL, HTTP, CUTOFF, "systemClock"],
  "server/src/store/": ["kysely", "pg", "src:clock.ts", "src:postgres/locks.ts", "./tables.ts"],
  "server/src/postgres/": ["kysely", "pg", "src:clock.ts", "node:fs"],
  "server/src/retention/": [STORE, AUTHZ, "src:metrics/purge-metrics.ts", POLICY],
  "server/src/sign-in/": [...SIGN_IN_LIBRARY, STORE, AUTHZ, "src:clock.ts"],
  "server/src/http/": [STORE, AUTHZ, CUTOFF, INGEST, "hono"],
  "server/src/cli/": ["src:main.ts", "src:database-access.ts", "systemClock", CUTOFF, HTTP, CLI],
  "server/src/cli/demo.ts": ["@shelflife/sdk", "@shelflife/api-contract"],
  "server/src/demo/": ["@shelflife/sdk", "@shelflife/sdk/client", "src:clock.ts"],
  "server/test/": ["@shelflife/sdk", "@shelflife/recorder", "kysely", "src:main.ts"],
};

/** Single files with rules of their own, and rules other than arrows: where, what, and which rule must refuse it. */
const REFUSED_SOURCES: [path: string, source: string, rule: string][] = [
  ["server/src/http/x.ts", 'export * from "pg";', "no-restricted-imports"],
  ["server/src/http/x.ts", 'await import("pg");', "no-restricted-imports"],
  ["server/src/authz/x.ts", 'import type { Kysely } from "kysely";', "no-restricted-imports"],
  ["server/src/http/x.ts", "setTimeout(() => undefined, 1);", "no-restricted-globals"],
  ["server/src/store/x.ts", "setInterval(() => undefined, 1);", "no-restricted-globals"],
  ["server/src/store/x.ts", "export const now = Date.now();", "no-restricted-properties"],
  ["server/src/http/x.ts", "export const signal = AbortSignal.timeout(1);", "no-restricted-properties"],
  ["server/src/http/x.ts", "globalThis.setTimeout(() => undefined, 1);", "no-restricted-properties"],
  ["recorder/src/x.ts", "setTimeout(() => undefined, 1);", "no-restricted-globals"],
  ["server/src/http/x.ts", 'console.log("here");', "no-console"],
  ["sdk/src/x.ts", 'console.warn("here");', "no-console"],
  ["sdk/src/x.ts", "export const value: any = 1;", "no-explicit-any"],
  ["sdk/src/x.ts", "Promise.resolve(1);", "no-floating-promises"],
  ["sdk/src/x.ts", "[1].forEach(async () => { await Promise.resolve(); });", "no-misused-promises"],
  ["sdk/src/x.ts", '// @ts-ignore\nexport const amount: number = "";', "ban-ts-comment"],
  ["sdk/test/x.test.ts", 'import { it } from "vitest";\nit.only("a", () => {});', "no-focused-tests"],
];

const ACCEPTED_SOURCES: [path: string, source: string][] = [
  ["server/src/main.ts", 'import type { Pool } from "pg";\nexport type P = Pool;'],
  ["server/src/main.ts", 'import { createPool } from "./postgres/pool.ts";\ncreatePool();'],
  ["server/src/log.ts", 'import { pino } from "pino";\npino();'],
  ["server/src/http/x.ts", 'import type { Logger } from "pino";\nexport type L = Logger;'],
  ["server/src/http/x.ts", 'import type { Clock } from "../clock.ts";\nexport type C = Clock;'],
  ["server/src/http/listen.ts", 'import "@hono/node-server";'],
  ["server/src/clock.ts", 'import { setTimeout as s } from "node:timers/promises";\nawait s(Date.now());'],
  ["recorder/src/clock.ts", "setTimeout(() => undefined, Date.now());"],
  ["recorder/src/warnings.ts", 'console.warn("here");'],
  ["server/src/cli/x.ts", 'console.log("here");'],
  [
    "server/src/retention/x.ts",
    'import type { PurgeLock } from "../postgres/purge-lock.ts";\nexport type L = PurgeLock;',
  ],
];

interface Case {
  path: string;
  source: string;
  /** The lines that the source takes in its file. */
  lines: number[];
}

const files = new Map<string, string[]>();

/** Sources for one path stand below one another in one file, so that the linter has to run only once. */
function place(path: string, source: string): Case {
  const file = `packages/${path}`;
  const before = files.get(file) ?? [];
  const added = source.split("\n");
  files.set(file, [...before, ...added]);
  return { path: file, source, lines: added.map((_, index) => before.length + index + 1) };
}

function importing(table: Record<string, string[]>): Case[] {
  return Object.entries(table).flatMap(([area, targets]) =>
    targets.map((target) => {
      const path = area.endsWith("/") ? `${area}some-file.ts` : area;
      return place(path, importOf(target, posix.dirname(path)));
    }),
  );
}

function importOf(target: string, from: string): string {
  if (target === "systemClock") return `import { systemClock } from "${relativeTo(from, "clock.ts")}";`;
  return `import "${target.startsWith("src:") ? relativeTo(from, target.slice("src:".length)) : target}";`;
}

function relativeTo(from: string, file: string): string {
  const path = posix.relative(from, `server/src/${file}`);
  return path.startsWith(".") ? path : `./${path}`;
}

const forbidden = importing(FORBIDDEN).map((placed) => ({ ...placed, rule: "no-restricted-imports" }));
const refused = REFUSED_SOURCES.map(([path, source, rule]) => ({ ...place(path, source), rule }));
const accepted = [...importing(ALLOWED), ...ACCEPTED_SOURCES.map(([path, source]) => place(path, source))];

interface LintReport {
  diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
}

/** The rules that were broken, as `path:line:rule`. */
const broken = new Set<string>();

beforeAll(() => {
  const folder = temporaryFolder(Object.fromEntries([...files].map(([path, lines]) => [path, lines.join("\n")])));
  for (const name of ["oxlint.config.ts", "tsconfig.json", "tsconfig.base.json"]) {
    copyFileSync(join(ROOT, name), join(folder, name));
  }
  const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const { stdout } = spawnSync(process.execPath, [oxlint, "--format", "json", "packages"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 100 * 1024 * 1024,
  });
  for (const { code, filename, labels } of (JSON.parse(stdout) as LintReport).diagnostics) {
    const rule = /\((.*)\)/.exec(code)?.[1] ?? code;
    for (const { span } of labels) broken.add(`${filename}:${span.line}:${rule}`);
  }
});

function isRefused({ path, lines }: Case, rule: string): boolean {
  return lines.some((line) => broken.has(`${path}:${line}:${rule}`));
}

describe("the linter refuses", () => {
  it.each([...forbidden, ...refused])("in $path: $source", (placed) => {
    expect(isRefused(placed, placed.rule)).toBe(true);
  });
});

describe("the linter accepts", () => {
  const rules = [...new Set([...forbidden, ...refused].map(({ rule }) => rule))];

  it.each(accepted)("in $path: $source", (placed) => {
    expect(rules.filter((rule) => isRefused(placed, rule))).toEqual([]);
  });
});

it("is asked by `npm run lint`, with this configuration and no other", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(scripts["lint"]).toBe("oxlint --deny-warnings");
  expect(scripts["check"]).toContain("npm run lint");
});
