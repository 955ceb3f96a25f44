import type { ShelflifeClientOptions } from "@shelflife/sdk";

import { type Clock, systemClock } from "./clock.ts";
import type { Mask } from "./mask.ts";
import type { OnWarning } from "./warnings.ts";

export interface RecorderOptions {
  /** Where the server is; the environment variable `SHELFLIFE_URL` unless told. */
  baseUrl?: string | URL | undefined;
  /** An API key of the scope `full` or `ingest`; the environment variable `SHELFLIFE_API_KEY` unless told. */
  key?: string | undefined;
  /** False records nothing and says nothing. */
  enabled?: boolean | undefined;
  /**
   * Tells apart the chats of two applications that share a server and whose chat ids are not UUIDs. Changing it maps
   * the same ids to other chats.
   */
  chatIdNamespace?: string | undefined;
  /**
   * The application's own rule for what must not be recorded, applied to everything before it leaves the process, on top
   * of what is never recorded anyway; see `maskTexts` for a rule by patterns.
   */
  mask?: Mask | undefined;
  /** Told once of each thing that goes wrong; `console.warn` unless told. */
  onWarning?: OnWarning | undefined;
  limits?: Partial<RecorderLimits> | undefined;
  /** Replaces the global `fetch`. */
  fetch?: ShelflifeClientOptions["fetch"] | undefined;
  /** Replaces the time, for tests. */
  clock?: Clock | undefined;
  /** Replaces chance in the waits between tries, for tests; from 0 (included) to 1 (excluded). */
  random?: (() => number) | undefined;
}

export interface RecorderLimits {
  /** How many items (chats, runs, steps) are held at the most. */
  maxItems: number;
  /** How many bytes of JSON are held at the most. */
  maxBytes: number;
  /** Above this many waiting bytes a batch leaves at once. */
  batchBytes: number;
  /** Otherwise a batch leaves this long after its first item, in milliseconds. */
  lingerMs: number;
  /** How often a batch is tried before it is dropped; the waits between add up to about ten minutes. */
  maxAttempts: number;
}

export const DEFAULT_LIMITS: RecorderLimits = {
  maxItems: 10_000,
  maxBytes: 16 * 1024 * 1024,
  batchBytes: 256 * 1024,
  lingerMs: 1000,
  maxAttempts: 15,
};

export interface ResolvedOptions {
  connection: { baseUrl: string | URL; key: string; fetch?: NonNullable<ShelflifeClientOptions["fetch"]> } | undefined;
  enabled: boolean;
  chatIdNamespace: string;
  mask: Mask | undefined;
  onWarning: OnWarning | undefined;
  limits: RecorderLimits;
  clock: Clock;
  random: () => number;
}

/** Fills in what the options leave out, from the environment and the defaults. */
export function resolveOptions(
  options: RecorderOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedOptions {
  const baseUrl = options.baseUrl ?? nonEmpty(environment["SHELFLIFE_URL"]);
  const key = nonEmpty(options.key) ?? nonEmpty(environment["SHELFLIFE_API_KEY"]);
  const configured = baseUrl !== undefined && baseUrl !== "" && key !== undefined;
  return {
    connection: configured ? { baseUrl, key, ...(options.fetch && { fetch: options.fetch }) } : undefined,
    enabled: options.enabled ?? true,
    chatIdNamespace: options.chatIdNamespace ?? "",
    mask: options.mask,
    onWarning: options.onWarning,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text.trim();
}
