import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Sources that get their time from a clock that is passed in, and the files that may make one. */
const SOURCES = "packages/{server,recorder}/src/**/*.ts";
const CLOCKS = /(^|\/)clock\.ts$/;

/**
 * Where sources read the machine's clock through `new Date()` or `Date()`, as `path:line`. The linter refuses all other
 * ways; it has no rule for a constructor without arguments.
 */
export function clockReads(root: string): string[] {
  return globSync(SOURCES, { cwd: root })
    .filter((path) => !CLOCKS.test(path))
    .toSorted()
    .flatMap((path) => {
      const lines = readFileSync(join(root, path), "utf8").split("\n");
      return lines.flatMap((line, index) => (readsClock(line) ? [`${path}:${index + 1}`] : []));
    });
}

function readsClock(line: string): boolean {
  const code = line.replace(/^\s*(\*|\/[/*]).*/, "");
  return /\bDate\(\s*\)|\bnew\s+Date\b(?!\s*\()/.test(code);
}
