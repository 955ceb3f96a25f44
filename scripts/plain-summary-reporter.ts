import type { Reporter, TestModule, TestSuite } from "vitest/node";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends a test run with one plain line, `N passed, N failed` (and `, N skipped` where some were), counted over all
 * projects. The line is written when the process ends and knows the exit status, so that nothing which fails outside a
 * test can look green: a global setup, a teardown, an unhandled error, or a run without any test counts as a failure.
 */
export default class PlainSummaryReporter implements Reporter {
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.once("exit", (status) => {
      const summary = summarize(this.#counts, status);
      if (summary.failed > 0) process.exitCode = status === 0 ? 1 : status;
      process.stdout.write(`\n${plainLine(summary)}\n`);
    });
  }

  onTestRunEnd(testModules: readonly TestModule[]): void {
    this.#counts = countTests(testModules);
  }
}

function countTests(testModules: readonly TestModule[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const testModule of testModules) {
    // A file that does not load, or a hook that throws, fails without a test of its own.
    counts.failed += [testModule, ...testModule.children.allSuites()].filter(hasErrors).length;
    for (const test of testModule.children.allTests()) {
      const { state } = test.result();
      if (state === "passed" || state === "failed") counts[state]++;
      else counts.skipped++;
    }
  }
  return counts;
}

function hasErrors(group: TestModule | TestSuite): boolean {
  return group.errors().length > 0;
}

function summarize(counts: Counts, status: number): Counts {
  const isUnexplained = counts.failed === 0 && (status !== 0 || counts.passed === 0);
  return isUnexplained ? { ...counts, failed: 1 } : counts;
}

function plainLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
