import type { DebugBatch, DebugBatchResult } from "@shelflife/api-contract";
import { ShelflifeError } from "@shelflife/sdk";

import { Circuit } from "./circuit.ts";
import type { Clock } from "./clock.ts";
import type { Batch, RecordItem, RecordQueue } from "./record-queue.ts";
import type { Warnings } from "./warnings.ts";

export type SendBatch = (batch: DebugBatch, signal: AbortSignal) => Promise<DebugBatchResult>;

/** Counts of items: a chat, a run or a step each. Versions of an item that were merged while waiting are one. */
export interface RecorderStats {
  /** Waiting or on their way. */
  queued: number;
  /** Accepted by the server. */
  sent: number;
  /** Lost on this side: no room, no server for too long, or a payload that could not be read. */
  dropped: number;
  /** Refused by the server. */
  rejected: number;
}

export interface SenderOptions {
  queue: RecordQueue;
  send: SendBatch;
  clock: Clock;
  random: () => number;
  warnings: Warnings;
  /** How long the first waiting item waits for company, in milliseconds. */
  lingerMs: number;
  /** As soon as this many bytes wait, they leave. */
  batchBytes: number;
  /** How often one batch is tried before it is dropped. */
  maxAttempts: number;
}

interface Flight {
  batch: Batch;
  failures: number;
  abort: AbortController;
  /** The server took the last try and never said a word to it. */
  unanswered?: boolean;
  /** Set while the batch waits for its next try. */
  cancelWait?: (() => void) | undefined;
}

/** How long a process that would end by itself is kept waiting for an answer, in milliseconds. */
const LAST_CHANCE_MS = 5000;

/**
 * Brings what waits to the server, one batch at a time, in the background. A server that keeps failing is left alone for
 * longer and longer, whichever batch it failed for.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #circuit: Circuit;
  readonly #flushListeners = new Set<() => void>();
  #flight: Flight | undefined;
  #cancelLinger: (() => void) | undefined;
  /** How many flushes are waiting; while there are any, nothing lingers. */
  #flushes = 0;
  #lastChance = false;
  #cancelLastChance: (() => void) | undefined;
  #closed = false;
  #sent = 0;
  #dropped = 0;
  #rejected = 0;
  /** How often something did not reach the server, or was not taken for what it is there. */
  #losses = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#circuit = new Circuit(options.clock, options.random);
  }

  get stats(): RecorderStats {
    const { queue } = this.#options;
    return { queued: queue.items, sent: this.#sent, dropped: this.#dropped, rejected: this.#rejected };
  }

  get idle(): boolean {
    return this.#flight === undefined && this.#options.queue.waitingItems === 0;
  }

  push(runId: string, item: RecordItem): void {
    if (this.#closed) return this.drop(1, "the recorder was shut down");
    const dropped = this.#options.queue.push(runId, item);
    if (dropped > 0) this.drop(dropped, "the queue is full: the server is away or slower than the application records");
    this.#schedule();
  }

  /** Counts lost items and says so, the first time. */
  drop(items: number, reason: string): void {
    this.#dropped += items;
    this.#losses += 1;
    this.#options.warnings.once("dropped", `Debug data is being lost: ${reason}.`);
  }

  /**
   * Sends everything now, cutting short any wait. Answers whether all of it reached the server within the time, for
   * which it keeps the process alive. While the server is away the answer is no, at once, so that nobody waits for it
   * again and again.
   */
  flush(timeoutMs: number): Promise<boolean> {
    if (this.idle) return Promise.resolve(true);
    if (this.#circuit.state === "open") return Promise.resolve(false);
    const lossesBefore = this.#losses;
    return new Promise((resolve) => {
      const finish = (): void => {
        cancelTimeout();
        this.#flushListeners.delete(finish);
        this.#flushes -= 1;
        resolve(this.idle && this.#losses === lossesBefore);
      };
      const cancelTimeout = this.#options.clock.setTimer(finish, timeoutMs, { keepsAlive: true });
      this.#flushListeners.add(finish);
      this.#flushes += 1;
      this.#hurry();
    });
  }

  /**
   * For a process that is about to end by itself: everything is tried once more, without a wait that nothing would keep
   * the process alive for. A request on its way does keep it alive, and is given up where no answer comes.
   */
  sendLastChance(): void {
    this.#lastChance = true;
    if (this.#flight?.unanswered) return this.#giveUp("the server does not answer");
    this.#cancelLastChance ??= this.#options.clock.setTimer(() => {
      if (this.#flight) this.#giveUp("the server did not answer before the process ended");
    }, LAST_CHANCE_MS);
    this.#hurry();
  }

  /** Ends what is on its way and drops what waits. Nothing is sent afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#giveUp("the recorder was shut down before everything was sent");
  }

  #schedule(): void {
    if (this.#flight || this.#closed) return;
    const { queue, clock, batchBytes, lingerMs } = this.#options;
    if (queue.waitingItems === 0) return;
    if (this.#flushes > 0 || this.#lastChance) return this.#takeOff();
    const { waitMs } = this.#circuit;
    if (queue.waitingBytes >= batchBytes && waitMs === 0) return this.#takeOff();
    this.#cancelLinger ??= clock.setTimer(() => this.#takeOff(), Math.max(lingerMs, waitMs));
  }

  #hurry(): void {
    if (this.#flight?.cancelWait) {
      this.#flight.cancelWait();
      this.#try(this.#flight);
    } else {
      this.#schedule();
    }
  }

  #takeOff(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    const batch = this.#options.queue.take(this.#options.batchBytes);
    if (batch === undefined) return;
    this.#flight = { batch, failures: 0, abort: new AbortController() };
    this.#try(this.#flight);
  }

  #try(flight: Flight): void {
    flight.cancelWait = undefined;
    let answer: Promise<DebugBatchResult>;
    try {
      answer = this.#options.send(flight.batch.body, flight.abort.signal);
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer
      .then(
        (result) => this.#arrived(flight, result),
        (error: unknown) => this.#failed(flight, error),
      )
      .catch(() => this.#stumbled(flight));
  }

  /** An answer of an odd shape, or a fault in here: it must not become the application's unhandled rejection. */
  #stumbled(flight: Flight): void {
    if (this.#flight !== flight) return;
    this.drop(flight.batch.items, "the server's answer could not be understood");
    this.#land(flight);
  }

  #arrived(flight: Flight, result: DebugBatchResult): void {
    this.#circuit.succeeded();
    if (this.#flight !== flight) return;
    this.#rejected += result.rejected.length;
    this.#sent += flight.batch.items - result.rejected.length;
    for (const { code, kind, message } of result.rejected) {
      if (code === "debug_logging_off") this.#warnLoggingOff();
      else this.#options.warnings.once("rejected", `The server refused a ${kind} (${code}): ${message}`, code);
    }
    this.#land(flight);
  }

  #failed(flight: Flight, error: unknown): void {
    if (this.#flight !== flight) return;
    const { batch } = flight;
    flight.failures += 1;
    flight.unanswered = error instanceof ShelflifeError && error.code === "timeout";
    if (!isRetryable(error)) {
      this.#circuit.succeeded();
      this.#rejected += batch.items;
      this.#losses += 1;
      this.#options.warnings.once("rejected", `The server refused a batch: ${describe(error)}`, describe(error));
      return this.#land(flight);
    }
    this.#circuit.failed(error instanceof ShelflifeError ? error.retryAfterMs : undefined);
    const isAway = this.#circuit.state !== "closed";
    if (flight.failures >= this.#options.maxAttempts || this.#lastChance) {
      // At the end of the process there is no time to find out the same for every batch that waits.
      const others = this.#lastChance && isAway ? this.#options.queue.clear() : 0;
      this.drop(batch.items + others, `the server could not take it (${describe(error)})`);
      this.#land(flight);
    } else {
      flight.cancelWait = this.#options.clock.setTimer(() => this.#try(flight), this.#circuit.waitMs);
    }
    if (isAway) this.#endFlushes();
  }

  #land(flight: Flight): void {
    this.#options.queue.settle(flight.batch);
    this.#flight = undefined;
    this.#schedule();
    if (this.idle) this.#rest();
  }

  /** Ends what is on its way and drops what waits. */
  #giveUp(reason: string): void {
    const flight = this.#flight;
    this.#flight = undefined;
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    flight?.cancelWait?.();
    flight?.abort.abort();
    if (flight) this.#options.queue.settle(flight.batch);
    const left = this.#options.queue.clear() + (flight?.batch.items ?? 0);
    if (left > 0) this.drop(left, reason);
    this.#rest();
  }

  /** Nothing is left to be sent. */
  #rest(): void {
    this.#lastChance = false;
    this.#cancelLastChance?.();
    this.#cancelLastChance = undefined;
    this.#endFlushes();
  }

  #endFlushes(): void {
    for (const listener of this.#flushListeners) listener();
  }

  #warnLoggingOff(): void {
    this.#options.warnings.once(
      "debug_logging_off",
      "The server does not record this chat's owner. Turn recording on for everybody with " +
        "SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true on the server, or let users decide in its chat debug logging " +
        "settings and switch it on there.",
    );
  }
}

/** Errors that no server answered with are the network's, and pass. */
function isRetryable(error: unknown): boolean {
  return error instanceof ShelflifeError ? error.retryable : true;
}

function describe(error: unknown): string {
  if (error instanceof ShelflifeError) return `${error.status ?? error.code}: ${error.message}`;
  return error instanceof Error ? error.name : "unknown error";
}
