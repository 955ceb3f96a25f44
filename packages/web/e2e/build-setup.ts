import { buildWeb } from "../build/build-web.ts";

/** The server serves what was built, so what was changed since is built first. */
export default function setup(): Promise<void> {
  return buildWeb({ ifStale: true });
}
