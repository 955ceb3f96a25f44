import { v7 as timeOrderedUuid } from "uuid";

import type { Random } from "./random.ts";

/** A UUID version 7 as a recorder would have made it at that moment, in milliseconds since the epoch. */
export function momentId(moment: number, random: Random): string {
  return timeOrderedUuid({ msecs: moment, random: random.bytes(16) });
}
