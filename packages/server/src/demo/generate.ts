import { recordFamily, type RecordedChat } from "./family.ts";
import { planFamilies, type DemoSize } from "./timeline.ts";

/** In how many chats somebody is waiting for an answer at this moment: one in so many, and no more than a few. */
const CHATS_FOR_A_LIVE_ONE = 20;
const LIVE_CHATS_MAX = 5;

/**
 * Writes the chats of a demo, oldest family first, each family whole: believable, repeatable from its seed, and never in
 * the future. They are made one after another, so that a large demo needs no more memory than a small one.
 */
export function* generateFamilies(size: DemoSize, now: Date): Generator<RecordedChat[]> {
  const families = planFamilies(size, now);
  const live = Math.min(Math.ceil(size.chats / CHATS_FOR_A_LIVE_ONE), LIVE_CHATS_MAX);
  for (const [index, family] of families.entries()) {
    yield recordFamily(family, { now, live: index >= families.length - live });
  }
}
