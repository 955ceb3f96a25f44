import type { Random } from "./random.ts";

/** Deals a list in random order, and shuffles it again only when all of it has been dealt: nothing is said twice in a row. */
export class Deck<T> {
  readonly #cards: readonly T[];
  #left: T[] = [];

  constructor(cards: readonly T[]) {
    this.#cards = cards;
  }

  deal(random: Random): T {
    if (this.#left.length === 0) this.#left = random.pickSome(this.#cards, this.#cards.length);
    return this.#left.pop() ?? random.pick(this.#cards);
  }

  /** So many different cards, or all where there are not so many. */
  dealSome(random: Random, count: number): T[] {
    const hand = new Set<T>();
    while (hand.size < Math.min(count, new Set(this.#cards).size)) hand.add(this.deal(random));
    return [...hand];
  }
}
