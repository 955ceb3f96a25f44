import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ROOT, temporaryFolder } from "./temporary-folder.ts";

const IMPORTS = 'import { beforeAll, describe, expect, it } from "vitest";\n';
const PASSING = 'it("passes", () => expect(1).toBe(1));\n';
const FAILING = 'it("fails", () => expect(1).toBe(2));\n';

/** The exit status of a run over these files and the last line that it wrote. */
function run(
  tests: Record<string, string>,
  settings: object = {},
): { status: number | null; lastLine: string | undefined } {
  const reporters = [join(ROOT, "scripts/plain-summary-reporter.ts")];
  const config = { test: { reporters, ...settings } };
  const folder = temporaryFolder({
    "vitest.config.ts": `export default ${JSON.stringify(config)};`,
    "set-up.ts": 'export function setup() { throw new Error("no database"); }',
    "tear-down.ts": 'export function teardown() { throw new Error("still running"); }',
    ...Object.fromEntries(Object.entries(tests).map(([path, content]) => [path, IMPORTS + content])),
  });
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run"], { cwd: folder, encoding: "utf8" });
  return { status, lastLine: stdout.trimEnd().split("\n").at(-1) };
}

describe("the last line of a run", () => {
  it("counts what passed, failed and was skipped over all projects", () => {
    const project = (name: string) => ({ test: { name, include: [`${name}/*.test.ts`] } });
    const outcome = run(
      { "a/a.test.ts": PASSING + FAILING + 'it.skip("is skipped", () => {});', "b/b.test.ts": PASSING },
      { projects: [project("a"), project("b")] },
    );
    expect(outcome).toEqual({ status: 1, lastLine: "2 passed, 1 failed, 1 skipped" });
  });

  it("leaves out what was skipped where nothing was", () => {
    expect(run({ "a.test.ts": PASSING })).toEqual({ status: 0, lastLine: "1 passed, 0 failed" });
  });

  it("counts a file that does not load as one failure", () => {
    const outcome = run({ "a.test.ts": 'throw new Error("broken");', "b.test.ts": PASSING });
    expect(outcome).toEqual({ status: 1, lastLine: "1 passed, 1 failed" });
  });

  it("counts a hook that throws as one failure", () => {
    const hook = 'describe("a group", () => { beforeAll(() => { throw new Error("broken"); });\n';
    expect(run({ "a.test.ts": `${hook}${PASSING}});` })).toEqual({
      status: 1,
      lastLine: "0 passed, 1 failed, 1 skipped",
    });
  });

  it("is never green after an unhandled error", () => {
    const outcome = run({ "a.test.ts": `${PASSING}void Promise.reject(new Error("unhandled"));` });
    expect(outcome).toEqual({ status: 1, lastLine: "1 passed, 1 failed" });
  });

  it("is never green where a global setup or teardown failed", () => {
    expect(run({ "a.test.ts": PASSING }, { globalSetup: ["set-up.ts"] })).toEqual({
      status: 1,
      lastLine: "0 passed, 1 failed",
    });
    expect(run({ "a.test.ts": PASSING }, { globalSetup: ["tear-down.ts"] })).toEqual({
      status: 1,
      lastLine: "1 passed, 1 failed",
    });
  });

  it("is never green where no test ran, even if that was allowed", () => {
    expect(run({})).toEqual({ status: 1, lastLine: "0 passed, 1 failed" });
    expect(run({}, { passWithNoTests: true })).toEqual({ status: 1, lastLine: "0 passed, 1 failed" });
  });

  it("fails the run where errors are told to be ignored but a test failed", () => {
    const outcome = run({ "a.test.ts": FAILING }, { dangerouslyIgnoreUnhandledErrors: true });
    expect(outcome).toEqual({ status: 1, lastLine: "0 passed, 1 failed" });
  });
});
