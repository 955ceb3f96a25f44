import { setTimeout as sleepFor } from "node:timers/promises";

/** A kind of request. */
export interface Requester {
  readonly name: string;
  send(): Promise<void>;
}

export interface RequestSample {
  readonly name: string;
  /** When it was due, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** From when it was due, not from when it was sent, so that a stall is felt by every request that it holds up. */
  readonly latencyMs: number;
  readonly failed: boolean;
}

/**
 * Sends requests at a fixed rate, whatever becomes of those before: a slow server gets no fewer of them, as it would if
 * each sender waited for its answer.
 */
export class OpenLoop {
  readonly #intervalMs: number;
  readonly #requesters: readonly Requester[];
  readonly #samples: RequestSample[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #ended = Promise.resolve();

  /** @param requesters take turns */
  constructor(requestsPerSecond: number, requesters: readonly Requester[]) {
    this.#intervalMs = 1000 / requestsPerSecond;
    this.#requesters = requesters;
  }

  start(): void {
    this.#ended = this.#run();
  }

  async stop(): Promise<RequestSample[]> {
    this.#stopping.abort();
    await this.#ended;
    await Promise.all(this.#underWay);
    return this.#samples;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const started = performance.now();
    for (let number = 0; !signal.aborted; number += 1) {
      const due = started + number * this.#intervalMs;
      const early = due - performance.now();
      if (early > 0) await sleepFor(early, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const requester = this.#requesters[number % this.#requesters.length];
      if (requester !== undefined) this.#send(requester, due);
    }
  }

  #send(requester: Requester, due: number): void {
    const finish = (failed: boolean): void => {
      this.#samples.push({
        name: requester.name,
        dueAt: performance.timeOrigin + due,
        latencyMs: performance.now() - due,
        failed,
      });
    };
    const request = requester.send().then(
      () => finish(false),
      () => finish(true),
    );
    this.#underWay.add(request);
    void request.finally(() => this.#underWay.delete(request));
  }
}
