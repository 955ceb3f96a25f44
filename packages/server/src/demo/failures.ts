import type { Random } from "./random.ts";

/** How a provider refuses a call. */
export interface Refusal {
  readonly status: number;
  /** The provider's own word for it. */
  readonly type: string;
  readonly message: string;
  /** In seconds; only where the provider says it. */
  readonly retryAfter?: number;
}

const PASSING: readonly Refusal[] = [
  {
    status: 429,
    type: "rate_limit_error",
    message: "Rate limit reached for input tokens per minute. Please slow down.",
    retryAfter: 4,
  },
  { status: 429, type: "rate_limit_exceeded", message: "Too many requests. Try again in 2 seconds.", retryAfter: 2 },
  { status: 529, type: "overloaded_error", message: "Overloaded" },
  { status: 503, type: "server_error", message: "The engine is currently overloaded, please try again later." },
  { status: 500, type: "api_error", message: "Internal server error" },
];

const LASTING: readonly Refusal[] = [
  {
    status: 400,
    type: "invalid_request_error",
    message: "The prompt is too long: it exceeds the context window of this model.",
  },
  { status: 401, type: "authentication_error", message: "The API key is not valid or has been revoked." },
  { status: 404, type: "not_found_error", message: "This model does not exist, or you may not use it." },
  { status: 400, type: "invalid_request_error", message: "tools.0.input_schema: this keyword is not supported." },
];

/** A refusal that goes away by itself, so that the next try succeeds. Most of them are rate limits. */
export function passingRefusal(random: Random): Refusal {
  return random.chance(0.7) ? random.pick(PASSING.slice(0, 2)) : random.pick(PASSING);
}

/** The refusals that end a call: one that no retry mends, or the same passing one three times. */
export function endingRefusals(random: Random): readonly Refusal[] {
  if (random.chance(0.5)) return [random.pick(LASTING)];
  const refusal = passingRefusal(random);
  return [refusal, refusal, refusal];
}
