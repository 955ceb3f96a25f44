import { CHAT_TITLE_CHARACTERS, redactStepPayloads, redactText } from "@shelflife/api-contract";
import { ShelflifeClient } from "@shelflife/sdk";

import { Intake } from "./intake.ts";
import { type Mask, maskItem } from "./mask.ts";
import { beforeProcessEnds } from "./process-end.ts";
import { type RecordItem, RecordQueue } from "./record-queue.ts";
import type { ResolvedOptions } from "./recorder-options.ts";
import { type RecorderStats, type SendBatch, Sender } from "./sender.ts";
import type { Warnings } from "./warnings.ts";

/** A run's items may be this much larger together than a batch usually is; the server takes 16 MiB. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

const DEFAULT_FLUSH_MS = 5000;

/** A request that is on its way keeps a process alive that has nothing else to do, so it must not take long. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface FlushOptions {
  /** How long to wait at the most, in milliseconds; 5 seconds unless told. */
  timeoutMs?: number;
}

/** The way from an integration to the server: puts work off, redacts, queues, sends. */
export class Recorder {
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #flushListeners: (() => void)[] = [];
  readonly #mask: Mask | undefined;
  readonly #warnings: Warnings;
  readonly #forgetProcess: () => void;

  constructor(send: SendBatch, options: ResolvedOptions, warnings: Warnings) {
    const { limits, clock, random } = options;
    const { maxItems, maxBytes, lingerMs, batchBytes, maxAttempts } = limits;
    const queue = new RecordQueue({ maxItems, maxBytes, maxBatchBytes: MAX_BATCH_BYTES });
    this.#sender = new Sender({ queue, send, clock, random, warnings, lingerMs, batchBytes, maxAttempts });
    this.#intake = new Intake(clock, () => this.#sender.drop(1, "a payload could not be read"));
    this.#mask = options.mask;
    this.#warnings = warnings;
    this.#forgetProcess = beforeProcessEnds(() => this.#sendLastChance());
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

  /**
   * Takes items of one run at once, which only work that was put off may do. This is the one way to the server: what the
   * application's mask takes out, and what is secret, goes here, before anything waits.
   */
  record(runId: string, items: RecordItem[]): void {
    for (const item of items) this.#sender.push(runId, withoutSecrets(this.#masked(item)));
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
    const flushed = await this.flush(options);
    this.#forgetProcess();
    this.#sender.close();
    return flushed;
  }

  #masked(item: RecordItem): RecordItem {
    if (!this.#mask) return item;
    return maskItem(item, this.#mask, (field) => {
      const reason = "it threw, or did not answer what it was given in the same shape";
      this.#warnings.once("mask_failed", `The mask failed (${reason}), so nothing is recorded of: ${field}.`, field);
    });
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
  const client = new ShelflifeClient({ ...connection, userAgent: "shelflife-recorder", timeoutMs: REQUEST_TIMEOUT_MS });
  return (batch, signal) => client.recordDebugBatch(batch, { signal });
}

function withoutSecrets(item: RecordItem): RecordItem {
  if (item.kind === "step") return { kind: "step", value: redactStepPayloads(item.value) };
  if (item.kind === "run" || item.value.title === undefined) return item;
  return {
    kind: "chat",
    value: { ...item.value, title: redactText(item.value.title).slice(0, CHAT_TITLE_CHARACTERS) },
  };
}
