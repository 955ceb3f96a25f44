import { redactStepPayloads } from "@shelflife/api-contract";
import { ShelflifeClient } from "@shelflife/sdk";

import { Intake } from "./intake.ts";
import { type RecordItem, RecordQueue } from "./record-queue.ts";
import type { ResolvedOptions } from "./recorder-options.ts";
import { type RecorderStats, type SendBatch, Sender } from "./sender.ts";
import type { Warnings } from "./warnings.ts";

/** A run's items may be this much larger together than a batch usually is; the server takes 16 MiB. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

const DEFAULT_FLUSH_MS = 5000;

export interface FlushOptions {
  /** How long to wait at the most, in milliseconds; 5 seconds unless told. */
  timeoutMs?: number;
}

/** The way from an integration to the server: puts work off, redacts, queues, sends. */
export class Recorder {
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #flushListeners: (() => void)[] = [];
  readonly #beforeExit = (): void => this.#sendLastChance();

  constructor(send: SendBatch, options: ResolvedOptions, warnings: Warnings) {
    const { limits, clock, random } = options;
    const { maxItems, maxBytes, lingerMs, batchBytes, maxAttempts } = limits;
    const queue = new RecordQueue({ maxItems, maxBytes, maxBatchBytes: MAX_BATCH_BYTES });
    this.#sender = new Sender({ queue, send, clock, random, warnings, lingerMs, batchBytes, maxAttempts });
    this.#intake = new Intake(clock, () => this.#sender.drop(1, "a payload could not be read"));
    process.on("beforeExit", this.#beforeExit);
  }

  get stats(): RecorderStats {
    return this.#sender.stats;
  }

  /** Takes items of one run, to be rendered and sent later. */
  emit(runId: string, render: () => RecordItem[]): void {
    this.defer(() => this.record(runId, render()));
  }

  /** Does work after the application's own, in the order in which it came. */
  defer(work: () => void): void {
    this.#intake.accept(work);
  }

  /** Takes items of one run at once, which only work that was put off may do. Secrets go before anything waits. */
  record(runId: string, items: RecordItem[]): void {
    for (const item of items) this.#sender.push(runId, withoutSecrets(item));
  }

  /** Asks to be told before everything is sent on demand, so that what is held back for more can be completed. */
  beforeFlush(listener: () => void): void {
    this.#flushListeners.push(listener);
  }

  flush(options: FlushOptions = {}): Promise<boolean> {
    this.#gather();
    return this.#sender.flush(options.timeoutMs ?? DEFAULT_FLUSH_MS);
  }

  async shutdown(options: FlushOptions = {}): Promise<boolean> {
    process.off("beforeExit", this.#beforeExit);
    const flushed = await this.flush(options);
    this.#sender.close();
    return flushed;
  }

  #gather(): void {
    for (const listener of this.#flushListeners) listener();
    this.#intake.drain();
  }

  #sendLastChance(): void {
    this.#gather();
    if (!this.#sender.idle) this.#sender.sendLastChance();
  }
}

/** @throws {TypeError} for a URL or a key that no request could be made with. */
export function sendToServer(connection: NonNullable<ResolvedOptions["connection"]>): SendBatch {
  const client = new ShelflifeClient({ ...connection, userAgent: "shelflife-recorder" });
  return (batch, signal) => client.recordDebugBatch(batch, { signal });
}

function withoutSecrets(item: RecordItem): RecordItem {
  return item.kind === "step" ? { kind: "step", value: redactStepPayloads(item.value) } : item;
}
