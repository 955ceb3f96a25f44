import { existsSync, globSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "vite";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const WEB = join(ROOT, "packages/web");
const BUILT = join(WEB, "dist/index.html");

/** What the interface is made of, its libraries included. */
const SOURCES = [
  "packages/web/{src,public}/**/*.*",
  "packages/web/{index.html,vite.config.ts,build/*.ts}",
  "packages/{sdk,api-contract}/src/**/*.ts",
  "package-lock.json",
];

/** Builds the web interface into `packages/web/dist`, where the server looks for it. */
export async function buildWeb({ ifStale }: { ifStale: boolean }): Promise<void> {
  if (ifStale && isFresh()) return;
  await build({ root: WEB, logLevel: "warn" });
}

function isFresh(): boolean {
  if (!existsSync(BUILT)) return false;
  const builtAt = statSync(BUILT).mtimeMs;
  return globSync(SOURCES, { cwd: ROOT }).every((path) => statSync(join(ROOT, path)).mtimeMs <= builtAt);
}
