import type { NormalizedPart, NormalizedRequest, StepOperation } from "@shelflife/api-contract";

import type { Model } from "./providers.ts";

/** How a model call ends. One that is `in_progress` has not ended, or nobody was left to see it. */
export type Outcome = "completed" | "error" | "interrupted" | "in_progress";

export interface ModelCall {
  readonly model: Model;
  readonly operation: StepOperation;
  readonly request: NormalizedRequest;
  /** What the model answers, or would have answered. */
  readonly answer: readonly NormalizedPart[];
  readonly outcome: Outcome;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When something was last heard of a call in progress. */
  readonly seenAt?: number;
  /** How many tokens of the request the provider has seen a short while ago. */
  readonly cachedTokens: number;
}
