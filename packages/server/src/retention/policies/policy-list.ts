import type { RetentionPolicy } from "../policy.ts";
import { createDebugPayloadsPolicy } from "./debug-payloads.ts";
import { createDebugRunsPolicy } from "./debug-runs.ts";

/** Every retention policy, in the order in which a tick runs them. Payloads come after the runs that they belong to. */
export const RETENTION_POLICIES: readonly RetentionPolicy[] = [createDebugRunsPolicy(), createDebugPayloadsPolicy()];
