import type { Store } from "../store/store.ts";
import { addressBlock } from "./client-address.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** How often something may be tried within a window, in milliseconds. */
export interface Limit {
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

/**
 * Counts an attempt of one client, or of one person, on all replicas together.
 *
 * @throws HttpError 429 with `Retry-After` where it is one too many
 */
export async function limitAttempts(
  context: RequestContext,
  store: Pick<Store, "countAttempt">,
  { name, max, windowMs }: Limit,
  whose = addressBlock(context.get("clientAddress") ?? "unknown"),
): Promise<void> {
  const counted = await store.countAttempt({ key: `${name}|${whose}`, max, windowMs });
  if (counted.allowed) return;
  context.header("Retry-After", String(counted.retryAfterSeconds));
  throw new HttpError(
    429,
    "rate_limited",
    `Too many attempts; try again in ${counted.retryAfterSeconds} ${counted.retryAfterSeconds === 1 ? "second" : "seconds"}.`,
  );
}
