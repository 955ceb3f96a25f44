import type { RecordedChat } from "../../src/demo/family.ts";
import { generateFamilies } from "../../src/demo/generate.ts";
import type { RecordedRun } from "../../src/demo/recorded-run.ts";
import type { DemoSize } from "../../src/demo/timeline.ts";

/** A Wednesday, at work. */
export const NOW = new Date("2026-03-04T15:00:00.000Z");

/** Large enough to hold every kind of run, and quickly made. */
export const SMALL: DemoSize = { seed: "test", chats: 80, weeks: 8 };

export function generateChats(size: DemoSize = SMALL, now: Date = NOW): RecordedChat[] {
  return [...generateFamilies(size, now)].flat();
}

export function runsOf(chats: readonly RecordedChat[]): RecordedRun[] {
  return chats.flatMap(({ runs }) => runs);
}
