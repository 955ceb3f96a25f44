import { setTimeout as sleepFor } from "node:timers/promises";

import { answerCommands } from "./child-process.ts";
import { openProduction, type Production, type PurgeOutcome } from "./production.ts";

/** The memory of a purger at a moment of its drain, in bytes. */
export interface MemorySample {
  /** Since the drain began. */
  readonly ms: number;
  readonly residentBytes: number;
  /** In use after a garbage collection, where the process may ask for one; otherwise as it is. */
  readonly heapBytes: number;
}

export type PurgeSummary = Omit<PurgeOutcome, "batches">;

let production: Production | undefined;

const commands = {
  /** Opens the database; with `serve` it also serves HTTP, as a server that purges does. */
  async open({ url, serve }: { url: string; serve: boolean }): Promise<{ url: string }> {
    production = await openProduction(url);
    return { url: serve ? await production.serve() : "" };
  },

  /** Purges at the pace of production. */
  async purge(): Promise<PurgeSummary> {
    const { batches: _batches, ...summary } = await opened().purge();
    return summary;
  },

  /** Purges without pauses, and looks at the memory of this process meanwhile. */
  async purgeAndSample({ everyMs }: { everyMs: number }): Promise<PurgeSummary & { samples: MemorySample[] }> {
    const done = new AbortController();
    const sampling = sampleMemory(everyMs, done.signal);
    const { batches: _batches, ...summary } = await opened().purge({ dutyPercent: 100 });
    done.abort();
    return { ...summary, samples: await sampling };
  },

  async close(): Promise<void> {
    await production?.[Symbol.asyncDispose]();
    production = undefined;
  },
};

export type PurgerCommands = typeof commands;

function opened(): Production {
  if (production === undefined) throw new Error("No database is open.");
  return production;
}

async function sampleMemory(everyMs: number, signal: AbortSignal): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const started = performance.now();
  while (!signal.aborted) {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    samples.push({ ms: performance.now() - started, residentBytes: rss, heapBytes: heapUsed });
    await sleepFor(everyMs, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

answerCommands(commands);
