import { mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { isBuilt } from "../build/build-web.ts";

// Long ago: what the file system dates by itself is newer, whatever the machine's clock says.
const BUILT_AT = new Date("2001-01-01T12:00:00Z");
const BEFORE = new Date("2001-01-01T11:00:00Z");
const AFTER = new Date("2001-01-01T13:00:00Z");

const SOURCES = [
  "packages/web/src/pages/ChatPage/ChatPage.tsx",
  "packages/web/src/shell/ShellView.module.css",
  "packages/web/public/favicon.svg",
  "packages/web/index.html",
  "packages/web/vite.config.ts",
  "packages/web/build/compress-assets.ts",
  "packages/sdk/src/client.ts",
  "packages/api-contract/src/chats.ts",
  "package-lock.json",
];
const OTHERS = [
  "packages/server/src/main.ts",
  "packages/web/src/shell/ShellView.stories.tsx",
  "packages/web/e2e/a.test.ts",
];

let root: string;

/** Writes a file; it and its folders are from then on as old as is said. */
function write(path: string, time: Date): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), "");
  age(path, time);
}

function age(path: string, time: Date): void {
  for (let part = path; part !== "."; part = dirname(part)) utimesSync(join(root, part), time, time);
}

describe("whether the interface is built", () => {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "shelflife-build-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    for (const path of [...SOURCES, ...OTHERS]) write(path, BEFORE);
    write("packages/web/dist/index.html", BUILT_AT);
    for (const path of [...SOURCES, ...OTHERS]) age(path, BEFORE);
  });

  it("is true where everything is older, or as old", () => {
    expect(isBuilt(root)).toBe(true);
    for (const path of SOURCES) utimesSync(join(root, path), BUILT_AT, BUILT_AT);
    expect(isBuilt(root)).toBe(true);
  });

  it("is false where nothing was built", () => {
    unlinkSync(join(root, "packages/web/dist/index.html"));
    expect(isBuilt(root)).toBe(false);
  });

  it.each(SOURCES)("is false where %s is newer", (path) => {
    utimesSync(join(root, path), AFTER, AFTER);
    expect(isBuilt(root)).toBe(false);
  });

  it("is false where a source has gone since", () => {
    unlinkSync(join(root, "packages/web/src/pages/ChatPage/ChatPage.tsx"));
    expect(isBuilt(root)).toBe(false);
  });

  it.each(OTHERS)("does not depend on %s", (path) => {
    utimesSync(join(root, path), AFTER, AFTER);
    expect(isBuilt(root)).toBe(true);
  });
});
