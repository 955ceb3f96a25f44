import type { RunStatus } from "@shelflife/api-contract";

import type { RecordedChat } from "./family.ts";
import { lastHeardOf } from "./recorded-run.ts";

/** A chat worth looking at first, and whose it is. */
export interface SampleChat {
  readonly id: string;
  readonly owner: string;
  readonly runs: number;
}

const MS_PER_DAY = 86_400_000;

/** Counts what goes by. */
export class Tally {
  chats = 0;
  steps = 0;
  readonly statuses: Record<RunStatus, number> = { completed: 0, error: 0, interrupted: 0, in_progress: 0 };
  sample: SampleChat | undefined;
  /** The retention clock of each run, in milliseconds since the epoch. */
  readonly #clocks: number[] = [];
  #sampleRichness = -1;

  get runs(): number {
    return this.#clocks.length;
  }

  /** How many of the runs a purge at that moment would find; null where the window is not known. */
  expiredRuns(now: Date, windowDays: number | null): number | null {
    if (windowDays === null) return null;
    if (windowDays === 0) return 0;
    const cutoff = now.getTime() - windowDays * MS_PER_DAY;
    return this.#clocks.filter((clock) => clock < cutoff).length;
  }

  /** Passes families on and counts them. */
  *count(families: Iterable<RecordedChat[]>): Generator<RecordedChat[]> {
    for (const family of families) {
      for (const chat of family) this.#add(chat);
      yield family;
    }
  }

  #add({ chat, owner, runs }: RecordedChat): void {
    this.chats += 1;
    for (const run of runs) {
      this.steps += run.steps.length;
      this.#clocks.push(lastHeardOf(run));
      this.statuses[run.run.status ?? "in_progress"] += 1;
    }
    // The newest chats come last. A busy one that ended in several ways, or has not ended, shows most.
    const richness = new Set(runs.map(({ run }) => run.status)).size * 100 + Math.min(runs.length, 30);
    if (richness < this.#sampleRichness) return;
    this.#sampleRichness = richness;
    this.sample = { id: chat.id, owner, runs: runs.length };
  }
}
