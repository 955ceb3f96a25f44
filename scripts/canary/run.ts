import { spawnSync } from "node:child_process";

/**
 * Proves that a failing test fails the run: a test that always fails goes the way that all tests go, and this process
 * fails unless that run failed and said so in its last line. A green run means nothing without it.
 */
const EXPECTED_LINE = "0 passed, 1 failed";

const { status, stdout, stderr } = spawnSync(
  "npm",
  ["run", "--silent", "test:only", "--", "--config", "scripts/canary/vitest.config.ts"],
  { encoding: "utf8" },
);
const lastLine = stdout.trimEnd().split("\n").at(-1);

if (status === 0 || status === null || lastLine !== EXPECTED_LINE) {
  process.stderr.write(`${stdout}\n${stderr}\n`);
  process.stderr.write(
    `The canary must fail the run and end it with "${EXPECTED_LINE}"; ` +
      `it ended with status ${String(status)} and "${lastLine ?? ""}".\n`,
  );
  process.exitCode = 1;
} else {
  process.stdout.write("The canary failed its run, as it must: a failing test is seen.\n");
}
