import { expect, it } from "vitest";

import { overlongFiles } from "../file-length.ts";
import { ROOT, temporaryFolder } from "./temporary-folder.ts";

const lines = (count: number) => "x;\n".repeat(count);

it("allows a source 400 lines and a test 600, and no line more", () => {
  const folder = temporaryFolder({
    "src/longest.ts": lines(400),
    "src/too-long.ts": lines(401),
    "migrations/too-long.sql": lines(401),
    "test/longest.test.ts": lines(600),
    "test/too-long.test.ts": lines(601),
    "dist/built.js": lines(5000),
  });
  expect(overlongFiles(folder)).toEqual([
    "migrations/too-long.sql: 401",
    "src/too-long.ts: 401",
    "test/too-long.test.ts: 601",
  ]);
});

it("finds every file of this repository short enough", () => {
  expect(overlongFiles(ROOT)).toEqual([]);
});
