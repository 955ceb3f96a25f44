import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The longest that a file may be, in lines; what nobody reads as a whole is not counted. */
const SOURCE_LINES = 400;
const TEST_LINES = 600;
const NOT_WRITTEN_HERE = [
  "**/node_modules/**",
  "**/dist/**",
  "**/generated/**",
  "**/fixtures/**",
  "**/__snapshots__/**",
];

/** The sources below this folder that are too long, as `path: lines`. */
export function overlongFiles(root: string): string[] {
  return globSync("**/*.{ts,tsx,js,sql,css}", { cwd: root, exclude: NOT_WRITTEN_HERE })
    .map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").trimEnd().split("\n").length }))
    .filter(({ path, lines }) => lines > (/(^|\/)test\//.test(path) ? TEST_LINES : SOURCE_LINES))
    .map(({ path, lines }) => `${path}: ${lines}`)
    .toSorted();
}
