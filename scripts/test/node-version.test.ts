import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { ROOT } from "./temporary-folder.ts";

it("runs on the Node that is pinned, whatever Node the machine has", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  expect(process.versions.node).toBe(manifest.devDependencies["node"]);
  expect(process.versions.node).toMatch(/^24\./);
});
