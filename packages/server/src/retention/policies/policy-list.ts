import type { RetentionPolicy } from "../policy.ts";
import { debugRunsPolicy } from "./debug-runs.ts";

/** Every retention policy, in the order in which a tick runs them. */
export const RETENTION_POLICIES: readonly RetentionPolicy[] = [debugRunsPolicy];
