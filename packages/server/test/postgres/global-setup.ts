import type { TestProject } from "vitest/node";
import { provideTestCluster } from "./provide-test-cluster.ts";

/** The newest PostgreSQL, the one that Shelflife embeds. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideTestCluster(project);
}
