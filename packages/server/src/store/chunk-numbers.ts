import { randomInt } from "node:crypto";

import { readChunkIndex } from "./chunk-index.ts";
import type { ChunkNumbering } from "./ingest-batch.ts";

/** Above every number that a run counts up to from 0, and small enough to be counted up from. */
const RANDOM_START = { min: 1_000_000, max: 2 ** 31 };

/** The numbers that the chunks of one run have. The run is locked, so that no number is given out twice. */
export class ChunkNumbers implements ChunkNumbering {
  readonly #byDigest = new Map<string, number>();
  #next = 0;

  /**
   * @param indexes of the run's stored rows
   * @param complete false where the run has payloads that could not be read, as those of a partition that is being
   *   removed: their numbers are unknown and must not be used again
   */
  constructor(indexes: readonly Buffer[], complete: boolean) {
    let isComplete = complete;
    for (const index of indexes) {
      try {
        for (const range of readChunkIndex(index)) this.#add(range.first, range.digests);
      } catch {
        isComplete = false;
      }
    }
    if (!isComplete) this.#next = Math.max(this.#next, randomInt(RANDOM_START.min, RANDOM_START.max));
  }

  find(digest: string): number | undefined {
    return this.#byDigest.get(digest);
  }

  take(digest: string): number {
    const number = this.#next;
    this.#add(number, [digest]);
    return number;
  }

  #add(first: number, digests: readonly string[]): void {
    digests.forEach((digest, index) => {
      if (!this.#byDigest.has(digest)) this.#byDigest.set(digest, first + index);
    });
    this.#next = Math.max(this.#next, first + digests.length);
  }
}
