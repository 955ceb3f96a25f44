import type { Clock } from "../clock.ts";
import { ABANDONED_AFTER_MS } from "../run-recording.ts";
import { LangchainOperation, type OperationSurroundings } from "./langchain-operation.ts";

interface Outermost {
  id: string;
  operation: LangchainOperation;
  /** Everything that has run inside, itself included. */
  members: Set<string>;
}

/** What LangChain runs at the moment, each under its id with the outermost run that it is part of. */
export class LangchainRuns {
  readonly #outermost = new Map<string, Outermost>();
  readonly #retriers = new Set<string>();
  readonly #around: OperationSurroundings;
  readonly #clock: Clock;
  #lastCleaning: number;

  constructor(around: OperationSurroundings) {
    this.#around = around;
    this.#clock = around.clock;
    this.#lastCleaning = around.clock.now();
  }

  has(id: unknown): boolean {
    return typeof id === "string" && this.#outermost.has(id);
  }

  find(id: string): LangchainOperation | undefined {
    return this.#outermost.get(id)?.operation;
  }

  /** A run whose parent is not known is an outermost one. */
  started(id: string, parentId: string | undefined): LangchainOperation {
    const parent = parentId === undefined ? undefined : this.#outermost.get(parentId);
    if (!parent) this.#forgetAbandoned();
    const outermost = parent ?? { id, operation: new LangchainOperation(this.#around), members: new Set() };
    outermost.members.add(id);
    this.#outermost.set(id, outermost);
    return outermost.operation;
  }

  /** Notes that a run tries again what fails inside of it. */
  retries(id: string): void {
    this.#retriers.add(id);
  }

  doesRetry(id: string | undefined): id is string {
    return id !== undefined && this.#retriers.has(id);
  }

  /** Answers whether the run that ended was an outermost one, with all inside of it. */
  ended(id: string): boolean {
    const outermost = this.#outermost.get(id);
    this.#outermost.delete(id);
    this.#retriers.delete(id);
    outermost?.members.delete(id);
    if (outermost?.id !== id) return false;
    this.#forget(outermost);
    return true;
  }

  #forget({ members }: Outermost): void {
    for (const member of members) {
      this.#outermost.delete(member);
      this.#retriers.delete(member);
    }
  }

  /** LangChain says nothing of a stream whose reader leaves. */
  #forgetAbandoned(): void {
    const now = this.#clock.now();
    if (now - this.#lastCleaning < ABANDONED_AFTER_MS) return;
    this.#lastCleaning = now;
    for (const outermost of new Set(this.#outermost.values())) {
      if (now - outermost.operation.lastSign >= ABANDONED_AFTER_MS) this.#forget(outermost);
    }
  }
}
