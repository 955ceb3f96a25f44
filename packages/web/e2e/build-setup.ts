import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("../build/main.ts", import.meta.url));

/** The server serves what was built, so what was changed since is built first: by itself, as it is for everybody. */
export default function setup(): void {
  execFileSync(process.execPath, [BUILD, "--if-stale"], { stdio: ["ignore", "ignore", "inherit"] });
}
