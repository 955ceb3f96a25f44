import { expect, it } from "vitest";

import { clockReads } from "../clock-reads.ts";
import { ROOT, temporaryFolder } from "./temporary-folder.ts";

it("sees a source that asks the machine for the time", () => {
  const folder = temporaryFolder({
    "packages/server/src/store/deep/a.ts": "const a = 1;\nconst now = new Date();\n",
    "packages/server/src/b.ts": "const now = new Date( ).getTime();\nconst text = Date();\nconst c = new Date;\n",
    "packages/recorder/src/c.ts": "const now = new Date();",
    "packages/server/src/clock.ts": "const now = new Date();",
    "packages/server/src/fine.ts":
      'const then = new Date("2026-01-01");\n// Not new Date() but the clock.\ntype A = Date;\n',
    "packages/server/test/fine.test.ts": "const now = new Date();",
  });
  expect(clockReads(folder)).toEqual([
    "packages/recorder/src/c.ts:1",
    "packages/server/src/b.ts:1",
    "packages/server/src/b.ts:2",
    "packages/server/src/b.ts:3",
    "packages/server/src/store/deep/a.ts:2",
  ]);
});

it("finds no source of this repository that does", () => {
  expect(clockReads(ROOT)).toEqual([]);
});
