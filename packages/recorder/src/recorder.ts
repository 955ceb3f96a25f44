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

  /** Takes items of one run, to be rendered and sent later. Secrets go before anything waits or leaves. */
  emit(runId: string, render: () => RecordItem[]): void {
    this.#intake.accept(() => {
      for (const item of render()) this.#sender.push(runId, withoutSecrets(item));
    });
  }

  flush(options: FlushOptions = {}): Promise<boolean> {
    this.#intake.drain();
    return this.#sender.flush(options.timeoutMs ?? DEFAULT_FLUSH_MS);
  }

  async shutdown(options: FlushOptions = {}): Promise<boolean> {
    process.off("beforeExit", this.#beforeExit);
    const flushed = await this.flush(options);
    this.#sender.close();
    return flushed;
  }

  #sendLastChance(): void {
    this.#intake.drain();
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
