import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { configurationMarkdown } from "./generate/configuration.ts";
import { openapiJson } from "./generate/openapi.ts";
import { retentionPoliciesMarkdown } from "./generate/retention-policies.ts";

/** A file that is written by a program and committed, so that what changes in it shows in review. */
interface GeneratedFile {
  /** Where it stands. */
  readonly url: URL;
  readonly content: () => string;
}

/** A test fails where one of these differs from what is committed. */
export const GENERATED_FILES: readonly GeneratedFile[] = [
  { url: new URL("../docs/api/openapi.json", import.meta.url), content: openapiJson },
  { url: new URL("../docs/configuration.md", import.meta.url), content: configurationMarkdown },
  { url: new URL("../docs/retention-policies.md", import.meta.url), content: retentionPoliciesMarkdown },
];

if (import.meta.main) {
  for (const { url, content } of GENERATED_FILES) {
    mkdirSync(dirname(fileURLToPath(url)), { recursive: true });
    writeFileSync(url, content());
  }
  // SQL is seen only when it is sent, so that these are written by the test which sends it.
  const test = "packages/server/test/store/sql-snapshots.test.ts";
  const { status } = spawnSync("vitest", ["run", "--project", "server", test, "--update"], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
