import type { DebugBatch, Rejection } from "@shelflife/api-contract";
import { type ShelflifeClient, ShelflifeError } from "@shelflife/sdk";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { DemoBatch } from "./batches.ts";

/** So many requests are under way at once: the server works on one while another is being written. */
const CONCURRENCY = 3;

/** How often a batch is tried, and how long the first pause is; every further one is twice as long. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export interface SendOptions {
  readonly client: ShelflifeClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onSent: (sent: { chatsDone: number; runs: number }) => void;
}

/**
 * Sends batches, a few at a time, and answers what the server refused.
 *
 * @throws CodedError with one sentence where the server cannot take them; batches that have arrived stay
 */
export async function sendBatches(batches: Iterable<DemoBatch>, options: SendOptions): Promise<Rejection[]> {
  const rejected: Rejection[] = [];
  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const source = batches[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true && !signal.aborted; next = source.next()) {
      const { batch, chatsDone } = next.value;
      const result = await sendOne(batch, { ...options, signal });
      assertRecording(result.rejected);
      rejected.push(...result.rejected);
      options.onSent({ chatsDone, runs: batch.runs?.length ?? 0 });
    }
  };
  // The first failure stops the others, which then fail for no reason of their own.
  const failures: unknown[] = [];
  const workers = Array.from({ length: CONCURRENCY }, () =>
    work().catch((error: unknown) => {
      failures.push(error);
      failed.abort();
    }),
  );
  await Promise.all(workers);
  if (options.signal?.aborted === true) throw stopped();
  if (failures.length > 0) throw failures[0];
  return rejected;
}

/** Sends a batch, and again where the server is busy or away for a moment: sending it twice changes nothing. */
async function sendOne(batch: DebugBatch, { client, clock, signal }: SendOptions): Promise<{ rejected: Rejection[] }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.recordDebugBatch(batch, { signal });
    } catch (error) {
      if (!(error instanceof ShelflifeError)) throw error;
      if (error.code === "aborted") throw stopped();
      if (!error.retryable || attempt === ATTEMPTS) {
        throw new CodedError("demo_not_sent", `The server did not take a batch: ${error.message} (${error.code})`, {
          cause: error,
        });
      }
      const pauseMs = error.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
      await clock.sleep(Math.min(pauseMs, LONGEST_PAUSE_MS), signal);
    }
  }
}

/** @throws CodedError where the server records nothing for the owner of a chat */
export function assertRecording(rejected: readonly Rejection[]): void {
  if (!rejected.some(({ code }) => code === "debug_logging_off")) return;
  throw new CodedError(
    "recording_off",
    "Recording is off, so the server stores nothing: start it with SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true.",
  );
}

function stopped(): CodedError {
  return new CodedError("demo_stopped", "Stopped before everything was sent; run the demo again to complete it.");
}
