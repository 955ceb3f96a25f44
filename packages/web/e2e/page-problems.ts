import type { Page } from "playwright-core";
import { expect } from "vitest";

export interface PageProblems {
  /** @throws where the page complained of anything else. */
  expectNoneBut(expected: readonly RegExp[]): void;
}

/** An answer that is no success is the browser's to complain of, and the page's to deal with: tests look at the page. */
const FAILED_REQUEST = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** Collects what the browser complains of: uncaught errors, violations of a policy, errors on the console. */
export async function watchForProblems(page: Page): Promise<PageProblems> {
  const problems: string[] = [];
  // The console does not tell of a violation that a library provokes on purpose and catches.
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile }) => {
      console.error(`Content security policy: ${effectiveDirective} refuses ${blockedURI}, in ${sourceFile}`);
    });
  });
  page.on("pageerror", (error) => problems.push(`Uncaught ${String(error)}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("crash", () => problems.push("The page crashed."));
  return {
    expectNoneBut(expected) {
      const allowed = [FAILED_REQUEST, ...expected];
      expect(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    },
  };
}
