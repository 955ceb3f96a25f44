import { existsSync, globSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "vite";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BUILT = "packages/web/dist/index.html";

/** What the interface is made of, its libraries included. Folders are among it, since a file may also have gone. */
const SOURCES = [
  "packages/web/{src,public}/**",
  "packages/web/{index.html,vite.config.ts,build/*.ts}",
  "packages/{sdk,api-contract}/src/**",
  "package-lock.json",
];

/** Builds the web interface into `packages/web/dist`, where the server looks for it. */
export async function buildWeb({ ifStale }: { ifStale: boolean }): Promise<void> {
  if (ifStale && isBuilt(ROOT)) return;
  await build({ root: join(ROOT, "packages/web"), logLevel: "warn" });
}

/** Whether the interface of the repository in this folder was built, and nothing that it is made of has changed since. */
export function isBuilt(root: string): boolean {
  const built = join(root, BUILT);
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return globSync(SOURCES, { cwd: root, exclude: ["**/*.stories.tsx"] }).every(
    (path) => statSync(join(root, path)).mtimeMs <= builtAt,
  );
}
