import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";

import { describe, expect, it } from "vitest";

import { ROOT, temporaryFolder } from "./temporary-folder.ts";

/** Runs the CI script where `npm ci` and `npm test` do as told instead of what they do here. */
function runCi(install: string, test: string): { status: number | null; lastLine: string | undefined } {
  const folder = temporaryFolder({
    "bin/npm": `#!/usr/bin/env bash\nif [ "$1" = ci ]; then ${install}; else ${test}; fi\n`,
  });
  chmodSync(join(folder, "bin/npm"), 0o755);
  mkdirSync(join(folder, ".ci"));
  copyFileSync(join(ROOT, ".ci/run"), join(folder, ".ci/run"));
  const { status, stdout } = spawnSync(join(folder, ".ci/run"), {
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` },
  });
  return { status, lastLine: stdout.trimEnd().split("\n").at(-1) };
}

describe("the CI script", () => {
  it("ends with the tests' own line and exit status", () => {
    expect(runCi("true", "echo '3 passed, 0 failed, 1 skipped'; echo 'good bye' >&2")).toEqual({
      status: 0,
      lastLine: "3 passed, 0 failed, 1 skipped",
    });
    expect(runCi("true", "echo '3 passed, 2 failed'; echo 'npm error' >&2; exit 7")).toEqual({
      status: 7,
      lastLine: "3 passed, 2 failed",
    });
  });

  it("counts a failure where the tests were not reached", () => {
    expect(runCi("true", "echo 'a check failed'; exit 2")).toEqual({ status: 2, lastLine: "0 passed, 1 failed" });
    expect(runCi("exit 3", "echo '3 passed, 0 failed'")).toEqual({ status: 3, lastLine: "0 passed, 1 failed" });
  });

  it("counts a failure where all tests passed and the run failed", () => {
    expect(runCi("true", "echo '3 passed, 0 failed, 1 skipped'; exit 1")).toEqual({
      status: 1,
      lastLine: "3 passed, 1 failed, 1 skipped",
    });
  });

  it("fails a run that says nothing of its tests", () => {
    expect(runCi("true", "true")).toEqual({ status: 1, lastLine: "0 passed, 1 failed" });
  });
});
